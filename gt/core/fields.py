"""Two edits of one Bead, field by field: who wins each, and what is lost by it.

A field changed on one side only is as that side has it. Changed on both, sets are merged by item and texts by
line; of anything else the later edit wins, and the other value is kept as a FieldConflict.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from gt.core import lines
from gt.core.bead import Bead, FieldConflict, Spec
from gt.core.checks import MAX_ITEMS, MAX_TEXT
from gt.core.data import spec_data

T = TypeVar("T")

Who = Callable[[Bead], str]
"""Who last edited this version of the Bead: asked only when one of its values is lost."""

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode

_ABSENT: Any = object()
"""A key that isn't there."""

_SETS = frozenset({"labels", "needs"})
_TEXTS = frozenset({"body", "acceptance"})
_SCALARS = tuple(f.name for f in fields(Spec) if f.name not in {*_SETS, *_TEXTS, "links", "extra"})


def plain(value: Any) -> str:
    """Plain data as text: equal texts for equal data, which Python's 1 and True are not."""
    return "" if value is _ABSENT else _encode(value)


def order(value: Any) -> tuple[bool, bool, int, str]:
    """A total order on plain data, by which ties are broken: something over nothing, yes over no, more over less."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return value is not None and value is not _ABSENT, number, value if number else 0, plain(value)


def by_item(base: frozenset[T], one: frozenset[T], other: frozenset[T]) -> frozenset[T]:
    """What both have, and what either added since the base; what either removed since is gone."""
    return (one & other) | ((one | other) - base)


@dataclass(slots=True)
class Fields:
    """The merge of two versions of one Bead, with what it has lost so far."""

    base: Bead | None
    one: Bead
    other: Bead
    who: Who
    lost: list[FieldConflict] = field(default_factory=list)

    def spec(self) -> Spec:
        """What people want, by both."""
        old = self.base.spec if self.base else None
        one, other = self.one.spec, self.other.spec
        values: dict[str, Any] = {}
        for name in _SCALARS:
            was = getattr(old, name) if old else _ABSENT
            values[name] = self._scalar(f"spec.{name}", was, getattr(one, name), getattr(other, name))
        for name in _SETS:
            was = getattr(old, name) if old else frozenset()
            values[name] = self._set(f"spec.{name}", was, getattr(one, name), getattr(other, name))
        for name in _TEXTS:
            was = getattr(old, name) if old else None
            values[name] = self._text(f"spec.{name}", was, getattr(one, name), getattr(other, name))
        values["links"] = self._links(old.links if old else {}, one.links, other.links)
        values["extra"] = self.unknown("spec.", old.extra if old else {}, one.extra, other.extra)
        return Spec(**values)

    def unknown(
        self, prefix: str, base: Mapping[str, Any], one: Mapping[str, Any], other: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Keys that this version doesn't know, each as a scalar; its clock is called `prefix` and the key."""
        made = {}
        for key in sorted(one.keys() | other.keys()):
            was, mine, yours = (values.get(key, _ABSENT) for values in (base, one, other))
            value = self._scalar(prefix + key, was, mine, yours)
            if value is not _ABSENT:
                made[key] = value
        return made

    def clock(self) -> dict[str, int]:
        """For each field the later change."""
        one, other = self.one.clock, self.other.clock
        return {key: max(one.get(key, 0), other.get(key, 0)) for key in sorted(one.keys() | other.keys())}

    def _scalar(self, name: str, base: T, one: T, other: T) -> T:
        was, mine, yours = plain(base), plain(one), plain(other)
        if mine in (yours, was):
            return other
        return one if yours == was else self._winner(name, one, other)

    def _set(
        self, name: str, base: frozenset[str], one: frozenset[str], other: frozenset[str]
    ) -> frozenset[str]:
        both = by_item(base, one, other)
        return both if len(both) <= MAX_ITEMS else self._winner(name, one, other)

    def _links(
        self,
        base: Mapping[str, frozenset[str]],
        one: Mapping[str, frozenset[str]],
        other: Mapping[str, frozenset[str]],
    ) -> Mapping[str, frozenset[str]]:
        if one == other:
            return one
        none: frozenset[str] = frozenset()
        made = {
            kind: self._set(f"spec.links.{kind}", *(links.get(kind, none) for links in (base, one, other)))
            for kind in sorted(one.keys() | other.keys())
        }
        return {kind: to for kind, to in made.items() if to}

    def _text(self, name: str, base: str | None, one: str, other: str) -> str:
        if one in (other, base):
            return other
        if other == base:
            return one
        both = None if base is None else lines.combined(base, one, other)
        return both if both is not None and len(both) <= MAX_TEXT else self._winner(name, one, other)

    def _winner(self, name: str, one: T, other: T) -> T:
        """The later edit of a field; the other value is noted as lost."""
        mine, yours = (bead.clock.get(name, bead.created.at) for bead in (self.one, self.other))
        if (mine, order(_written(one))) > (yours, order(_written(other))):
            self._lose(name, other, self.other, yours)
            return one
        self._lose(name, one, self.one, mine)
        return other

    def _lose(self, name: str, value: Any, version: Bead, at: int) -> None:
        if name.startswith("spec."):  # as the ledger has it: times and durations are text there
            value = spec_data(version.spec, full=True).get(name.removeprefix("spec."), value)
        lost = None if value is _ABSENT else _written(value)
        self.lost.append(FieldConflict(name, lost, self.who(version), at))


def _written(value: Any) -> Any:
    """A value as plain data."""
    return sorted(value) if isinstance(value, frozenset) else value


def conflicts(
    base: tuple[FieldConflict, ...],
    one: tuple[FieldConflict, ...],
    other: tuple[FieldConflict, ...],
    lost: Sequence[FieldConflict] = (),
) -> tuple[FieldConflict, ...]:
    """The lost values that are kept: those of both sides and those lost now; what a side dismissed stays dismissed.

    Two that differ only in who edited are one: another order of merging may have asked of another version.
    """
    if not lost and (one in (base, other) or other == base):
        return other if one in (base, other) else one
    old, mine, yours, new = map(_keyed, (base, one, other, lost))
    kept = by_item(frozenset(old), frozenset(mine), frozenset(yours)) | new.keys()
    found = [[side[key] for side in (mine, yours, new) if key in side] for key in sorted(kept)]
    return tuple(min(same, key=lambda entry: entry.by) for same in found)


def _keyed(entries: Sequence[FieldConflict]) -> dict[tuple[int, str, str], FieldConflict]:
    return {(entry.at, entry.field, plain(entry.lost)): entry for entry in entries}
