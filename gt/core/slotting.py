"""How many gate runs a machine can bear at once: as many as its cores and its memory are enough for, as measured.

More would only slow down the one that everybody waits for.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from gt.core.values import dataclass

SHARE = 0.8
"""Of the memory, what gates may have."""

MOST = 64


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is."""

    cores: int
    memory: int
    """KiB; 0: unknown."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one gate run took."""

    gate: str
    seconds: float
    cpu: float
    """CPU seconds, of all its processes."""
    rss: int
    """KiB, of its largest process."""


def slot_count(setting: int | None, machine: Machine, usage: Iterable[Usage]) -> int:
    """How many slots to use: the setting if there is one, else what the hungriest gate leaves room for.

    Before anything is measured it is one: the first run measures.
    """
    if setting is not None:
        return min(setting, MOST)
    by_gate: dict[str, list[Usage]] = {}
    for each in usage:
        if each.seconds > 0:
            by_gate.setdefault(each.gate, []).append(each)
    if not by_gate:
        return 1
    cores = max(median(max(each.cpu / each.seconds, 0.05) for each in runs) for runs in by_gate.values())
    rooms = [machine.cores / cores]
    peak = max(max(each.rss for each in runs) for runs in by_gate.values())
    if machine.memory and peak:
        rooms.append(SHARE * machine.memory / peak)
    # A gate that mostly waits (on a network, on a sleep) leaves room for several on one core, not for hundreds.
    return max(1, min(int(min(rooms)), 4 * machine.cores, MOST))
