"""How often a child that changes nothing is started again: later and later, and after a while no more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gt.drive.watch import Pulse
from gt.fleet.children import Child

BUGS = 5
WITHIN = 60.0
"""Five internal errors of children within so many seconds are one too many."""
REFUSALS = 5
"""So often in a row a child may end without having changed anything before it isn't started again."""
LONGEST = 30.0
"""Seconds, of any wait."""

_BUG = 4
_TOLD = frozenset({0, 3, 10, 11, 20})
"""Exit codes after which the ledger, or a gate's outcome, says what happened."""


@dataclass(slots=True)
class _Refused:
    count: int
    until: float
    said: str


@dataclass(slots=True)
class Patience:
    """What is remembered of children that came to nothing. Times are of the monotonic clock."""

    bugs: list[float] = field(default_factory=list)
    refused: dict[str, _Refused] = field(default_factory=dict)

    def note(self, child: Child, before: Pulse | None, after: Pulse, now: float) -> None:
        """A child has ended, between these two looks."""
        code = child.process.returncode
        if code in _TOLD and before != after:
            self.refused.pop(child.name, None)
            return
        if code == _BUG or code < 0:
            self.bugs = [at for at in self.bugs if at > now - WITHIN] + [now]
        count = self.refused[child.name].count + 1 if child.name in self.refused else 1
        self.refused[child.name] = _Refused(count, now + min(LONGEST, 0.5 * 2**count), complaint(child))

    @property
    def broken(self) -> bool:
        """Whether the children have had too many internal errors."""
        return len(self.bugs) >= BUGS

    def lets(self, name: str, now: float) -> bool:
        """Whether this child may be started now."""
        known = self.refused.get(name)
        return known is None or (known.count < REFUSALS and known.until <= now)

    def given_up(self, name: str) -> str | None:
        """What the child said when it was given up; None if it wasn't."""
        known = self.refused.get(name)
        return known.said if known is not None and known.count >= REFUSALS else None

    def waits(self, now: float) -> Iterable[float]:
        """In how many seconds each of those that are tried again may be."""
        return [r.until - now for r in self.refused.values() if r.count < REFUSALS and r.until > now]


def complaint(child: Child) -> str:
    """The error that a child ended with, in one line."""
    lines = [line.strip() for line in child.said().splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or lines or [f"it ended with {child.process.returncode}"])[-1]
