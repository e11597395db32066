"""The graph of needs and parents: which sets of Beads could never start because they wait for one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Edges = Callable[[str], Iterable[str]]
Cycle = tuple[str, ...]
_Node = tuple[str, bool]
"""The start (False) or the end (True) of a Bead."""


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


def tree(roots: Iterable[str], below: Edges) -> list[tuple[int, str, bool]]:
    """(depth, id, whether it was shown above) for every Bead below the roots, depth first; cycles end."""
    out: list[tuple[int, str, bool]] = []
    shown: set[str] = set()
    stack = [(0, root) for root in reversed(list(roots))]
    while stack:
        depth, bead = stack.pop()
        again = bead in shown
        out.append((depth, bead, again))
        if not again:
            shown.add(bead)
            stack.extend((depth + 1, child) for child in sorted(below(bead), reverse=True))
    return out
