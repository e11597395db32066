"""The Beads of two sides and their base, each found by its uid; and which id each has once both are one.

Two that were given the same id are two Beads: one of them gets another, and what its own side said of it follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from gt.core.bead import Bead
from gt.core.ids import bead_path
from gt.core.merge3 import loser, new_id, renamed
from gt.core.values import dataclass
from gt.errors import Malformed
from gt.git.changes import Leaf
from gt.store.layout import Kind, kind_of
from gt.store.sides import Files, Side


@dataclass(frozen=True, slots=True)
class Pair:
    """One Bead as the base, this side and the other have it; None: not at all, or it can't be read."""

    base: Bead | None
    mine: Bead | None
    theirs: Bead | None
    place: str | None
    """The id under which the base has it, were it to change."""

    @property
    def any(self) -> Bead:
        """One of the versions: for what no version changes."""
        found = self.theirs or self.mine or self.base
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Paired:
    """All Beads that either side changed, with the ids they are to have."""

    pairs: tuple[Pair, ...]
    """Already under their new ids."""
    names: tuple[tuple[str, str], ...]
    """Old and new id of each that had to change."""


def paired(files: Files, mine: Side, theirs: Side, taken: Callable[[str], bool]) -> Paired:
    """The Beads that either side changed. `taken` says whether an id is in use on any side."""
    found: dict[str, list[Bead | None]] = {}
    for path in sorted(_paths(mine) | _paths(theirs)):
        for place, bead in enumerate(_versions(files, path, mine, theirs)):
            if bead is not None:
                found.setdefault(bead.uid, [None, None, None])[place] = bead
    pairs = [Pair(base, one, other, base.id if base else None) for base, one, other in found.values()]
    return _named(pairs, taken)


def _paths(side: Side) -> set[str]:
    return {path for path in (*side.changed, *side.gone) if kind_of(path) is Kind.BEAD}


def _versions(files: Files, path: str, mine: Side, theirs: Side) -> Iterable[Bead | None]:
    """The Bead at this path in the base, on this side and on the other."""
    base = _read(files, path, _old(path, mine) or _old(path, theirs))
    yield base
    for side in (mine, theirs):
        if path in side.changed:
            yield _read(files, path, side.changed[path].new)
        else:
            yield None if path in side.gone else base


def _old(path: str, side: Side) -> Leaf | None:
    """A file that a side changed, as the base has it."""
    return side.changed[path].old if path in side.changed else side.gone.get(path)


def _read(files: Files, path: str, leaf: Leaf | None) -> Bead | None:
    try:
        return files.bead(path, leaf) if leaf else None
    except Malformed:  # it was broken before, and somebody mended it
        return None


def _named(pairs: list[Pair], taken: Callable[[str], bool]) -> Paired:
    final = {pair.any.uid: _wanted(pair) for pair in pairs}
    holders: dict[str, Bead] = {}
    losers = []
    for pair in sorted(pairs, key=lambda pair: pair.any.uid):
        wanted = final[pair.any.uid]
        other = holders.setdefault(wanted, pair.any)
        if other is not pair.any:
            lost = loser(other, pair.any)
            losers.append(lost)
            holders[wanted] = pair.any if lost is other else other
    names = []
    for lost in losers:
        old, again = final[lost.uid], 0
        while taken(new := new_id(replace(lost, id=old), again)) or new in holders:
            again += 1
        holders[new] = lost
        final[lost.uid] = new
        names.append((old, new))
    views = [_view(pairs, place, final) for place in range(3)]
    moved = []
    for pair in pairs:
        base, mine, theirs = (_moved(bead, view) for bead, view in zip(_three(pair), views, strict=True))
        moved.append(Pair(base, mine, theirs, pair.place))
    return Paired(tuple(moved), tuple(names))


def _wanted(pair: Pair) -> str:
    """The id of a Bead whose id one side may have changed already, where two had the same."""
    base, mine, theirs = pair.base, pair.mine, pair.theirs
    if mine and theirs and base and theirs.id == base.id:
        return mine.id
    return pair.any.id


def _view(pairs: Iterable[Pair], place: int, final: Mapping[str, str]) -> dict[str, str]:
    """What the ids that are to change stand for on one side."""
    there = (_three(pair)[place] for pair in pairs)
    return {bead.id: final[bead.uid] for bead in there if bead and bead.id != final[bead.uid]}


def _three(pair: Pair) -> tuple[Bead | None, Bead | None, Bead | None]:
    return pair.base, pair.mine, pair.theirs


def _moved(bead: Bead | None, names: Mapping[str, str]) -> Bead | None:
    return renamed(bead, names) if bead and names else bead


def lost_there(paired: Paired) -> tuple[str, ...]:
    """The files of Beads that the base has and the other side hasn't, under whatever id."""
    return tuple(bead_path(pair.place) for pair in paired.pairs if pair.place and not pair.theirs)


def lost_here(paired: Paired) -> tuple[str, ...]:
    """The files of Beads that the base has and this side hasn't, under whatever id."""
    return tuple(bead_path(pair.place) for pair in paired.pairs if pair.place and not pair.mine)
