"""Which landings were taken back, and by what: worked out from links and landings, stored nowhere.

A revert is a Bead of its own, linked to the one whose landing it takes back. It speaks of the landing that was there
when it landed itself: what lands again later isn't reverted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gt.core.bead import Bead, Phase

LINK = "reverts"
"""The kind of link from a revert to the Bead whose landing it takes back."""

Reverts = Callable[[str], Iterable[Bead]]
"""The Beads that are linked to this one (a whole id) as its reverts, landings not yet recorded laid over."""


def undone_by(bead: Bead, reverts: Reverts) -> Bead | None:
    """The landed revert by which the target lost what this Bead landed; None if it has it, or nothing has landed.

    A revert that was reverted itself took nothing away. Of several it is the last.
    """
    return _undone_by(bead, reverts, frozenset())


def under_way(bead: Bead, reverts: Reverts) -> Bead | None:
    """A revert of this Bead that hasn't ended: proposed, queued, or being worked on; None if there is none."""
    found = sorted((each for each in reverts(bead.id) if not each.phase.over), key=lambda each: each.id)
    return min(found, key=lambda each: each.phase is Phase.PROPOSED, default=None)


def taken_back(bead: Bead, reverts: Reverts) -> tuple[Bead, ...]:
    """Every landed revert of any landing that this Bead ever had, and that wasn't reverted itself; oldest first."""
    found = [
        each
        for each in reverts(bead.id)
        if each.status.landed and _undone_by(each, reverts, frozenset()) is None
    ]
    return tuple(sorted(found, key=_landed_at))


def _undone_by(bead: Bead, reverts: Reverts, seen: frozenset[str]) -> Bead | None:
    landed = bead.status.landed
    # Links are anybody's to set: they may lead in a circle.
    if landed is None or bead.id in seen:
        return None
    seen |= {bead.id}
    found = [
        each
        for each in reverts(bead.id)
        if each.status.landed
        and each.status.landed.at >= landed.at
        and _undone_by(each, reverts, seen) is None
    ]
    return max(found, key=_landed_at, default=None)


def _landed_at(bead: Bead) -> tuple[int, str]:
    return bead.status.landed.at if bead.status.landed else 0, bead.id
