"""Values that lost against another when two clones' edits of a Bead were merged: which there are, and taking one back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields, replace

from gt.core.bead import Bead, FieldConflict, Spec
from gt.core.data import bead_data
from gt.core.schema import bead_from
from gt.errors import NotFound, Refused

_SPEC = "spec."


def lost_of(bead: Bead, named: Collection[str]) -> tuple[FieldConflict, ...]:
    """The lost values of these fields (`title` is `spec.title`); with no name, all of them.

    Raises NotFound for a name that is no field, and that nothing was lost of.
    """
    there = {lost.field for lost in bead.conflicts}
    wanted = {_whole(name, there) for name in named}
    return tuple(lost for lost in bead.conflicts if not named or lost.field in wanted)


def without(bead: Bead, lost: Collection[FieldConflict]) -> Bead:
    """The Bead with these lost values forgotten."""
    return replace(bead, conflicts=tuple(each for each in bead.conflicts if each not in lost))


def taken(bead: Bead, lost: Iterable[FieldConflict]) -> Bead:
    """The Bead with these lost values put back into its spec. Its clock and its list of them stay as they are.

    Raises Refused for what isn't of the spec, for two values of one field, and for a value that can't be.
    """
    data = bead_data(bead)
    spec = data["spec"]
    seen: set[str] = set()
    for each in lost:
        if not each.field.startswith(_SPEC):
            raise Refused(f"{each.field} of {bead.id} is not a person's to set", hint=f"gt dismiss {bead.id}")
        if each.field in seen:
            raise Refused(
                f"{bead.id} lost more than one value of {each.field}: set the one you want",
                hint=f"gt edit {bead.id}",
            )
        seen.add(each.field)
        holder, name = spec, each.field.removeprefix(_SPEC)
        if name.startswith("links."):
            holder, name = spec.setdefault("links", {}), name.removeprefix("links.")
        holder.pop(name, None)
        if each.lost is not None:
            holder[name] = each.lost
    return replace(bead, spec=bead_from(data, bead.id).spec)


def _whole(name: str, there: Collection[str]) -> str:
    whole = name if name in there or name.startswith((_SPEC, "status.")) else _SPEC + name
    known = {f.name for f in fields(Spec)}
    if whole not in there and whole.removeprefix(_SPEC).partition(".")[0] not in known:
        raise NotFound("field", name, hint="gt help edit")
    return whole
