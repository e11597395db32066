"""The git of a worktree whose branch is being moved under it: what is dirty there, and writing files of a tree.

Everything here sees the worktree as its user's git does, filters and line endings included. The index is never
written in place: work is done on a copy, whose content then takes the index's place under the index's lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from gt.git.repo import Repo
from gt.git.run import Done, git
from gt.git.worktree import Worktree

PLAIN = ("-c", "submodule.recurse=false", "-c", "core.splitIndex=false", "-c", "core.untrackedCache=false")


def view(repo: Repo, there: Worktree) -> Repo:
    """The repository as seen from this worktree."""
    return Repo(there.git_dir, repo.common_dir, there.path, repo.object_format, repo.ref_storage, repo.shared)


def dirty(repo: Repo, there: Worktree) -> frozenset[str]:
    """The tracked paths that differ between HEAD, index and files; those git was told not to look at, too."""
    seen: set[str] = set()
    args = (
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=no",
        "--no-renames",
        "--ignore-submodules=dirty",
    )
    for field in _git(repo, there, *args).fields:
        kind, _, rest = field.partition(" ")
        if kind in ("1", "u"):
            seen.add(rest.split(" ", 7 if kind == "1" else 9)[-1])
    for field in _git(repo, there, "ls-files", "-v", "-z").fields:
        flag, _, path = field.partition(" ")
        if (flag.islower() or flag == "S") and os.path.lexists(there.path / path):
            seen.add(path)
    return frozenset(seen)


def advance(repo: Repo, there: Worktree, index: Path, old: str, new: str, env: Mapping[str, str]) -> None:
    """Bring files and the index at `index`, a copy, from one tree to another; raises GitFailed if git refuses."""
    # A file that was only touched looks changed to read-tree until its index is refreshed.
    _git(repo, there, "update-index", "-q", "--refresh", index=index, ok=(0, 1))
    _git(repo, there, "read-tree", "-m", "-u", "--no-recurse-submodules", old, new, index=index, env=env)


def write_files(repo: Repo, there: Worktree, index: Path, tree: str, paths: Iterable[str]) -> None:
    """Write these files as the tree has them, over whatever is there; `index` is scratch."""
    index.unlink(missing_ok=True)
    _git(repo, there, "read-tree", tree, index=index)
    _git(repo, there, "checkout-index", "-f", "-z", "--stdin", index=index, stdin=_lines(paths))
    index.unlink(missing_ok=True)


def entries(repo: Repo, there: Worktree) -> dict[str, tuple[int, str]]:
    """What the user's index has: mode and object id by path."""
    found = {}
    for field in _git(repo, there, "ls-files", "--stage", "-z").fields:
        info, _, path = field.partition("\t")
        mode, oid, _ = info.split(" ")
        found[path] = (int(mode, 8), oid)
    return found


def set_entries(repo: Repo, there: Worktree, index: Path, wanted: Mapping[str, tuple[int, str]]) -> None:
    """Put these entries (mode 0: none) into the index at `index`, a copy."""
    lines = b"".join(
        f"{mode:o} {oid}\t{path}\0".encode("utf-8", "surrogateescape") for path, (mode, oid) in wanted.items()
    )
    _git(repo, there, "update-index", "-z", "--index-info", index=index, stdin=lines)
    _git(repo, there, "update-index", "-q", "--refresh", index=index, ok=(0, 1))


def content(repo: Repo, there: Worktree, tree: str, path: str) -> bytes:
    """A file of a tree as it would be written into this worktree."""
    return _git(repo, there, "cat-file", "--filters", f"{tree}:{path}").out


def _git(
    repo: Repo,
    there: Worktree,
    *args: str,
    index: Path | None = None,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    ok: tuple[int, ...] = (0,),
) -> Done:
    more = {"GIT_INDEX_FILE": str(index)} if index is not None else {}
    return git(
        view(repo, there),
        *PLAIN,
        *args,
        stdin=stdin,
        env={**(env or {}), **more},
        ok=ok,
        work_tree=there.path,
    )


def _lines(paths: Iterable[str]) -> bytes:
    return b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
