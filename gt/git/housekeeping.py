"""What git itself does to stay quick, under the repository's own settings."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gt.git.repo import Repo, config_values
from gt.git.run import GitFailed, git

FILTERS = 200_000
"""Commits for which one call works out which paths they change: that takes some 50 µs each on a ledger."""

UNDER_WAY = 12 * 3600
"""Seconds for which git believes another's `gc.pid`."""

COMPLAINT = 86400
"""Seconds for which a gc that failed in the background keeps the next one from trying."""


def pack(repo: Repo) -> bool:
    """`git gc`, and the paths that each commit changes put into the commit-graph; False: another gc is at work.

    Once they are there, every later `git gc` keeps them: `git log -- PATH` then reads a few commits, not all.
    Raises GitFailed.
    """
    try:
        git(repo, "gc", "--quiet")
    except GitFailed as error:
        if "gc is already running" in error.stderr:
            return False
        raise
    paths = ("--changed-paths", f"--max-new-filters={FILTERS}")
    git(repo, "commit-graph", "write", "--reachable", *paths, "--no-progress")
    return True


def pack_sometime(repo: Repo) -> None:
    """`git gc --auto` in the background, unless it would do nothing: another is at work, failed, or it is turned off."""
    common = repo.common_dir
    if config_values(repo, "gc.auto")[-1:] == ("0",):
        return
    if _younger(common / "gc.pid", UNDER_WAY) or _younger(common / "gc.log", COMPLAINT):
        return
    git(repo, "-c", "gc.autoDetach=true", "gc", "--auto", "--quiet", ok=range(256))


def _younger(path: Path, seconds: int) -> bool:
    """Whether the file says something, and has for less than that."""
    try:
        seen = os.stat(path)
        return seen.st_size > 0 and seen.st_mtime > time.time() - seconds
    except OSError:
        return False
