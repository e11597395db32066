"""Worktrees of gt's own in which exactly one tree lies: emptied and filled anew for every use.

Whoever ran there before may have left anything in the directory, in its index, or in git's record of the worktree:
none of it is believed. Neither the user's git config nor attributes outside the tree have a say in the files.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Refused
from gt.git import worktree
from gt.git.filling import fill_in
from gt.git.merge import CONFIG, SEALED
from gt.git.objects import TREE, Objects
from gt.git.repo import Repo
from gt.git.run import Done, git

KEPT = "gt-kept"
"""The file of git's record that names what the next filling may keep."""

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
            hint = f"mv {shlex.quote(str(path))} {shlex.quote(f'{path}.old')}"
            raise Refused(f"{path} is in the way of a gate's worktree", hint=hint)
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

    Where this tree, or the one before, has something at or below such a path it isn't kept: what was tracked once would
    be taken for what may stay. Its HEAD is detached at `commit`, its index new: every file is written. Raises GitFailed
    and OSError.
    """
    fill_in(repo, tree)
    wanted = frozenset(path.strip("/") for path in keep)
    untracked = wanted - _tracked(repo, tree, wanted)
    _empty(slot.path, untracked & _untracked_before(slot))
    _reset_record(slot)
    _detach(repo, slot, commit)
    _sealed(repo, slot, "read-tree", "--reset", "-u", "--no-recurse-submodules", tree)
    if untracked:
        (slot.git_dir / KEPT).write_text("\0".join(sorted(untracked)), "utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Index:
    """What a slot's files were when they had just been written."""

    data: bytes
    at: int
    """When it was written, in nanoseconds: by that git tells which files may have changed without a trace since."""


def index(slot: Place) -> Index:
    """The slot's index, to be held against its files later: others may write to the one that lies there."""
    with (slot.git_dir / "index").open("rb") as file:
        return Index(file.read(), os.fstat(file.fileno()).st_mtime_ns)


def unlock(repo: Repo, path: Path) -> None:
    """Remove what a git that was killed while it filled this slot left locked; for its holder: nobody is at work there."""
    git_dir = _recorded(repo, path)
    for left in git_dir.glob("*.lock") if git_dir is not None else ():
        left.unlink(missing_ok=True)


def folds_case(slot: Place) -> bool:
    """Whether two names may be one file there: then a filled slot need not hold what its tree has."""
    return os.path.lexists(slot.path / ".GIT")  # no tree may have that name


def altered(repo: Repo, slot: Place, tree: str, filled: Index) -> tuple[str, ...]:
    """The tracked paths in which the slot's files differ from this tree, with which it was filled."""
    diff = ("diff-index", "-z", "--name-only", "--ignore-submodules=all", tree)
    return _sealed(repo, slot, *diff, filled=filled).fields


def _tracked(repo: Repo, tree: str, paths: Iterable[str]) -> frozenset[str]:
    """Those of these paths at or below which a tree has something."""
    with Objects(repo) as odb:
        return frozenset(path for path in paths if _has(odb, tree, path.split("/")))


def _has(odb: Objects, tree: str, names: Sequence[str]) -> bool:
    found = next((entry for entry in odb.tree(tree) if entry.name == names[0]), None)
    if found is None or len(names) == 1 or found.mode != TREE:
        return found is not None
    return _has(odb, found.oid, names[1:])


def _untracked_before(slot: Place) -> frozenset[str]:
    """The paths that the last filling would have kept."""
    try:
        return frozenset((slot.git_dir / KEPT).read_text("utf-8", "surrogateescape").split("\0"))
    except (FileNotFoundError, IsADirectoryError):
        return frozenset()


def _sealed(repo: Repo, slot: Place, *args: str, filled: Index | None = None) -> Done:
    with _sealed_git_dir(repo) as git_dir:
        there = slot.git_dir / "index"
        if filled is not None:
            there = git_dir / "index"
            there.write_bytes(filled.data)
            os.utime(there, ns=(filled.at, filled.at))
        env = {
            **SEALED,
            "GIT_DIR": str(git_dir),
            "GIT_WORK_TREE": str(slot.path),
            "GIT_OBJECT_DIRECTORY": str(repo.common_dir / "objects"),
            "GIT_INDEX_FILE": str(there),
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
