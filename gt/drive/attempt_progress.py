"""Signs of progress of an agent, cheap to look at: its output, its commits, the files of its worktree."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from gt.fleet.places import PRIVATE, Place

FILES = 20_000
"""How many files are looked at; in a larger worktree the rest say nothing."""


@dataclass(slots=True)
class Progress:
    """Changes whenever something can be seen to have changed."""

    place: Place
    git_dir: Path
    every: float
    """Seconds between two looks at the files, which cost most."""
    _files: tuple[int, int] = (0, 0)
    _looked: float = field(default=float("-inf"))

    def __call__(self) -> object:
        now = time.monotonic()
        if now >= self._looked + self.every:
            self._looked, self._files = now, _newest(self.place.worktree)
        watched = (
            self.place.log,
            self.git_dir / "HEAD",
            self.git_dir / "logs" / "HEAD",
            self.git_dir / "index",
        )
        return (self._files, *(_stamp(path) for path in (*watched, self.place.outbox)))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _newest(folder: Path) -> tuple[int, int]:
    """The latest change of any file, and how many were looked at."""
    latest, count = 0, 0
    todo = [str(folder)]
    while todo and count < FILES:
        try:
            entries = list(os.scandir(todo.pop()))
        except OSError:
            continue
        for entry in entries:
            count += 1
            try:
                latest = max(latest, entry.stat(follow_symlinks=False).st_mtime_ns)
                if entry.is_dir(follow_symlinks=False) and entry.name not in (".git", PRIVATE):
                    todo.append(entry.path)
            except OSError:
                continue
    return latest, count
