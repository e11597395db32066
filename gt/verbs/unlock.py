"""`gt repair --foreign-lock`: a lock file that another git left is moved out of the way, because a person says so."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gt import lock
from gt.errors import Busy, Refused
from gt.git.repo import Repo
from gt.git.standing import Owner, Standing, gits_at_work, standing

YOUNG = 60
"""Seconds for which a lock isn't touched, whatever a person says: a git that lives holds one for moments."""

RISK = (
    "a git that has prepared a transaction holds its locks with no file open: nothing here can tell it from a dead one."
    " Without its lock, what it is about to acknowledge can be lost."
)


def find(repo: Repo, path: Path, now: int) -> Standing:
    """The lock at this path, if it may be moved away as far as can be seen from here.

    Raises Refused for what is no lock of another git's, and Busy where one is, or may be, at work.
    """
    wanted = os.path.realpath(path)
    found = next((each for each in standing(repo) if os.path.realpath(each.path) == wanted), None)
    if found is None:
        raise Refused(f"{path} is not a lock of this repository", hint="gt doctor")
    if found.owner is Owner.DEAD:
        raise Refused(f"{path} was left by a gt that died", hint=f"gt heal {found.ref}")
    if found.owner is Owner.LIVE:
        raise Busy(f"{path} is held by a gt that is at work")
    if now - found.since < YOUNG:
        raise Busy(
            f"{path} is only {max(0, now - found.since)} s old: a git may be at work", hint="gt doctor"
        )
    _check_nobody(repo, path)
    return found


def unlock(repo: Repo, found: Standing) -> Path:
    """Move the lock file into gt's own directory; returns where it is kept. Raises Busy if it isn't what was found."""
    kept = repo.gt_dir / "removed" / f"{found.path.name}.{os.urandom(4).hex()}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    _check_nobody(repo, found.path)
    before = _inode(found.path)
    try:
        os.rename(found.path, kept)
    except FileNotFoundError:
        raise Busy(f"{found.path} is gone: whoever held it has finished") from None
    if before != _inode(kept) or int(os.lstat(kept).st_mtime) != found.since:
        # Another git's, made since: it gets its lock back, unless a third one has taken the name.
        with suppress(FileExistsError):
            os.link(kept, found.path)
        raise Busy(f"{found.path} is taken again: a git is at work there")
    return kept


def _check_nobody(repo: Repo, path: Path) -> None:
    pids = (*lock.openers(path), *gits_at_work(repo))
    if pids:
        named = ", ".join(map(str, dict.fromkeys(pids)))
        raise Busy(
            f"{path}: a git may be at work there: process {named}", hint=f"ps -f -p {named.replace(' ', '')}"
        )


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        seen = os.lstat(path)
    except FileNotFoundError:
        return None
    return seen.st_dev, seen.st_ino
