"""Where the Beads of a network stand in a drawing: in columns by what must come first, in rows with few crossings.

The layered method of Sugiyama, Tagawa and Toda (1981): columns from the longest path, a bend wherever a line passes
a column, rows by the barycentre heuristic, swept to and fro.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

from gt.core.network import Edge, Network
from gt.core.values import dataclass

SWEEPS = 8
"""After so many the heuristic hardly improves a drawing any more."""

SHELF = 4
"""Columns that a shelf has at least, where groups stand beside one another."""

Place = tuple[int, float]
"""A column and a row, both from 0."""
_Stop = tuple[str, str, int]
"""A Bead (its id, nothing, 0), or where the line between two Beads passes a column."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What stands where."""

    beads: Mapping[str, Place]
    lines: Mapping[Edge, tuple[Place, ...]]
    """Where each line passes: from a Bead, by the columns between, to the other."""

    @property
    def columns(self) -> int:
        """How many there are."""
        return max((column for column, _ in self.beads.values()), default=-1) + 1

    @property
    def rows(self) -> float:
        """How many are needed; a half one may be left over."""
        places = [*self.beads.values(), *(place for line in self.lines.values() for place in line)]
        return max((row for _, row in places), default=-1.0) + 1


def drawing(net: Network) -> Drawing:
    """Where to put each Bead and each line. What comes first is in a column further left.

    The edge of a cycle that `net.steps` leaves out goes back, in one stroke.
    """
    stops = {edge: _stops(edge, net.steps) for edge in net.edges}
    columns: dict[int, list[_Stop]] = {}
    for bead in sorted(net.beads, key=lambda name: (net.beads[name].created.at, name)):
        columns.setdefault(net.steps[bead], []).append((bead, "", 0))
    before: dict[_Stop, list[_Stop]] = {}
    after: dict[_Stop, list[_Stop]] = {}
    for stop in (line[1:-1] for line in stops.values()):
        for each in stop:
            columns[each[2]].append(each)
    for line in stops.values():
        for left, right in pairwise(line):
            before.setdefault(right, []).append(left)
            after.setdefault(left, []).append(right)
    row = {stop: float(at) for column in columns.values() for at, stop in enumerate(column)}
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for number in sorted(columns, reverse=not forth):
            _arrange(columns[number], row, before if forth else after)
    tallest = max(map(len, columns.values()), default=0)
    place: dict[_Stop, Place] = {
        stop: (number, at + (tallest - len(column)) / 2)
        for number, column in columns.items()
        for at, stop in enumerate(column)
    }
    return Drawing(
        {bead: place[bead, "", 0] for bead in net.beads},
        {edge: tuple(place[stop] for stop in line) for edge, line in stops.items()},
    )


def apart(net: Network) -> Drawing:
    """As `drawing`, but whatever hangs together is drawn by itself, in shelves one below another.

    What is on the critical path comes first, then the larger groups. A Bead that neither waits nor is waited for is left
    out.
    """
    groups = [group for group in _groups(net) if len(group) > 1]
    groups.sort(key=lambda group: (not group & set(net.critical), -len(group), min(group)))
    drawings = [drawing(_part(net, group)) for group in groups]
    wide = max((SHELF, *(each.columns for each in drawings)))
    beads: dict[str, Place] = {}
    lines: dict[Edge, tuple[Place, ...]] = {}
    left, top, height = 0, 0, 0
    for each in drawings:
        if left and left + each.columns > wide:
            left, top, height = 0, top + height, 0
        beads.update({name: (at[0] + left, at[1] + top) for name, at in each.beads.items()})
        for edge, line in each.lines.items():
            lines[edge] = tuple((column + left, row + top) for column, row in line)
        left += each.columns
        height = max(height, math.ceil(each.rows))
    return Drawing(beads, lines)


def _groups(net: Network) -> list[set[str]]:
    """The Beads by what hangs together."""
    group = {name: {name} for name in net.beads}
    for edge in net.edges:
        one, other = sorted((group[edge.before], group[edge.after]), key=len)
        if one is not other:
            other |= one
            group.update(dict.fromkeys(one, other))
    return list({id(each): each for each in group.values()}.values())


def _part(net: Network, names: set[str]) -> Network:
    return replace(
        net,
        beads={name: net.beads[name] for name in names},
        edges=tuple(edge for edge in net.edges if edge.before in names),
        critical=tuple(name for name in net.critical if name in names),
    )


def _stops(edge: Edge, steps: Mapping[str, int]) -> tuple[_Stop, ...]:
    between = range(steps[edge.before] + 1, steps[edge.after])
    return (
        (edge.before, "", 0),
        *((edge.before, edge.after, column) for column in between),
        (edge.after, "", 0),
    )


def _arrange(column: list[_Stop], row: dict[_Stop, float], beside: Mapping[_Stop, Iterable[_Stop]]) -> None:
    """Orders a column by the mean row of each one's neighbours; who has none stays about where it is."""
    middle = {}
    for stop in column:
        rows = [row[each] for each in beside.get(stop, ())]
        middle[stop] = sum(rows) / len(rows) if rows else row[stop]
    column.sort(key=lambda stop: (middle[stop], row[stop], stop))
    row.update((stop, float(at)) for at, stop in enumerate(column))
