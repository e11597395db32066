"""Trees: a commit's, and trees made from trees, a few paths put otherwise than they are."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.run import git


class Leaf(NamedTuple):
    """What a path is to be; mode 0: it is to be gone."""

    path: str
    mode: int
    oid: str


def edited(repo: Repo, tree: str, leaves: Iterable[Leaf], index: Path) -> str:
    """The tree with these paths put so; `index` is a file of the caller's own. The objects are durable."""
    wanted = tuple(leaves)
    if not wanted:
        return tree
    index.parent.mkdir(parents=True, exist_ok=True)
    index.unlink(missing_ok=True)
    env = {"GIT_INDEX_FILE": str(index)}
    git(repo, "read-tree", tree, env=env)
    # Removals first: a file may take the place of a folder.
    ordered = sorted(wanted, key=lambda leaf: leaf.mode != 0)
    lines = b"".join(
        b"%o %s\t%s\0" % (leaf.mode, (leaf.oid if leaf.mode else repo.zero).encode(), os.fsencode(leaf.path))
        for leaf in ordered
    )
    git(repo, "update-index", "-z", "--index-info", stdin=lines, env=env)
    return git(repo, "-c", "core.fsync=loose-object", "write-tree", env=env).text


def tree_of(repo: Repo, commit: str) -> str:
    """The tree of a commit."""
    with Objects(repo) as odb:
        return odb.commit(commit).tree
