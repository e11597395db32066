"""Repositories inside a worktree: git's view of the worktree ends at their door, so what is in them isn't kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from gt.git.repo import is_git_dir
from gt.git.run import GitFailed, git

UNKNOWN = "?"
"""Stands for the state of one that can't be read: unlike any other, itself included."""

_BARE = "bare"
"""Stands for the state of a bare one that no git was asked about."""


def nested(worktree: Path) -> dict[str, str]:
    """Every repository below the top of this worktree, ignored places included, with the state it is in.

    Two equal states say that nothing in it changed: its HEAD is the same, and nothing was or is uncommitted.
    """
    return {path: _state(worktree / path) for path in _find(worktree)}


def doors(worktree: Path) -> dict[str, str]:
    """As `nested`, without asking any git: what strangers left may name programs that it would run.

    Every place where a repository with files could be is UNKNOWN. A bare one is only said to be there.
    """
    return {path: UNKNOWN if shut else _BARE for path, shut in _doors(worktree)}


def shut(doors: Mapping[str, str]) -> tuple[str, ...]:
    """Those of these places that a git which looks at the worktree would look into."""
    return tuple(path for path, state in doors.items() if state == UNKNOWN)


def touched(before: dict[str, str], now: dict[str, str]) -> tuple[str, ...]:
    """Those that are new or aren't as they were."""
    return tuple(
        path for path, state in sorted(now.items()) if state.startswith(UNKNOWN) or before.get(path) != state
    )


def _find(worktree: Path) -> Iterator[str]:
    for folder, below, files in os.walk(worktree, onerror=None):
        if folder == str(worktree):
            below[:] = [name for name in below if name != ".git"]
            continue
        if ".git" in below or ".git" in files:
            if ".git" in files or is_git_dir(Path(folder, ".git")):
                yield os.path.relpath(folder, worktree)
            below[:] = [name for name in below if name != ".git"]
        elif "HEAD" in files and "objects" in below and is_git_dir(Path(folder)):
            yield os.path.relpath(folder, worktree)
            below[:] = []


def _doors(worktree: Path) -> Iterator[tuple[str, bool]]:
    """The places, and whether git is to be kept out of them."""
    closed: list[str] = []
    for folder, below, files in os.walk(worktree, onerror=lambda error: closed.append(str(error.filename))):
        if folder == str(worktree):
            below[:] = [name for name in below if name != ".git"]
        elif ".git" in (*below, *files):
            yield os.path.relpath(folder, worktree), True
            below[:] = []
        elif "HEAD" in files and "objects" in below and is_git_dir(Path(folder)):
            yield os.path.relpath(folder, worktree), False
            below[:] = []
    # What can't be listed can still be entered.
    yield from ((os.path.relpath(folder, worktree), True) for folder in closed)


def _state(path: Path) -> str:
    try:
        refs = git(path, "for-each-ref", "--format=%(refname) %(objectname)").text
        head = git(path, "rev-parse", "-q", "--verify", "HEAD", ok=(0, 1)).text
        bare = git(path, "rev-parse", "--is-bare-repository").text == "true"
        dirty = "" if bare else git(path, "status", "--porcelain", "--ignored=no").text
    except GitFailed as error:
        return f"{UNKNOWN} {error.message}"
    return f"{UNKNOWN} dirty" if dirty else f"{head} {_digest(refs)}"


def _digest(text: str) -> str:
    """A short digest."""
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
