"""Whether one version of a Bead may follow another: what a place may ask that others' ledgers are pushed to.

Pure: two Beads in, clauses that go after the id out. Who made the change isn't asked: a commit says what it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from gt.core.bead import Attempt, Bead, Phase, Status
from gt.core.soundness import contradictions, doubles, impossible_times
from gt.core.trace import trace
from gt.errors import IllegalMove


def objections(before: Bead | None, after: Bead, now: int) -> Iterator[str]:
    """Why `after` may not follow `before` (None: it is new), as clauses; none if it may.

    What was wrong before and still is counts for nothing: nobody could write to such a Bead any more.
    """
    if before is not None and before.created != after.created:
        yield "says that it was created otherwise than it was"
    start = before or replace(after, status=_born(after.status))
    try:
        trace(start, after)
    except IllegalMove as error:
        yield error.why
    if before is not None:
        yield from _rewritten(before, after)
    checks: tuple[Callable[[Bead], Iterator[str]], ...] = (
        contradictions,
        doubles,
        partial(impossible_times, now=now),
    )
    for check in checks:
        known = frozenset(check(before)) if before is not None else frozenset()
        yield from (said for said in check(after) if said not in known)


def _born(status: Status) -> Status:
    """The status with which a Bead was made that has this one by now."""
    if status.phase is Phase.PROPOSED:
        return replace(status, attempts=())
    return Status(Phase.OPEN, status.observed, wake=status.wake, extra=status.extra)


def _rewritten(before: Bead, after: Bead) -> Iterator[str]:
    """What is on record of attempts that are over, and said otherwise now."""
    for attempt in before.status.attempts:
        now = after.attempt(attempt.token)
        if now is None:
            yield f"has no record of attempt {attempt.token} any more"
        elif _lasting(now) != _lasting(attempt):
            yield f"has another record of attempt {attempt.token} than it had"


def _lasting(attempt: Attempt) -> tuple[object, ...]:
    """What no judgement of an attempt changes."""
    return attempt.agent, attempt.start, attempt.head
