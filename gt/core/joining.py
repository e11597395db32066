"""The status of a Bead that two unrelated ledgers hold: there is no move that led from one to the other.

What has ended wins over what hasn't, and what calls a person over what goes on by itself. No lease and no submission
survives unless both have the very same: its attempt is then on record as released or overtaken, which costs the Bead
nothing, so that its token is never given again and its work is found. Attempts are united by their tokens.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gt.core.bead import Approval, Attempt, Lease, Phase, Question, Result, Status, Submission
from gt.core.data import status_data
from gt.core.fields import order
from gt.core.ids import ordinal

JOINED = "two ledgers were joined"
"""The reason of an attempt that ended by it."""

_RANK = {
    Phase.PROPOSED: 0,
    Phase.OPEN: 1,
    Phase.STUCK: 2,
    Phase.LEASED: 3,
    Phase.SUBMITTED: 4,
    Phase.CLOSED: 5,
    Phase.LANDED: 6,
}


def joined_status(one: Status, other: Status) -> Status:
    """The status of both, whichever is named first."""
    if one == other:
        return one
    mine, yours = _released(one, other), _released(other, one)
    first, second = sorted((mine, yours), key=_weight, reverse=True)
    question = _question(first, second)
    if (
        first.phase is Phase.STUCK
        and first.question
        and question
        and question.answer != first.question.answer
    ):
        # The other side has the answer that this one waits for.
        first = replace(first, phase=Phase.OPEN, stuck=None)
    wakes = [status.wake for status in (mine, yours) if status.wake is not None]
    extra = {
        key: max((s.extra[key] for s in (mine, yours) if key in s.extra), key=order)
        for key in sorted(mine.extra.keys() | yours.extra.keys())
    }
    return replace(
        first,
        question=question,
        approvals=_approvals(first, second),
        wake=max(wakes, default=None) if first.phase is Phase.OPEN else first.wake,
        attempts=_attempts(mine.attempts + yours.attempts),
        extra=extra,
    )


def _weight(status: Status) -> tuple[int, Any]:
    return _RANK[status.phase], order(status_data(status))


def _released(status: Status, other: Status) -> Status:
    """The status without a lease or a submission that the other side doesn't have."""
    lease, submission = status.lease, status.submission
    if lease and lease != other.lease:
        attempts = (*status.attempts, _released_attempt(lease))
        status = replace(status, phase=Phase.OPEN, lease=None, attempts=attempts)
    if submission and status.phase is Phase.SUBMITTED and not _same_offer(submission, other.submission):
        attempts = (*_without(status.attempts, submission.token), _overtaken(status, submission))
        status = replace(status, phase=Phase.OPEN, submission=None, approvals=(), attempts=attempts)
    return status


def _same_offer(one: Submission, other: Submission | None) -> bool:
    return other is not None and (one.token, one.commit) == (other.token, other.commit)


def _released_attempt(lease: Lease) -> Attempt:
    # It ends when it began: what either clock says now is not the same on both sides.
    return Attempt(lease.token, lease.agent, lease.started, lease.started, Result.RELEASED, JOINED)


def _overtaken(status: Status, submission: Submission) -> Attempt:
    for attempt in status.attempts:
        if attempt.token == submission.token:
            return replace(attempt, result=Result.OVERTAKEN, reason=JOINED)
    at, commit = submission.at, submission.commit
    return Attempt(submission.token, submission.agent, at, at, Result.OVERTAKEN, JOINED, commit)


def _without(attempts: tuple[Attempt, ...], token: str) -> tuple[Attempt, ...]:
    return tuple(attempt for attempt in attempts if attempt.token != token)


def _attempts(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """One record a token, in the order of their ordinals: what was judged later says more."""
    found: dict[str, Attempt] = {}
    for attempt in sorted(attempts, key=_said):
        found[attempt.token] = attempt
    return tuple(
        sorted(found.values(), key=lambda attempt: (ordinal(attempt.token), attempt.end, attempt.token))
    )


def _said(attempt: Attempt) -> tuple[bool, bool, int, Any]:
    by_joining = attempt.reason == JOINED
    values = [getattr(attempt, name) for name in Attempt.__slots__ if name != "usage"]
    return (
        not by_joining,
        attempt.result is not Result.SUBMITTED,
        attempt.end,
        order([*values, dict(attempt.usage)]),
    )


def _question(first: Status, second: Status) -> Question | None:
    mine, yours = first.question, second.question
    if mine is None or yours is None:
        return mine or yours
    if (mine.text, mine.at) == (yours.text, yours.at):
        return max(mine, yours, key=lambda question: order(question.answer))
    if first.phase is Phase.STUCK:
        return mine
    return max(mine, yours, key=lambda question: (question.at, question.text))


def _approvals(first: Status, second: Status) -> tuple[Approval, ...]:
    """Approvals speak of one submission."""
    if first.approvals == second.approvals or not first.submission:
        return first.approvals
    if not _same_offer(first.submission, second.submission):
        return first.approvals
    both = {*first.approvals, *second.approvals}
    return tuple(
        sorted(both, key=lambda a: (a.at, a.by, order([a.commit, a.base, a.protected, a.signature])))
    )
