"""What an import brings: Beads that are new here, and a remark on everything that isn't as it was there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from enum import StrEnum

from gt.core.bead import Bead
from gt.core.page import Page
from gt.core.state import TownState
from gt.core.values import dataclass
from gt.errors import Malformed


class What(StrEnum):
    """What became of something in the file."""

    DROPPED = "dropped"
    """It isn't in the ledger."""
    CHANGED = "changed"
    """It is, and means something else than it did there."""
    NOTICED = "noticed"
    """It is as it was there, and somebody should look at it; or it is left as it is here."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a person should know of an import."""

    line: int
    """Where it stands in the file, counted from 1; 0 if it stands nowhere."""
    id: str
    """What it is called there; empty if it has no name."""
    what: What
    field: str
    """The key it is about; empty for the whole record."""
    why: str
    """A clause: `is a tombstone`."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A Bead of the file, and where it came from."""

    line: int
    id: str
    """What it is called there."""
    bead: Bead


@dataclass(frozen=True, slots=True)
class Arrival:
    """All that an import would do to a ledger, and what is to be said of it."""

    read: int = 0
    """How many records the file has."""
    beads: tuple[Bead, ...] = ()
    """Those that are new here."""
    pages: tuple[Page, ...] = ()
    state: TownState | None = None
    here: int = 0
    """How many Beads of the file are here already."""
    remarks: tuple[Remark, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """The id here for each id there, where they differ."""
    kept: Mapping[str, int] = field(default_factory=dict)
    """Keys without a meaning here that are kept with the Beads, and how many Beads have each."""

    @property
    def empty(self) -> bool:
        """Whether nothing is to be written."""
        return not self.beads and not self.pages and self.state is None


ABSENT = "is neither in the file nor in this ledger"

Find = Callable[[str], Bead | None]


def dangling(
    new: Iterable[Incoming], find: Find, absent: Callable[[str], str] = lambda bead: f"{bead} {ABSENT}"
) -> list[Remark]:
    """A remark on each edge of new Beads that leads to no Bead; `absent` says so of an id here."""
    beads = tuple(new)
    known = {each.bead.id: True for each in beads}

    def exists(bead: str) -> bool:
        if bead not in known:
            try:
                known[bead] = find(bead) is not None
            except Malformed:
                known[bead] = True
        return known[bead]

    remarks: list[Remark] = []
    for each in beads:
        spec = each.bead.spec
        edges = [("needs", need) for need in sorted(spec.needs)]
        edges += [("parent", spec.parent)] if spec.parent else []
        edges += [(f"links.{kind}", to) for kind, ids in sorted(spec.links.items()) for to in sorted(ids)]
        for name, to in edges:
            if not exists(to):
                blocks = "" if name.startswith("links.") else ": it waits for that"
                remarks.append(Remark(each.line, each.id, What.NOTICED, name, absent(to) + blocks))
    return remarks
