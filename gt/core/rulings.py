"""What may be decided now: what lands, who is rejected and on what evidence, who waits."""

from __future__ import annotations

from collections.abc import Sequence

from gt.core.docket import Docket, Ids, Purpose, Tried
from gt.core.findings import Findings, Tree
from gt.core.lineup import Lineup
from gt.core.suspicion import PROOF, Suspects, isolating
from gt.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Land:
    """These, merged in this order onto the tip, are the very tree that `proof` found green."""

    members: tuple[str, ...]
    proof: Tried


@dataclass(frozen=True, slots=True)
class Reject:
    """A bad change: the gates fail with it, while all else in these trees has landed, and the target is green."""

    change: str
    sureness: float
    reds: tuple[Tried, ...]
    """The failed runs, oldest first."""


@dataclass(frozen=True, slots=True)
class RejectPair:
    """A change that passed, and fails with something that landed: the later of two that don't go together."""

    change: str
    sureness: float
    reds: tuple[Tried, ...]
    green: Tried
    """The run in which it passed."""
    among: Ids
    """One of these is the earlier."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A change that can't be gated now."""

    change: str
    why: str
    """A clause after the id."""


Ruling = Land | Reject | RejectPair


def landing(docket: Docket, found: Findings, lineup: Lineup) -> Land | None:
    """The largest set that may land. While a hotfix is under way on the tip, nothing lands without it."""
    at = docket.landed()
    hot = [
        run.members
        for run in docket.running
        if run.purpose is Purpose.HOTFIX and run.base in at and at[run.base] | run.members >= found.landed
    ]
    able = [
        (-len(tree.rest), sorted(tree.rest), tree.green, tree.rest)
        for tree in found.trees.values()
        if tree.fresh
        and tree.rest
        and tree.green
        and all(change in lineup.place and lineup.around[change] <= tree.rest for change in tree.rest)
        and all(tree.content >= members or not members <= lineup.place.keys() for members in hot)
    ]
    if not able:
        return None
    _, _, proof, rest = min(able, key=lambda each: each[:2])
    assert proof is not None
    return Land(lineup.sort(rest), proof)


def convictions(groups: Sequence[Suspects], found: Findings) -> tuple[Reject | RejectPair, ...]:
    """Those to reject, provided that the target is green."""
    decided: list[Reject | RejectPair] = []
    for group in groups:
        if len(group.members) != 1:
            continue
        change = group.members[0]
        trees = isolating(change, group.trees, found.landed)
        sureness = group.sureness(change)
        if not trees or sureness < PROOF:
            continue
        reds = tuple(run for tree in trees for run in tree.reds)
        if not group.knot:
            decided.append(Reject(change, sureness, reds))
            continue
        home = found.trees[found.homes[change]]
        assert home.green is not None
        decided.append(RejectPair(change, sureness, reds, home.green, _partners(change, trees, home, found)))
    return tuple(decided)


def _partners(change: str, reds: Sequence[Tree], home: Tree, found: Findings) -> Ids:
    """Whom a change may not go together with: who is in all these red trees, and in no green one with it."""
    together = frozenset.intersection(*(tree.content for tree in reds)) - {change}
    apart = together.difference(
        *(tree.content for tree in found.trees.values() if tree.green and change in tree.content)
    )
    return apart or reds[0].content - home.content


def holds(docket: Docket, lineup: Lineup) -> tuple[Hold, ...]:
    """Who can't be gated now."""
    return tuple(
        Hold(change.id, lineup.blocked[change.id]) for change in docket.changes if change.id in lineup.blocked
    )
