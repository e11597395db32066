"""A record of bd that was read: what is known of it, and how its moments and its content are compared."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import field
from typing import Any

from gt.core.arrival import Remark
from gt.core.values import dataclass
from gt.core.when import parse_time
from gt.errors import Refused

Data = dict[str, Any]
Instant = tuple[int, int]
"""Seconds since the epoch, and nanoseconds."""

DERIVED = ("_type", "dependency_count", "dependent_count", "comment_count")
"""Keys that say nothing of the record itself."""

NOBODY = "unknown"
"""Who did what nobody is named for."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What a record depends on."""

    to: str
    kind: str
    created: Instant


@dataclass(slots=True)
class Entry:
    """A record that was read."""

    line: int
    id: str
    updated: Instant
    created: int
    """0 if that isn't known."""
    digest: str
    """Changes whenever the record does."""
    live: bool
    """Whether it has not ended."""
    data: Data
    """The data of its Bead, without id, uid and edges."""
    edges: list[Edge]
    size: int
    """Bytes of its line."""
    remarks: list[Remark] = field(default_factory=list)
    left: tuple[str, ...] = ()
    """The keys that have no place here."""


def instant(value: Any) -> Instant | None:
    """The moment that a time of bd says, whatever its zone; None for what is none (or Go's zero time)."""
    try:
        seconds = parse_time(value)
    except (Refused, TypeError):
        return None
    fraction = re.search(r"\.(\d{1,9})", value)
    return seconds, int(fraction[1].ljust(9, "0")) if fraction else 0


def moment(record: Data) -> Instant:
    """When a record was last changed, as far as it says so."""
    return instant(record.get("updated_at")) or instant(record.get("created_at")) or (0, 0)


def fingerprint(record: Data) -> str:
    """16 hexadecimal digits of what a record says."""
    said = {key: value for key, value in record.items() if key not in DERIVED}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
