"""What a format is asked, and what it gives: the seam between reading a file and bringing it into a ledger."""

from __future__ import annotations

from typing import Protocol

from gt.core.arrival import Arrival
from gt.core.bead import TYPES
from gt.core.values import dataclass
from gt.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever imports says of a file."""

    name: str
    """What errors call it: its path, or `stdin`."""
    source: str = ""
    """Which tracker it comes from, where the ids of two look alike; empty: the only one."""
    types: tuple[str, ...] = TYPES
    """The types that the town knows."""
    actor: str = "unknown"
    """Who imports."""
    now: int = 0
    """When, in seconds since the epoch: what says nothing of its own time began then."""


class Cargo(Protocol):
    """What was read from a file. What comes of it depends on what is here already."""

    def arrive(self, snapshot: Snapshot) -> Arrival:
        """What importing it into this ledger would do; the same for the same ledger."""
        ...
