"""Where a Bead is once an attempt at it has ended: open again, for now or after a while, or stuck."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from gt.core.bead import Attempt, Bead, Phase, Result, Status, Stuck, StuckReason
from gt.core.town import Limits

BACKOFF_CAP = 1800
"""Seconds; no wait between attempts is longer."""

_WAITS = frozenset(
    {Result.NO_CHANGE, Result.WORK_FAILED, Result.DEADLINE, Result.STALLED, Result.CRASHED, Result.INFRA}
)
"""Results after which the next attempt waits: what failed may be passing. A red gate or a conflict is not."""


def backoff(uid: str, failures: int, base: int) -> int:
    """Seconds to wait after so many failures in a row (1 or more): exponential, capped, +-20% by hash.

    The jitter is a function of the Bead and the count, so that whoever computes it gets the same.
    """
    wait: int = min(BACKOFF_CAP, base * 2 ** min(failures - 1, 10))
    spread = int(hashlib.sha256(f"{uid}/{failures}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    return max(1, int(wait * (0.8 + 0.4 * spread)))


def attempts_allowed(bead: Bead, limits: Limits) -> int:
    """How many counted attempts it may have in its life."""
    return bead.spec.attempts or limits.attempts


def settled(bead: Bead, status: Status, last: Attempt, limits: Limits, now: int) -> Bead:
    """Back to open, with a wake where one is due; or stuck, when attempts or interruptions are spent."""
    after = replace(
        bead, status=replace(status, phase=Phase.OPEN, lease=None, submission=None, wake=None, stuck=None)
    )
    interruptions = sum(1 for a in after.status.attempts if a.result is Result.INTERRUPTED)
    spent = None
    if last.result.counted and after.counted >= attempts_allowed(bead, limits):
        spent = StuckReason.ATTEMPTS
    elif last.result is Result.INTERRUPTED and interruptions >= limits.interruptions:
        spent = StuckReason.INTERRUPTIONS
    if spent:
        stuck = Stuck(spent, now, f"{last.result}: {last.reason}" if last.reason else last.result.value)
        return replace(after, status=replace(after.status, phase=Phase.STUCK, stuck=stuck))
    if last.result in _WAITS:
        failures = 0
        for attempt in reversed(after.status.attempts):
            if attempt.result not in _WAITS:
                break
            failures += 1
        wake = now + backoff(bead.uid, failures, limits.backoff)
        return replace(after, status=replace(after.status, wake=wake))
    return after


def idle(bead: Bead) -> int:
    """How many of its last attempts changed nothing, those left aside that tell nothing of the work."""
    count = 0
    for attempt in reversed(bead.status.attempts):
        if attempt.result is Result.NO_CHANGE:
            count += 1
        elif attempt.result.counted:
            break
    return count
