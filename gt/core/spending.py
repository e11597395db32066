"""The budget of a day, in US dollars: what all attempts of a town cost in the last 24 hours, of what they may."""

from __future__ import annotations

from collections.abc import Sequence

from gt.core.values import dataclass

DAY = 86400


@dataclass(frozen=True, slots=True)
class Day:
    """What was spent in the last 24 hours of what may be."""

    limit: float
    spent: float
    until: int | None = None
    """When enough of it is a day old for attempts to begin again; None: they may."""


def day(expenses: Sequence[tuple[int, float]], limit: float) -> Day:
    """`expenses`: of the last day, each with the time it was made, the oldest first."""
    until, spent = None, 0.0
    for at, usd in reversed(expenses):
        spent += usd
        if until is None and spent >= limit:
            until = at + DAY
    return Day(limit, spent, until)
