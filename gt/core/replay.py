"""What was done on one machine, done again on what another machine made of the same meanwhile.

A status is never merged. The moves that led to it are made once more, from where the Bead is now, under their own
preconditions; docs/sync.md has the rules in prose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Any, TypeVar

from gt.core.bead import Bead, Status
from gt.core.fields import plain
from gt.core.state import Acceptance, Paused, TownState, Word
from gt.core.town import Limits
from gt.core.trace import trace
from gt.core.waivers import replayed as replayed_waivers
from gt.errors import IllegalMove

T = TypeVar("T")


def replayed(current: Bead | None, before: Bead | None, after: Bead, limits: Limits, now: int) -> Status:
    """The status of `current` after the moves of its status that led from `before` to `after` on another machine.

    Moves that are there already change nothing. Whether the Bead is ready, and what else a verb looks at beyond the
    Bead, the caller has asked. Raises IllegalMove when a precondition doesn't hold here; then nothing has changed.
    """
    if before is None:
        return after.status if current is None else current.status
    if current is None:
        raise IllegalMove(after.id, "is not in the ledger any more", hint="gt list --all")
    if after.status == before.status:
        return current.status
    if current.status == before.status:
        return after.status
    at = current
    for move in trace(before, after):
        if not move.there(at):
            at = move.make(at, limits, now)
    return replace(at.status, extra=_changed(at.status.extra, before.status.extra, after.status.extra))


def edge(before: Bead | None, after: Bead) -> str | None:
    """The name of the legal move that leads from one to the other; None if the status didn't change, or began there.

    Raises IllegalMove when no move or only several lead there.
    """
    moves = trace(before, after) if before else ()
    if len(moves) > 1:
        names = ", ".join(move.name for move in moves)
        raise IllegalMove(after.id, f"was moved more than once: {names}", hint=f"gt log {after.id}")
    return moves[0].name if moves else None


def replayed_state(current: TownState, before: TownState, after: TownState) -> TownState:
    """The town's state with what was changed from `before` to `after` on another machine.

    What only one side changed is as that side has it. Of two pauses the one that brakes longer stays, and a pause over
    none; of two commits that were acknowledged for one target, or approved for one stage, the one that is here. Of waivers,
    what lets less through.
    """
    moves = _changed(*(_moves(state) for state in (current, before, after)))
    accepted = {branch: Acceptance.of(text) for branch, text in moves.items()}
    # What either let go stays so.
    acknowledged = {branch: word.after(after.acknowledged.get(branch)) for branch, word in accepted.items()}
    waivers = replayed_waivers(current.waivers, before.waivers, after.waivers)
    words = _changed(*(_words(state) for state in (current, before, after)))
    approved = {stage: Word(*parts) for stage, parts in words.items()}
    return TownState(_paused(current.paused, before.paused, after.paused), acknowledged, waivers, approved)


def _moves(state: TownState) -> dict[str, str]:
    return {branch: str(word) for branch, word in state.acknowledged.items()}


def _words(state: TownState) -> dict[str, tuple[Any, ...]]:
    return {stage: astuple(word) for stage, word in state.approved.items()}


def _paused(current: Paused | None, before: Paused | None, after: Paused | None) -> Paused | None:
    if after in (before, current):
        return current
    if current == before:
        return after
    return max(current, after, key=_brake)


def _brake(paused: Paused | None) -> tuple[object, ...]:
    if paused is None:
        return (False,)
    return True, paused.until is None, paused.until or 0, paused.by, paused.reason


def _changed(current: Mapping[str, T], before: Mapping[str, T], after: Mapping[str, T]) -> dict[str, T]:
    """The mapping with each key that was changed there as it was changed, unless it was changed here, too."""
    made: dict[str, T] = {}
    for key in sorted(current.keys() | after.keys()):
        here, was, there = (_at(values, key) for values in (current, before, after))
        wanted = after if here == was != there else current
        if key in wanted:
            made[key] = wanted[key]
    return made


def _at(values: Mapping[str, object], key: str) -> str | None:
    return plain(values[key]) if key in values else None
