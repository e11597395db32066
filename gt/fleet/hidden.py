"""Files that git was told not to look at by the clone or its user, not by the project: nothing says they can be made again.

Knows paths and what a file looks like from outside; keeping them is done in `gathering`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from gt.fleet.places import PRIVATE


def signatures(worktree: Path, names: Iterable[str]) -> dict[str, str]:
    """How these files look from outside; one that isn't touched looks the same later."""
    found = {}
    for name in names:
        try:
            seen = os.lstat(worktree / name)
        except OSError:
            continue
        found[name] = f"{seen.st_mode:o} {seen.st_size} {seen.st_mtime_ns}"
    return found


def fresh(before: Mapping[str, str], worktree: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Those of these files that are new, or don't look as they did; gt's own aside."""
    now = signatures(worktree, (name for name in names if name.split("/")[0] != PRIVATE))
    return tuple(name for name, looks in now.items() if before.get(name) != looks)
