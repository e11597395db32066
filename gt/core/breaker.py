"""Whether an agent is fit to be given work: derived from what its attempts ended with, never stored.

Infrastructure failures (no key, no network, a rate limit) don't count against a Bead; they count here, so that
one expired key can't burn through the whole ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gt.core.bead import Bead, Result

THRESHOLD = 3
"""Infrastructure failures in a row that open the breaker."""
TRIALS = 3
"""Failed trials after which only a person closes it again."""
CREDITS = 20
"""Infrastructure failures between two landings, in a row or not, after which only a person closes it again."""


class Fitness(StrEnum):
    """The state of an agent's breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    TRIPPED = "tripped"


@dataclass(frozen=True, slots=True)
class Breaker:
    """An agent's record of infrastructure failures."""

    state: Fitness
    failures: int = 0
    """In a row, up to now."""
    since: int = 0
    """When the first failure of the streak ended: the epoch of its page."""
    until: int | None = None
    """When an open breaker lets one trial through."""
    reason: str = ""
    credits: int = CREDITS
    """How many more it may have before it lands something, or a person gives them back."""


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """The end of an attempt, or its landing."""

    at: int
    token: str
    result: str
    reason: str = ""


_LANDED = "landed"


def breaker(agent: str, beads: Iterable[Bead], cleared: int, cooldown: int, now: int) -> Breaker:
    """The breaker of one agent; failures that ended up to `cleared` (a person's acknowledgement) don't count."""
    streak: list[_Event] = []
    spent: list[_Event] = []
    for event in sorted(_events(agent, beads, cleared)):
        if event.result == Result.INFRA:
            streak.append(event)
            spent.append(event)
            continue
        streak = []
        if event.result == _LANDED:
            spent = []
    left = max(0, CREDITS - len(spent))
    if spent and not left:
        return Breaker(Fitness.TRIPPED, len(spent), spent[0].at, None, spent[-1].reason, left)
    if len(streak) < THRESHOLD:
        return Breaker(Fitness.CLOSED, len(streak), credits=left)
    since, last = streak[0].at, streak[-1]
    if len(streak) >= THRESHOLD + TRIALS:
        return Breaker(Fitness.TRIPPED, len(streak), since, None, last.reason, left)
    until = last.at + cooldown
    state = Fitness.HALF_OPEN if until <= now else Fitness.OPEN
    return Breaker(state, len(streak), since, until, last.reason, left)


def _events(agent: str, beads: Iterable[Bead], cleared: int) -> Iterator[_Event]:
    for bead in beads:
        for attempt in bead.status.attempts:
            if attempt.agent != agent:
                continue
            if attempt.end > cleared and attempt.result is not Result.INTERRUPTED:
                yield _Event(attempt.end, attempt.token, attempt.result, attempt.reason)
            landed = bead.status.landed
            if (
                landed
                and landed.at > cleared
                and bead.status.submission
                and bead.status.submission.token == attempt.token
            ):
                yield _Event(landed.at, attempt.token, _LANDED)
