"""One commit's change put on another, or taken from it: a cherry-pick and a revert in memory.

`git merge-tree --merge-base` came with git 2.40. Before that the same is had from three commits made for the purpose:
the old parent's tree, and on top of it, side by side, the tree to change and the tree that has the change.
"""

from __future__ import annotations

from pathlib import Path

from gt.git.merge import EMPTY_TREE, Merged, merge_trees
from gt.git.objects import Objects
from gt.git.repo import Repo

NOBODY = "gt <gt>"


def picked(repo: Repo, onto: str, commit: str, *, arena: Path) -> Merged:
    """What `onto` (a commit) would be with the change that `commit` makes of its first parent.

    Attributes and settings are as in `merge_trees`. The objects are durable. Raises MissingObject and GitFailed.
    """
    with Objects(repo) as odb:
        there = odb.commit(commit)
        before = odb.commit(there.parents[0]).tree if there.parents else EMPTY_TREE[repo.object_format]
    return _carried(repo, onto, before, there.tree, arena)


def carried(repo: Repo, onto: str, old: str, new: str, *, arena: Path) -> Merged:
    """What `onto` would be with the change that led from one commit to another; all else as for `picked`."""
    with Objects(repo) as odb:
        before, after = odb.commit(old).tree, odb.commit(new).tree
    return _carried(repo, onto, before, after, arena)


def undone(repo: Repo, onto: str, before: str, after: str, *, arena: Path) -> Merged:
    """What `onto` would be without the change that led from one commit to another; all else as for `picked`."""
    with Objects(repo) as odb:
        old, new = odb.commit(before).tree, odb.commit(after).tree
    return _carried(repo, onto, new, old, arena)


def _carried(repo: Repo, onto: str, old: str, new: str, arena: Path) -> Merged:
    """The change from one tree to another, made of a commit."""
    with Objects(repo) as odb:
        base = odb.add_commit(old, (), "before", NOBODY, 0)
        ours = odb.add_commit(odb.commit(onto).tree, (base,), "onto", NOBODY, 0)
        theirs = odb.add_commit(new, (base,), "change", NOBODY, 0)
        odb.flush()
    return merge_trees(repo, ours, theirs, arena=arena)
