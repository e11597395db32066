"""The graph of needs and parents: which sets of Beads could never start because they wait for one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

Edges = Callable[[str], Iterable[str]]
Cycle = tuple[str, ...]
_Node = tuple[str, bool]
"""The start (False) or the end (True) of a Bead."""
_Arc = tuple[_Node, tuple[str, str] | None]
"""What must come before a node, and the need (of whom, of what) that says so, if it is one."""
_Step = tuple[_Node, Iterator[_Arc], tuple[str, str] | None]
"""A node on a path, what is still to be looked at from it, and the need by which it was reached."""

TOLD = 20
"""Of a longer cycle only the ends are told."""


def deadlock(start: str, needs: Edges, parent: Callable[[str], str | None], children: Edges) -> Cycle | None:
    """A cycle of waiting through `start`, as the ids along it (the first repeated at the end), or None.

    Each Bead has a start and an end. It ends after it starts and after its children end; it starts after its
    needs end and no sooner than its parent may start. A cycle among these can never be worked off: so a
    Bead that needs its own parent, child or itself is one, as is a Bead below itself.
    """
    after = _after(needs, parent, children)
    for origin in ((start, False), (start, True)):
        path = [(origin, iter(after(origin)))]
        seen: set[_Node] = set()
        while path:
            node = next(path[-1][1], None)
            if node is None:
                path.pop()
            elif node == origin:
                return _ids([at for at, _ in path] + [origin])
            elif node not in seen:
                seen.add(node)
                path.append((node, iter(after(node))))
    return None


def cycles(
    beads: Iterable[str], needs: Edges, parent: Callable[[str], str | None], children: Edges
) -> list[Cycle]:
    """A cycle of waiting for each knot that has one, as `deadlock` gives them; takes time linear in the edges."""
    after = _after(needs, parent, children)
    done: set[_Node] = set()
    knotted: set[str] = set()
    found: list[Cycle] = []
    for start in ((bead, ends) for bead in beads for ends in (False, True)):
        if start in done:
            continue
        path = [(start, iter(after(start)))]
        at = {start: 0}
        while path:
            node = next(path[-1][1], None)
            if node is None:
                left, _ = path.pop()
                done.add(left)
                del at[left]
            elif node in at:
                cycle = _ids([on for on, _ in path[at[node] :]] + [node])
                if not knotted.intersection(cycle):
                    found.append(cycle)
                knotted.update(cycle)
            elif node not in done:
                at[node] = len(path)
                path.append((node, iter(after(node))))
    return found


def circles(
    beads: Iterable[str], parent: Callable[[str], str | None], free: Callable[[str], bool]
) -> list[str]:
    """The Beads whose parents to take away so that nobody is below itself: one for each circle of parents.

    Of a circle it is the `free` Bead that is reached last, going up from the first of `beads`; a circle without
    one stays. Takes time linear in the edges.
    """
    found: list[str] = []
    done: set[str] = set()
    for start in beads:
        path: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in done and at not in path:
            path[at] = None
            at = parent(at)
        if at in path:
            chain = list(path)
            circle = chain[chain.index(at) :]
            found += next(([bead] for bead in reversed(circle) if free(bead)), [])
        done.update(path)
    return found


def untangled(
    beads: Iterable[str],
    needs: Edges,
    parent: Callable[[str], str | None],
    children: Edges,
    free: Callable[[str], bool],
) -> list[tuple[str, str, Cycle]]:
    """The needs (Bead, need) to take away so that no cycle of waiting is left, each with the cycle that it closed
    (of a long one, its ends).

    Walks from each of `beads` in their order, along needs in theirs; of a cycle it takes the need reached last
    among those of `free` Beads, and leaves a cycle without one. There must be no circle of parents. Takes time
    linear in the edges, and for each need that it takes away the depth of the parents.
    """
    taken: dict[tuple[str, str], Cycle] = {}
    done: set[_Node] = set()

    def after(node: _Node) -> Iterator[_Arc]:
        bead, ends = node
        if ends:
            below = (((child, True), None) for child in children(bead))
            return iter([((bead, False), None), *below])
        above = parent(bead)
        needed = (((need, True), (bead, need)) for need in needs(bead))
        return iter([*needed, *([((above, False), None)] if above else [])])

    for start in ((bead, ends) for bead in beads for ends in (False, True)):
        if start in done:
            continue
        path: list[_Step] = [(start, after(start), None)]
        at = {start: 0}
        while path:
            node, need = next(path[-1][1], (None, None))
            if node is None:
                left = path.pop()[0]
                done.add(left)
                del at[left]
            elif node in done or need in taken:
                continue
            elif node not in at:
                at[node] = len(path)
                path.append((node, after(node), need))
            else:
                first, last = at[node], len(path)
                closing = need
                while not (closing and free(closing[0])) and last > first + 1:
                    last -= 1
                    closing = path[last][2]
                if not (closing and free(closing[0])):
                    continue
                taken[closing] = _ids([*(on for on, _, _ in _ends(path, first)), node])
                while len(path) > last:  # what was reached through it may be reached again, otherwise
                    del at[path.pop()[0]]
    return [(bead, need, cycle) for (bead, need), cycle in taken.items()]


def _ends(path: list[_Step], first: int) -> list[_Step]:
    """The path from there on; of a long one, both ends."""
    return path[first:] if len(path) - first <= TOLD else path[first : first + TOLD // 2] + path[-TOLD // 2 :]


def _after(
    needs: Edges, parent: Callable[[str], str | None], children: Edges
) -> Callable[[_Node], list[_Node]]:
    def after(node: _Node) -> list[_Node]:
        bead, ends = node
        if ends:
            return [(bead, False), *((child, True) for child in sorted(children(bead)))]
        above = parent(bead)
        return [*((need, True) for need in sorted(needs(bead))), *([(above, False)] if above else [])]

    return after


def _ids(path: list[_Node]) -> Cycle:
    """The ids along a path, without the repeats that come from a Bead's start and end both lying on it."""
    found: list[str] = []
    for bead, _ in path:
        if not found or found[-1] != bead:
            found.append(bead)
    return tuple(found) if len(found) > 1 else (found[0], found[0])


def tree(roots: Iterable[str], below: Edges, shown: set[str] | None = None) -> list[tuple[int, str, bool]]:
    """(depth, id, whether it was shown above) for every Bead below the roots, depth first; cycles end.

    `shown`: what is above already; the new ones are added.
    """
    out: list[tuple[int, str, bool]] = []
    shown = set() if shown is None else shown
    stack = [(0, root) for root in reversed(list(roots))]
    while stack:
        depth, bead = stack.pop()
        again = bead in shown
        out.append((depth, bead, again))
        if not again:
            shown.add(bead)
            stack.extend((depth + 1, child) for child in sorted(below(bead), reverse=True))
    return out
