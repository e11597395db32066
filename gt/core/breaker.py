"""Whether an agent is fit to be given work: derived from what its attempts ended with, never stored.

Infrastructure failures (no key, no network) don't count against a Bead; they count here, so that one expired key can't
burn through the whole ledger. One that says when it is over, as a limit of a model's server does, needs nobody until
then: the agent rests up to that time, and no longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from gt.core.bead import Bead, Result
from gt.core.values import dataclass

THRESHOLD = 3
"""Infrastructure failures in a row, of no known end, that open the breaker."""
TRIALS = 3
"""Failed trials after which only a person closes it again: attempts that began when it was open already."""
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
    limited: bool = False
    """Whether it only ran into a limit that ends by itself: that is no call for a person."""


class _Event(NamedTuple):
    """The end of an attempt, or its landing."""

    at: int
    token: str
    result: str
    reason: str = ""
    start: int = 0
    resets: int = 0
    """When the limit that it ran into is over; 0: it ran into none, or nobody knows."""


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
    opened = _opened(streak)
    if spent and not left:
        first = streak[0] if opened is not None else spent[0]
        return Breaker(Fitness.TRIPPED, len(spent), first.at, None, spent[-1].reason, left)
    if opened is None:
        return Breaker(Fitness.CLOSED, len(streak), credits=left)
    since, last = streak[0].at, streak[-1]
    if sum(1 for event in streak if event.start > opened.at) >= TRIALS:
        return Breaker(Fitness.TRIPPED, len(streak), since, None, last.reason, left)
    limited = sum(1 for event in streak if not event.resets) < THRESHOLD
    until = max(event.resets for event in streak)
    if not limited:
        until = max(until, last.at + cooldown)
    state = Fitness.HALF_OPEN if until <= now else Fitness.OPEN
    return Breaker(state, len(streak), since, until, last.reason, left, limited)


def _opened(streak: list[_Event]) -> _Event | None:
    """The failure of a row that opened the breaker: the first that says when it is over, or else the third."""
    plain = 0
    for event in streak:
        plain += not event.resets
        if event.resets or plain == THRESHOLD:
            return event
    return None


def _events(agent: str, beads: Iterable[Bead], cleared: int) -> Iterator[_Event]:
    for bead in beads:
        for attempt in bead.status.attempts:
            if attempt.agent != agent:
                continue
            if attempt.end > cleared and attempt.result is not Result.INTERRUPTED:
                ended = (attempt.result, attempt.reason, attempt.start, attempt.resets or 0)
                yield _Event(attempt.end, attempt.token, *ended)
            landed = bead.status.landed
            if (
                landed
                and landed.at > cleared
                and bead.status.submission
                and bead.status.submission.token == attempt.token
            ):
                yield _Event(landed.at, attempt.token, _LANDED)
