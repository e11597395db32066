"""Worktrees: made, listed, removed.

Knows git's records of them; whose they are and whether they may go is told elsewhere. The main work tree is
listed, and never changed.
"""

from __future__ import annotations

import os
import random
import shutil
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Malformed, NotFound, Refused
from gt.git import refs
from gt.git.repo import Repo, is_git_dir
from gt.git.run import GitFailed, git
from gt.git.snapshot import Snapshot, snapshot_tree
from gt.lock import POLL

__all__ = ["Snapshot", "Worktree", "add", "checked_out", "listing", "remove", "snapshot_tree"]

UNDERWAY = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}
"""Files in a worktree's git directory that tell what its user is in the middle of."""


MAKING = b"initializing"
"""Why git itself locks a worktree while it makes one; it leaves it so when it is killed then."""

HALF_MADE = "/commondir: "
"""What git complains of when it meets a worktree that another git is making."""

PATIENCE = 5.0
"""Seconds for which such a one is waited for: it takes far less than one, unless that git is dead."""


@dataclass(frozen=True, slots=True)
class Worktree:
    """A worktree as git has recorded it."""

    path: Path
    git_dir: Path
    head: str | None
    """The commit checked out; None before the first, and where HEAD is broken."""
    branch: str | None
    """Short name of the branch it is on, or None."""
    detached: bool
    prunable: bool
    """Its directory is gone, or no longer leads here."""
    locked: bool
    """Whether somebody locked it."""
    lock: str
    """Why, as who locked it said."""
    half_made: bool
    """Whether the git that made it was killed meanwhile, or still makes it: its files are not all there."""
    underway: str | None
    """What its user is in the middle of: merge, rebase, cherry-pick, revert, bisect."""
    main: bool


def add(repo: Repo, path: Path, commit: str, branch: str | None, *, keep_fds: tuple[int, ...] = ()) -> None:
    """Make a worktree of a commit, on a new branch or (None) detached; raises Refused if something is in the way.

    No git hook runs and no upstream is recorded. `keep_fds` are inherited by git: see `run.git`.
    """
    where = ("--detach",) if branch is None else ("-b", branch)
    # A git that died half-way may have left the branch; one that was there before is somebody's.
    known = branch is not None and refs.read(repo, f"refs/heads/{branch}") is not None
    again = where if branch is None or known else ("-B", branch)
    # All of it, however little of the repository its user has checked out.
    settings = ("branch.autoSetupMerge=false", "submodule.recurse=false", "core.sparseCheckout=false")
    config = tuple(part for setting in settings for part in ("-c", setting))
    rest = ("--", os.path.abspath(path), commit)
    try:
        tried = partial(git, repo, *config, "worktree", "add", "--quiet", keep_fds=keep_fds)
        patiently(lambda first: tried(*(where if first else again), *rest))
    except GitFailed as error:
        raise Refused(f"can't make the worktree {path}: {error.message}") from None


def patiently(adds: Callable[[bool], object]) -> None:
    """Have git add a worktree, again while another git is just making one; `adds` is told whether it is the first time.

    A git that adds one looks at all there are, and dies of one whose `commondir` is there and not yet written to.
    Raises GitFailed for all else, and for one that stays so.
    """
    end = time.monotonic() + PATIENCE
    first = True
    while True:
        try:
            adds(first)
        except GitFailed as error:
            if HALF_MADE not in error.message or time.monotonic() >= end:
                raise
        else:
            return
        first = False
        time.sleep(random.uniform(*POLL))


def listing(repo: Repo, at: Callable[[Path], bool] = lambda _: True) -> tuple[Worktree, ...]:
    """All worktrees, the main one first; those only whose path is wanted, where that is asked for: it is cheaper."""
    found = []
    main = _main_path(repo)
    if main is not None and at(main):
        found.append(_look(repo, main, repo.common_dir))
    with suppress(FileNotFoundError):
        for admin in sorted((repo.common_dir / "worktrees").iterdir()):
            with suppress(FileNotFoundError, NotADirectoryError):  # another process removes it
                path = _recorded_path(admin)
                if at(path):
                    found.append(_look(repo, path, admin))
    return tuple(found)


