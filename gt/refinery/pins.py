"""The refs by which the Refinery keeps what it needs and knows its own landings again.

`refs/gt/next/<target>` is moved to a landing commit before the target is, `refs/gt/landing/<target>` after: so a
kill between any two of the three moves leaves no doubt whether the commit was ever on the target.
"""

from __future__ import annotations

from gt.core import ids
from gt.core.values import dataclass
from gt.git import refs
from gt.git.merge import is_ancestor
from gt.git.repo import Repo

# Named in ids: what lies below the Refinery reads them, too.
landing_ref, there_ref, said_ref = ids.landing_ref, ids.there_ref, ids.said_ref

CANDIDATES = "refs/gt/candidate"
"""Below it is what is gated at this moment."""


def branch(target: str) -> str:
    """The full name of a target's ref."""
    return f"refs/heads/{target}"


def next_ref(target: str) -> str:
    """Keeps the landing commit that is about to become a target's tip."""
    return f"refs/gt/next/{target}"


def candidate_ref(slot: int) -> str:
    """Keeps what is gated in a slot while it is."""
    return f"{CANDIDATES}/{slot}"


@dataclass(frozen=True, slots=True)
class Tips:
    """A target's tip and what gt has pinned of it."""

    tip: str | None
    own: str | None
    coming: str | None
    """What gt was last about to land; on the target or not."""


def tips(repo: Repo, target: str) -> Tips:
    """Read by hand, without a process, and the pins first: a merge that is at work moves its own last."""
    own, coming = refs.read(repo, landing_ref(target)), refs.read(repo, next_ref(target))
    return Tips(refs.read(repo, branch(target)), own, coming)


def seen(repo: Repo, target: str) -> Tips:
    """As `tips`, but a target that is only behind what the remote had of it is where the remote had it."""
    at, there = tips(repo, target), refs.read(repo, there_ref(target))
    if there is None or at.tip is None or there == at.tip or not is_ancestor(repo, at.tip, there):
        return at
    said = refs.read(repo, said_ref(target))
    newer = said is not None and (at.own is None or is_ancestor(repo, at.own, said))
    return Tips(there, said if newer else at.own, at.coming)


def catch_up(repo: Repo, target: str, *, actor: str, now: int) -> None:
    """After a kill between a target's move and the pin that says so: pin it. For the holder of the merge lock."""
    at = tips(repo, target)
    if at.tip is None or at.coming is None or at.coming == at.own:
        return
    if is_ancestor(repo, at.coming, at.tip):
        put(repo, landing_ref(target), at.coming, why="landed before a kill", actor=actor, now=now)


def put(repo: Repo, ref: str, oid: str | None, *, why: str, actor: str, now: int) -> None:
    """Move one of gt's own refs, wherever it is; only the holder of the merge lock does."""
    old = refs.read(repo, ref)
    if old == oid:
        return
    refs.swap(repo, ref, oid, old, message=why, actor=actor, now=now)
    if oid is not None:
        from gt.git import mending

        mending.mend_tail(repo)
