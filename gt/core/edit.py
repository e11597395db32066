"""Changing a spec: which fields changed, when, and the digest by which a status says which spec it saw."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from typing import Any

from gt.core.bead import Bead, Spec
from gt.core.data import spec_data
from gt.errors import Conflict


def spec_digest(spec: Spec) -> str:
    """16 hexadecimal digits that change whenever the spec does."""
    text = json.dumps(spec_data(spec), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def edited(bead: Bead, spec: Spec, now: int) -> Bead:
    """The Bead with another spec, its clock set for each field that changed; the same Bead if none did."""
    old, new = spec_data(bead.spec, full=True), spec_data(spec, full=True)
    changed = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    if not changed:
        return bead
    clock = dict(bead.clock)
    for key in changed:
        name = f"spec.{key}"
        clock[name] = max(now, clock.get(name, bead.created.at) + 1)
    return replace(bead, spec=spec, clock=clock)


def rebased(base: Spec, wanted: Spec, current: Spec) -> Spec:
    """`current` with the fields that differ between `base` and `wanted`: an edit of an older spec, applied now.

    Raises Conflict, naming the fields, where `current` changed the same ones otherwise. Sets are merged by item.
    """
    spec, clashes = reapplied(base, wanted, current)
    if clashes:
        raise Conflict(f"somebody else changed the same meanwhile: {', '.join(clashes)}")
    return spec


def reapplied(base: Spec, wanted: Spec, current: Spec) -> tuple[Spec, tuple[str, ...]]:
    """As `rebased`, with the names of the fields that `current` changed otherwise, which stay as they are there."""
    changed: dict[str, Any] = {}
    clashes: list[str] = []
    for field in fields(Spec):
        old, new, now = (getattr(spec, field.name) for spec in (base, wanted, current))
        if new in (old, now):
            continue
        if isinstance(old, frozenset):
            changed[field.name] = (now | (new - old)) - (old - new)
        elif now == old:
            changed[field.name] = new
        else:
            clashes.append(field.name)
    return replace(current, **changed), tuple(clashes)
