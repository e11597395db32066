"""The Beads of a town as a project network: what waits for what, in which order they can be done, what takes longest.

A Bead is an activity with a start and an end, as in `gt.core.graph`; the critical path is the longest chain of them
(Kelley and Walker's critical path method, every Bead taking one step, since nobody knows how long a Bead takes).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import StrEnum

from gt.core.bead import Bead, Phase
from gt.core.graph import tree
from gt.core.ready import CONTAINERS
from gt.core.values import dataclass

_Node = tuple[str, bool]
"""The start (False) or the end (True) of a Bead."""
_Order = dict[_Node, tuple[_Node, ...]]
"""Nodes, each after those that precede it, with these."""


class Kind(StrEnum):
    """What an edge says."""

    NEEDS = "needs"
    """`after` can't start before `before` has ended."""
    PARENT = "parent"
    """`after` is part of `before`."""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One Bead comes before another."""

    before: str
    after: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Network:
    """Some Beads, and all edges among them."""

    beads: Mapping[str, Bead]
    """By id."""
    edges: tuple[Edge, ...]
    ready: frozenset[str]
    """Those that can be worked on now."""
    steps: Mapping[str, int]
    """For each Bead, how many others must come one after another before it can start, parents included."""
    critical: tuple[str, ...]
    """The longest chain of Beads that have not ended, in the order in which they can be done."""

    def state(self, bead: str) -> str:
        """The phase of a Bead; of an open one whether it is `ready` or `waiting`."""
        phase = self.beads[bead].phase
        if phase is not Phase.OPEN:
            return phase.value
        return "ready" if bead in self.ready else "waiting"


def network(beads: Iterable[Bead], ready: Collection[str]) -> Network:
    """The network of these Beads; a need or a parent that is none of them is left out.

    Where Beads wait for one another, one edge of the cycle doesn't count for `steps` and `critical`. Takes time
    linear in the edges.
    """
    held = {bead.id: bead for bead in beads}
    edges = tuple(sorted(_edges(held)))
    before: dict[str, list[Edge]] = {}
    children: dict[str, list[str]] = {}
    for edge in edges:
        before.setdefault(edge.after, []).append(edge)
        if edge.kind is Kind.PARENT:
            children.setdefault(edge.before, []).append(edge.after)

    def preceding(node: _Node) -> Iterator[_Node]:
        bead, ends = node
        if ends:
            yield bead, False
            yield from ((child, True) for child in children.get(bead, ()))
        else:
            yield from ((edge.before, edge.kind is Kind.NEEDS) for edge in before.get(bead, ()))

    order = _in_order(((bead, True) for bead in sorted(held)), preceding)
    return Network(held, edges, frozenset(ready) & held.keys(), _steps(order), _critical(held, order))


def outline(net: Network) -> list[tuple[int, str, bool]]:
    """The Beads as the lines of an outline, each below what it waits for: (depth, id, whether it is above, too)."""
    after: dict[str, list[str]] = {}
    led_to: set[str] = set()
    for edge in net.edges:
        after.setdefault(edge.before, []).append(edge.after)
        led_to.add(edge.after)
    lines: list[tuple[int, str, bool]] = []
    shown: set[str] = set()
    # What only a cycle leads to comes last, from any Bead of it.
    for name in sorted(net.beads, key=lambda each: (each in led_to, net.steps[each], each)):
        if name not in led_to or name not in shown:
            lines += tree([name], lambda at: after.get(at, ()), shown)
    return lines


def _edges(held: Mapping[str, Bead]) -> Iterator[Edge]:
    for bead in held.values():
        yield from (Edge(need, bead.id, Kind.NEEDS) for need in bead.spec.needs if need in held)
        if bead.spec.parent in held:
            yield Edge(str(bead.spec.parent), bead.id, Kind.PARENT)


def _in_order(starts: Iterable[_Node], preceding: Callable[[_Node], Iterator[_Node]]) -> _Order:
    """All nodes that precede the starts, each after those before it, with these; the edges that close a cycle are
    left out.
    """
    found: _Order = {}
    under_way: set[_Node] = set()
    for start in starts:
        path = [] if start in found else [(start, list(dict.fromkeys(preceding(start))), 0)]
        under_way.update(node for node, _, _ in path)
        while path:
            node, earlier, at = path.pop()
            while at < len(earlier) and earlier[at] in found:
                at += 1
            if at == len(earlier):
                found[node] = tuple(earlier)
                under_way.discard(node)
            elif earlier[at] in under_way:
                path.append((node, earlier[:at] + earlier[at + 1 :], at))
            else:
                path.append((node, earlier, at + 1))
                path.append((earlier[at], list(dict.fromkeys(preceding(earlier[at]))), 0))
                under_way.add(earlier[at])
    return found


def _steps(order: _Order) -> dict[str, int]:
    at: dict[_Node, int] = {}
    for node, earlier in order.items():
        # From a start, its own or its parent's, it is one step; from an end, a need's or a child's, none.
        at[node] = max((at[each] + (not each[1]) for each in earlier), default=0)
    return {bead: steps for (bead, ends), steps in at.items() if not ends}


def _critical(held: Mapping[str, Bead], order: _Order) -> tuple[str, ...]:
    """The chain of most Beads that are work and not over; of equal ones that whose last id comes first."""
    length: dict[_Node, int] = {}
    by: dict[_Node, _Node] = {}
    for node, earlier in order.items():
        bead, ends = node
        longest = max(earlier, key=lambda each: length[each], default=None)
        length[node] = length[longest] if longest else 0
        if longest:
            by[node] = longest
        spec = held[bead]
        if not ends and not spec.phase.over and spec.spec.type not in CONTAINERS:
            length[node] += 1
    last = min(length, key=lambda node: (-length[node], node), default=None)
    chain: list[str] = []
    while last is not None and length[last]:
        earlier_one = by.get(last)
        if length[last] > (length[earlier_one] if earlier_one else 0):
            chain.append(last[0])
        last = earlier_one
    return tuple(reversed(chain))
