"""Who may be gated now, and in which order: holds, needs, conflicts, rank and age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gt.core.docket import NOBODY, Change, Docket, Ids
from gt.core.values import dataclass

HOTFIX = 0
"""The rank of a hotfix."""
AGEING = 3600
"""Seconds of waiting that raise a change by one rank, though never to a hotfix's."""


@dataclass(frozen=True, slots=True)
class Lineup:
    """The changes that can be gated, in landing order: each after what it needs."""

    order: tuple[str, ...]
    changes: Mapping[str, Change]
    """All that wait."""
    blocked: Mapping[str, str]
    """Those that can't be gated, and why: a clause after the id."""
    place: Mapping[str, int]
    around: Mapping[str, Ids]
    """Of each in `order`: itself and what it needs, so far as that hasn't landed."""

    def sort(self, changes: Iterable[str]) -> tuple[str, ...]:
        """Those that can be gated, in landing order."""
        return tuple(sorted((c for c in changes if c in self.place), key=self.place.__getitem__))

    def closed(self, changes: Iterable[str]) -> Ids:
        """With all they need."""
        return NOBODY.union(*(self.around[change] for change in changes))

    def row(self, changes: Iterable[str]) -> tuple[str, ...]:
        """In landing order, those that can share a tree; each has all it needs before it."""
        found: dict[str, None] = {}
        for change in self.sort(changes):
            if not self.changes[change].alone and self.around[change] - {change} <= found.keys():
                found[change] = None
        return tuple(found)


def line_up(docket: Docket, landed: Ids, stalled: Ids) -> Lineup:
    """Put a docket in order. `stalled`: changes whose gates don't run."""
    changes = {change.id: change for change in docket.changes}
    blocked = dict.fromkeys(stalled & changes.keys(), "has gates that could not be run")
    blocked |= {change.id: change.held for change in docket.changes if change.held}
    ranked = sorted(changes.values(), key=lambda change: (_rank(change, docket.now), change.at))
    around: dict[str, Ids] = {}
    for change in ranked:
        _visit(change.id, changes, landed, docket.rejected, blocked, around, ())
    foes: dict[str, set[str]] = {}
    for change in docket.changes:
        for other in change.apart:
            foes.setdefault(change.id, set()).add(other)
            foes.setdefault(other, set()).add(change.id)
    order: dict[str, None] = {}
    for name, whole in around.items():  # in the order of visits: what is needed came before
        first = next((each for each in order if each in foes[name]), None) if name in foes else None
        missing = whole - order.keys() - {name}
        single = {each for each in whole if changes[each].alone} if len(whole) > 1 else None
        if first is not None:
            blocked[name] = f"conflicts with {first}, which goes first"
        elif missing:
            blocked[name] = f"needs {min(missing)}, which waits for another to go first"
        elif single:
            blocked[name] = f"waits for what it needs: {min(single)} lands by itself"
        else:
            order[name] = None
    kept = {name: around[name] for name in order}
    return Lineup(tuple(order), changes, blocked, {name: n for n, name in enumerate(order)}, kept)


def _rank(change: Change, now: int) -> int:
    if change.rank == HOTFIX:
        return HOTFIX
    return max(HOTFIX + 1, change.rank - max(0, now - change.at) // AGEING)


def _visit(
    name: str, changes: Mapping[str, Change], landed: Ids, rejected: Ids,
    blocked: dict[str, str], around: dict[str, Ids], path: tuple[str, ...],
) -> None:  # fmt: skip
    """Put a change into `around` after what it needs, or into `blocked`."""
    if name in around or name in blocked:
        return
    if name in path:
        blocked[name] = "needs itself"
        return
    needs = sorted(changes[name].needs - landed)
    for need in needs:
        if need in changes:
            _visit(need, changes, landed, rejected, blocked, around, (*path, name))
        if name in blocked:
            return
        if need in blocked:
            blocked[name] = f"needs {need}, which can't land: it {blocked[need]}"
        elif need not in changes:
            blocked[name] = f"needs {need}, which {'was rejected' if need in rejected else 'is not there'}"
        if name in blocked:
            return
    around[name] = frozenset((name,)).union(*(around[need] for need in needs))