def checked_out(repo: Repo, branch: str) -> tuple[Worktree, ...]:
    """The worktrees that a branch (short or full name) is checked out in, or being rebased or bisected in.

    One whose directory is gone is none. Git lets a branch be checked out twice where it is forced to.
    """
    short = branch.removeprefix("refs/heads/")
    there = (tree for tree in listing(repo) if short in (tree.branch, *_claimed(tree.git_dir)))
    return tuple(tree for tree in there if not tree.prunable)


def remove(repo: Repo, path: Path) -> None:
    """Remove a worktree with all that is in it, and git's record of it.

    The caller has proved that everything in it is kept. Killed half-way, it can be called again. Raises
    NotFound if git has no record of it, Refused for the main work tree.
    """
    wanted = real(path)
    for tree in listing(repo, lambda there: real(there) == wanted):
        if tree.main:
            raise Refused(f"{path} is the main work tree")
        remove_all(tree.path)
        remove_all(tree.git_dir)
        return
    raise NotFound("worktree", str(path))


def real(path: Path) -> str:
    """Where a worktree lies; a symbolic link in its own place isn't followed: somebody put it there."""
    return os.path.join(os.path.realpath(path.parent), path.name)


def _look(repo: Repo, path: Path, git_dir: Path) -> Worktree:
    branch = refs.branch_at(repo, git_dir)
    main = git_dir == repo.common_dir
    lock = _lock(git_dir)
    return Worktree(
        path=path,
        git_dir=git_dir,
        head=_head(repo, git_dir),
        branch=branch,
        detached=branch is None,
        prunable=not main and not _leads_to(path, git_dir),
        locked=lock not in (None, MAKING),
        lock=(lock or b"").decode("utf-8", "replace"),
        half_made=lock == MAKING,
        underway=next((deed for name, deed in UNDERWAY.items() if (git_dir / name).exists()), None),
        main=main,
    )


def _lock(git_dir: Path) -> bytes | None:
    """Why it is locked; None if it isn't."""
    try:
        return (git_dir / "locked").read_bytes().strip()
    except FileNotFoundError:
        return None


def _head(repo: Repo, git_dir: Path) -> str | None:
    here = Repo(git_dir, repo.common_dir, None, repo.object_format, repo.ref_storage)
    try:
        return refs.read(here, "HEAD")
    except (Malformed, GitFailed):
        # One broken worktree must not hide the others.
        return None


def _main_path(repo: Repo) -> Path | None:
    if repo.git_dir == repo.common_dir:
        return repo.work_tree
    from gt.git.repo import discover

    return discover(repo.common_dir, git_dir=str(repo.common_dir)).work_tree


def _recorded_path(admin: Path) -> Path:
    named = (admin / "gitdir").read_text("utf-8", "surrogateescape").rstrip("\n")
    return Path(os.path.normpath(admin / named)).parent


def _leads_to(path: Path, git_dir: Path) -> bool:
    try:
        text = (path / ".git").read_text("utf-8", "surrogateescape")
    except OSError:
        return False
    named = path / text.removeprefix("gitdir: ").rstrip("\n")
    return is_git_dir(git_dir) and os.path.realpath(named) == os.path.realpath(git_dir)


def _claimed(git_dir: Path) -> tuple[str, ...]:
    """Branches that a rebase or bisect in progress will come back to: HEAD is detached meanwhile."""
    claimed = []
    for name in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
        with suppress(OSError):
            claimed.append(
                (git_dir / name).read_text("utf-8", "surrogateescape").strip().removeprefix("refs/heads/")
            )
    return tuple(claimed)


def remove_all(path: Path) -> None:
    """Remove a directory however its permissions are; a symbolic link is removed, not followed, and a file left."""
    if path.is_symlink():
        path.unlink()
        return
    if not path.is_dir():
        return
    for _ in range(2):
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            return
        except PermissionError:
            # Module caches of some languages are read-only; their directories are ours to open.
            for folder, _, _ in os.walk(path):
                os.chmod(folder, os.stat(folder).st_mode | stat.S_IRWXU)
        else:
            return
    shutil.rmtree(path)
