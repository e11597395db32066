"""The edges of bd's records as needs, parents and links of Beads: all of a file at once, without cycles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gt.core.arrival import Remark, What
from gt.core.graph import circles, untangled
from gt.interop.bdentry import Entry
from gt.interop.names import Names
from gt.store.snapshot import Snapshot

PARENT = "parent-child"

NEEDS = {
    "blocks": "",
    "blocked-by": "bd gives it no effect: a need here",
    "waits-for": "waits for the children alone there: a need here, which waits for {to} itself as well",
}
"""Kinds that become needs, and what is to be said of each."""

CONDITIONAL = "conditional-blocks"
"""Means `only if that fails`; there it works like `blocks`."""


@dataclass(slots=True)
class Tied:
    """What a Bead is tied to, by ids here."""

    entry: Entry
    parent: str | None = None
    needs: dict[str, None] = field(default_factory=dict)
    """A set, the oldest first."""
    links: dict[str, set[str]] = field(default_factory=dict)
    hold: bool = False

    def link(self, kind: str, to: str) -> None:
        self.links.setdefault(kind, set()).add(to)

    def changed(self, kind: str, why: str) -> None:
        remark = Remark(self.entry.line, self.entry.id, What.CHANGED, "dependencies", f"{kind}: {why}")
        self.entry.remarks.append(remark)


def tied(entries: Iterable[Entry], names: Names, snapshot: Snapshot) -> dict[str, Tied]:
    """What each of these new Beads is tied to, by its id here. Adds to the remarks of the entries."""
    found = {names.of(each.id): _told_apart(each, names) for each in entries}
    ordered = sorted(found, key=lambda name: (found[name].entry.created, found[name].entry.id))
    _untie(found, ordered, names, snapshot)
    return found


def _told_apart(entry: Entry, names: Names) -> Tied:
    each = Tied(entry)
    for edge in sorted(entry.edges, key=lambda edge: edge.created):
        to = names.of(edge.to)
        if edge.kind == PARENT:
            if each.parent in (None, to):
                each.parent = to
            else:
                each.link(PARENT, to)
                each.changed(PARENT, f"{edge.to} is another parent: a link here")
        elif edge.kind in NEEDS:
            each.needs[to] = None
            if NEEDS[edge.kind]:
                each.changed(edge.kind, NEEDS[edge.kind].format(to=edge.to))
        else:
            each.link(edge.kind, to)
            if edge.kind == CONDITIONAL:
                each.hold = entry.live
                held = ", and held until a person says otherwise" if entry.live else ""
                each.changed(CONDITIONAL, f"only if {edge.to} fails, which is not known here: a link{held}")
    return each


def _untie(found: dict[str, Tied], ordered: Sequence[str], names: Names, snapshot: Snapshot) -> None:
    """Make links of what closes a cycle, through the Beads that are here already as well."""
    parents, needs = snapshot.edges()
    parents |= {name: each.parent for name, each in found.items() if each.parent}
    needs |= {name: list(each.needs) for name, each in found.items()}
    for name in circles(ordered, parents.get, found.__contains__):
        each, to = found[name], parents.pop(name)
        each.parent = None
        each.link(PARENT, to)
        each.changed(PARENT, f"{names.theirs.get(to, to)} is below {each.entry.id} itself: a link here")
    families: dict[str, list[str]] = {}
    for child, above in parents.items():
        families.setdefault(above, []).append(child)
    cut = untangled(
        ordered,
        lambda name: needs.get(name, ()),
        parents.get,
        lambda name: families.get(name, ()),
        found.__contains__,
    )
    for name, need, cycle in cut:
        each = found[name]
        del each.needs[need]
        each.link("blocks", need)
        path = " -> ".join(names.theirs.get(on, on) for on in cycle)
        each.changed("blocks", f"{names.theirs.get(need, need)} waits for it ({path}): a link here")
