"""What git itself does to stay quick, under the repository's own settings."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gt.git import daemons
from gt.git.repo import Repo, config_values
from gt.git.run import GitFailed, git

FILTERS = 200_000
"""Commits for which one call works out which paths they change: that takes some 50 µs each on a ledger."""

FIRST_FILTERS = 5_000
"""The same where a writer waits for it, once."""

HEAD = 256
"""Bytes of a commit-graph that hold the table of what is in it."""

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


def pack_sometime(repo: Repo, tip: str) -> None:
    """`git gc --auto` in the background, unless it would do nothing: another is at work, failed, or it is turned off.

    While a job of this process runs nothing is done: a later write sees to it. Before the first, the paths that the commits up to `tip` change are put into the commit-graph, as `pack` does:
    from then on each gc sees to it.
    """
    common = repo.common_dir
    if config_values(repo, "gc.auto")[-1:] == ("0",):
        return
    if _younger(common / "gc.pid", UNDER_WAY) or _younger(common / "gc.log", COMPLAINT):
        return
    with daemons.begun() as allowed:
        if not allowed:
            return
        if not knows_paths(repo):
            paths = ("--append", "--stdin-commits", "--changed-paths", f"--max-new-filters={FIRST_FILTERS}")
            args = ("commit-graph", "write", *paths, "--no-progress")
            git(repo, *args, stdin=f"{tip}\n".encode(), ok=range(256))
        config = ("-c", "gc.autoDetach=true", "-c", f"commitGraph.maxNewFilters={FILTERS}")
        git(repo, *config, "gc", "--auto", "--quiet", ok=range(256))


def knows_paths(repo: Repo) -> bool:
    """Whether the commit-graph tells of commits which paths they change, of some at least."""
    info = repo.common_dir / "objects" / "info"
    try:
        last = (info / "commit-graphs" / "commit-graph-chain").read_text("ascii").split()[-1]
        graph = info / "commit-graphs" / f"graph-{last}.graph"
    except (OSError, IndexError):
        graph = info / "commit-graph"
    try:
        with graph.open("rb") as file:
            return b"BIDX" in file.read(HEAD)
    except OSError:
        return False


def _younger(path: Path, seconds: int) -> bool:
    """Whether the file says something, and has for less than that."""
    try:
        seen = os.stat(path)
        return seen.st_size > 0 and seen.st_mtime > time.time() - seconds
    except OSError:
        return False
