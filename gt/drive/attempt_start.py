"""Where an attempt begins: the target, with the work of the attempt before it merged in if that merges cleanly."""

from __future__ import annotations

from gt.core.bead import Bead, Lease, Result
from gt.core.values import dataclass
from gt.fleet.keep import GT, work_in
from gt.git.merge import is_ancestor, merge_trees
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.git.trees import tree_of
from gt.refinery.restack import restacked


@dataclass(frozen=True, slots=True)
class Start:
    """The commit to begin at, and what became of earlier work."""

    commit: str
    merged: str | None = None
    """The earlier attempt's commit that is in it."""
    aside: str | None = None
    """The earlier attempt's commit that is not."""
    conflicts: tuple[str, ...] = ()


def start_of(repo: Repo, bead: Bead, lease: Lease, now: int) -> Start:
    """Where the attempt under this lease begins; a merge commit is made durable. No checkout is touched."""
    earlier = _earlier(repo, bead)
    base = lease.basecommit
    if earlier is None or is_ancestor(repo, earlier, base):
        return Start(base)
    try:
        theirs = restacked(repo, base, earlier)
        merged = merge_trees(repo, base, theirs, arena=repo.gt_dir / "arena")
    except GitFailed:
        return Start(base, aside=earlier)
    if merged.tree is None:
        return Start(base, aside=earlier, conflicts=merged.conflicts)
    if merged.tree == tree_of(repo, base):
        return Start(base)
    with Objects(repo) as odb:
        message = f"Merge what an earlier attempt at {bead.id} left\n"
        commit = odb.add_commit(merged.tree, (base, earlier), message, GT, now)
        odb.flush()
    return Start(commit, merged=earlier)


def _earlier(repo: Repo, bead: Bead) -> str | None:
    """The work of the last attempt that left any; None after one that was taken: then it is the target's."""
    with Objects(repo) as odb:
        for attempt in reversed(bead.status.attempts):
            if attempt.result is Result.SUBMITTED:
                return None
            if attempt.head is not None and odb.has(attempt.head):
                return work_in(odb, attempt.head)
    return None
