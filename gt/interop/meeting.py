"""What of a file is new here, and what is to be said of what is here already: an import never overwrites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from gt.core.arrival import Remark, What
from gt.core.bead import Bead
from gt.interop.names import Names


class Item(Protocol):
    """One thing in a file."""

    @property
    def line(self) -> int: ...

    @property
    def id(self) -> str:
        """What it is called there."""
        ...


T = TypeVar("T", bound=Item)


class Met(NamedTuple, Generic[T]):
    """What becomes of the things in a file."""

    new: tuple[T, ...]
    here: int
    """How many are here already."""
    remarks: tuple[Remark, ...]


def meet(items: Iterable[T], names: Names, judge: Callable[[T, Bead], tuple[What, str]]) -> Met[T]:
    """Hold each against its Bead here, if there is one; `judge` says what becomes of it, and why to look at that."""
    new: list[T] = []
    remarks: list[Remark] = []
    here = 0
    for each in items:
        bead = names.here.get(each.id)
        if each.id in names.broken:
            what, why = What.DROPPED, f"what is here can't be read: {names.broken[each.id]}"
        elif bead is None:
            new.append(each)
            continue
        else:
            what, why = judge(each, bead)
        here += what is What.NOTICED
        if why:
            remarks.append(Remark(each.line, each.id, what, "", why))
    return Met(tuple(new), here, tuple(remarks))


def news(bead: Bead, own: Mapping[str, Any], digests: Mapping[str, str], *, ended: bool) -> str:
    """Which parts have changed there since the import that `own` tells of; empty if none. `ended`: it is over there."""
    before = own.get("digests")
    known = before if isinstance(before, dict) else {}
    changed = [key for key, digest in digests.items() if known.get(key, digest) != digest]
    if bead.phase.over and ended and "state" in changed:
        changed.remove("state")  # it has ended on both sides
    if not changed:
        return ""
    return f"has changed there ({', '.join(changed)}) since it was imported as {bead.id}: what is here stays"
