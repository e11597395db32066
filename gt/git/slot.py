"""Worktrees of gt's own in which exactly one tree lies: emptied and filled anew for every use.

Whoever ran there before may have left anything in the directory, in its index, or in git's record of the worktree:
none of it is believed. Neither the user's git config nor attributes outside the tree have a say in the files.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Refused
from gt.git import worktree
from gt.git.filling import fill_in
from gt.git.merge import CONFIG, SEALED
from gt.git.repo import Repo
from gt.git.run import Done, git

BELIEVED = frozenset({"logs", "refs"})
"""What of git's record of a slot may stay; HEAD, `gitdir` and `commondir` are written anew, all else goes."""


@dataclass(frozen=True, slots=True)
class Place:
    """A slot: its directory, and git's record of it."""

    path: Path
    git_dir: Path
    keep_fds: tuple[int, ...] = ()
    """What a git that writes there inherits: one that outlives us keeps the slot's lock."""


def place(repo: Repo, path: Path, commit: str, *, keep_fds: tuple[int, ...] = ()) -> Place:
    """The slot at this path, made if there is none; raises Refused where something else is in the way.

    `keep_fds` are for the place it returns.
    """
    git_dir = _recorded(repo, path)
    if git_dir is None:
        if path.is_symlink() or (path.is_dir() and any(path.iterdir())):
            raise Refused(f"{path} is in the way of a gate's worktree", hint=f"mv {path} {path}.old")
        path.parent.mkdir(parents=True, exist_ok=True)
        # Forced twice: the directory of a slot that git has on record may be gone, and a git that was killed while
        # it made one leaves it locked.
        how = ("--force", "--force", "--quiet", "--no-checkout", "--detach")
        args = ("worktree", "add", *how, "--", str(path), commit)
        worktree.patiently(lambda _: git(repo, *args, keep_fds=keep_fds))
        git_dir = _recorded(repo, path)
        assert git_dir is not None
    return Place(path, git_dir, keep_fds)


def fill(repo: Repo, slot: Place, commit: str, tree: str, keep: Iterable[str] = ()) -> None:
    """Make the slot hold exactly this tree, and nothing else but the paths in `keep`, if they are there.

    Its HEAD is detached at `commit`, its index new: every file is written. Raises GitFailed and OSError.
    """
    fill_in(repo, tree)
    _empty(slot.path, frozenset(path.strip("/") for path in keep))
    _reset_record(slot)
    _detach(repo, slot, commit)
    _sealed(repo, slot, "read-tree", "--reset", "-u", "--no-recurse-submodules", tree)


def unlock(repo: Repo, path: Path) -> None:
    """Remove what a git that was killed while it filled this slot left locked; for its holder: nobody is at work there."""
    git_dir = _recorded(repo, path)
    for left in git_dir.glob("*.lock") if git_dir is not None else ():
        left.unlink(missing_ok=True)


def folds_case(slot: Place) -> bool:
    """Whether two names may be one file there: then a filled slot need not hold what its tree has."""
    return os.path.lexists(slot.path / ".GIT")  # no tree may have that name


def altered(repo: Repo, slot: Place, tree: str) -> tuple[str, ...]:
    """The tracked paths in which the slot's files or index differ from this tree."""
    return _sealed(repo, slot, "diff-index", "-z", "--name-only", "--ignore-submodules=all", tree).fields


def _sealed(repo: Repo, slot: Place, *args: str) -> Done:
    with _sealed_git_dir(repo) as git_dir:
        env = {
            **SEALED,
            "GIT_DIR": str(git_dir),
            "GIT_WORK_TREE": str(slot.path),
            "GIT_OBJECT_DIRECTORY": str(repo.common_dir / "objects"),
            "GIT_INDEX_FILE": str(slot.git_dir / "index"),
        }
        return git(slot.path, *args, env=env, keep_fds=slot.keep_fds)


@contextmanager
def _sealed_git_dir(repo: Repo) -> Iterator[Path]:
    parent = repo.gt_dir / "arena"
    parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="slot-", dir=parent))
    try:
        for folder in ("objects", "refs"):
            (made / folder).mkdir()
        (made / "HEAD").write_text("ref: refs/heads/none\n")
        (made / "config").write_text(CONFIG.format(object_format=repo.object_format))
        shallow = repo.common_dir / "shallow"
        if shallow.exists():
            shutil.copyfile(shallow, made / "shallow")
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _detach(repo: Repo, slot: Place, commit: str) -> None:
    """Put the slot's HEAD at a commit, whatever it was: nobody else moves it, and nothing else is in the record now."""
    if repo.ref_storage != "files":
        here = replace(repo, git_dir=slot.git_dir, work_tree=slot.path)
        git(here, "update-ref", "--no-deref", "-m", "gate", "HEAD", commit, keep_fds=slot.keep_fds)
        return
    half = slot.git_dir / "HEAD.new"
    half.write_text(f"{commit}\n")
    os.replace(half, slot.git_dir / "HEAD")


def _recorded(repo: Repo, path: Path) -> Path | None:
    if not path.is_dir() or path.is_symlink():
        return None
    wanted = os.path.realpath(path)
    there = worktree.listing(repo, lambda path: os.path.realpath(path) == wanted)
    return next((tree.git_dir for tree in there), None)


def _reset_record(slot: Place) -> None:
    for entry in os.scandir(slot.git_dir):
        if entry.name in BELIEVED and entry.is_dir(follow_symlinks=False):
            continue
        if entry.is_dir(follow_symlinks=False):
            worktree.remove_all(Path(entry.path))
        elif entry.name != "HEAD":
            os.unlink(entry.path)
    (slot.git_dir / "gitdir").write_text(f"{slot.path}/.git\n", "utf-8", "surrogateescape")
    (slot.git_dir / "commondir").write_text("../..\n")
    (slot.path / ".git").write_text(f"gitdir: {slot.git_dir}\n", "utf-8", "surrogateescape")


def _empty(folder: Path, keep: frozenset[str], below: str = "") -> None:
    """Remove all in a directory but what is kept; no symbolic link is followed, and none is kept."""
    for entry in os.scandir(folder):
        path = f"{below}{entry.name}"
        real_dir = entry.is_dir(follow_symlinks=False)
        if path in keep and not entry.is_symlink():
            continue
        if real_dir and any(kept.startswith(f"{path}/") for kept in keep):
            _empty(Path(entry.path), keep, f"{path}/")
        elif real_dir:
            worktree.remove_all(Path(entry.path))
        else:
            os.unlink(entry.path)
