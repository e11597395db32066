"""What differs between two states of a Bead or a page, field by field, as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gt.core.data import Data
from gt.core.values import dataclass

_FIXED = frozenset({"apiVersion", "kind", "id", "uid", "created", "clock"})
"""What never changes, and the bookkeeping that follows from what does."""

_NAMES = ("id", "token")
"""The keys by which an item of a list is known: notes by id, attempts by token."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after."""

    field: str
    """`spec.title`, `notes[n-2x8v].text`; an item of a set stands at the set's own name."""
    old: Any
    """None: it wasn't there."""
    new: Any
    """None: it isn't there any more."""


def changes(old: Data | None, new: Data | None) -> tuple[Change, ...]:
    """What makes `new` of `old`, in the order of the keys; None is a state of which there is nothing."""
    return tuple(
        change
        for key in _keys(old or {}, new or {})
        if key not in _FIXED
        for change in _differing(key, (old or {}).get(key), (new or {}).get(key))
        if change.field != "status.observed"
    )


def _differing(at: str, old: Any, new: Any) -> Iterator[Change]:
    old, new = (None if value in ("", [], {}) else value for value in (old, new))
    if old == new:
        return
    kinds = {type(value) for value in (old, new) if value is not None}
    if kinds == {dict}:
        for key in _keys(old or {}, new or {}):
            yield from _differing(f"{at}.{key}", (old or {}).get(key), (new or {}).get(key))
    elif kinds == {list}:
        yield from _items(at, old or [], new or [])
    else:
        yield Change(at, old, new)


def _items(at: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    for name in _keys(before, after):
        if before.get(name) == after.get(name):
            continue
        if isinstance(name, str):
            yield from _differing(f"{at}[{name}]", _unnamed(before.get(name)), _unnamed(after.get(name)))
        else:
            yield Change(at, before.get(name), after.get(name))


def _named(items: list[Any]) -> dict[Any, Any]:
    """The items by what they are known by; one without a name is known by what it is."""
    found: dict[Any, Any] = {}
    for item in items:
        names = [item[key] for key in _NAMES if key in item] if isinstance(item, dict) else []
        found[names[0] if names else (repr(item),)] = item
    return found


def _unnamed(item: Data | None) -> Data | None:
    return item and {key: value for key, value in item.items() if key not in _NAMES}


def _keys(old: dict[Any, Any], new: dict[Any, Any]) -> list[Any]:
    return [*new, *(key for key in old if key not in new)]
