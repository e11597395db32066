"""Which legal moves lead from one status of a Bead to another.

One commit of gt makes one move. A ledger written by hand may jump over several: they are found where the later status
still tells of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gt.core import made
from gt.core.bead import Attempt, Bead, Lease, Phase, Result, Status, StuckReason, Submission
from gt.core.ids import work_branch
from gt.core.made import Made
from gt.core.town import Limits
from gt.errors import IllegalMove

_PLENTY = Limits(attempts=10**9, interruptions=10**9, no_changes=10**9)
_SPENT = Limits(attempts=1, interruptions=1, no_changes=10**9)
"""On retracing, whether an attempt was the last one is read off the later status: these limits make it so."""


def trace(before: Bead, after: Bead) -> tuple[Made, ...]:
    """The moves from the status of `before` to that of `after`, in order; none if it is the same.

    Raises IllegalMove when there are none that gt could have made.
    """
    goal = after.status
    if before.status == goal:
        return ()
    moved: list[Made] = []
    at = _ungranted(before)
    try:
        for _ in range(3 * len(goal.attempts) + 6):
            step = next(_steps(at, goal), None)
            if step is None:
                break
            moved.append(step)
            at = _ungranted(step.make(at, _limits(at, goal), 0))
    except IllegalMove as error:
        raise _no_way(before, after) from error
    if not _same(at.status, goal) or not (moved or _but_for_extra(before.status, goal)):
        raise _no_way(before, after)
    return tuple(moved)


def _steps(at: Bead, goal: Status) -> Iterator[Made]:
    """The next move towards the goal, first; nothing when there is none to make."""
    match at.phase:
        case Phase.PROPOSED:
            yield from _from_proposed(at, goal)
        case Phase.OPEN:
            yield from _from_open(at, goal)
        case Phase.LEASED:
            yield from _from_leased(at, goal)
        case Phase.SUBMITTED:
            yield from _from_submitted(at, goal)
        case Phase.STUCK:
            yield from _from_stuck(at, goal)
        case Phase.LANDED | Phase.CLOSED:
            if (goal.phase, goal.landed, goal.closed) != (at.phase, at.status.landed, at.status.closed):
                yield made.reopen(at.status)


def _from_proposed(at: Bead, goal: Status) -> Iterator[Made]:
    proposed = at.status.submission
    offered = next((a for a in _new(at, goal) if proposed and a.token == proposed.token), None)
    if proposed and offered:
        later = goal.submission
        yield made.admit(later if later and later.token == proposed.token else proposed, offered)
    elif goal.phase is Phase.CLOSED and goal.closed and not _new(at, goal):
        yield made.close(goal.closed)
    elif goal.phase is not Phase.PROPOSED:
        yield made.accept()


def _from_open(at: Bead, goal: Status) -> Iterator[Made]:
    new = _new(at, goal)
    if new and goal.submission and _is_offer(at, goal.submission, new[0]):
        yield made.offer(goal.submission, new[0])
    elif new:
        yield made.claim(_lease_of(new[0]), goal.observed)
    elif goal.phase is Phase.LEASED and goal.lease:
        yield made.claim(goal.lease, goal.observed)
    elif goal.phase is Phase.CLOSED and goal.closed:
        yield made.close(goal.closed)
    elif goal.phase is Phase.OPEN and goal.wake is None and at.status.wake is not None:
        yield made.retry(at.status)


def _is_offer(at: Bead, submission: Submission, attempt: Attempt) -> bool:
    """Whether it was a person's own branch: no agent made it, and it isn't the branch of an attempt."""
    own = submission.token == attempt.token and not attempt.agent
    return own and submission.branch != work_branch(at.id, submission.token)


def _from_leased(at: Bead, goal: Status) -> Iterator[Made]:
    lease = at.status.lease
    assert lease is not None
    if goal.lease and goal.lease.token == lease.token:
        if goal.lease.expires > lease.expires:
            yield made.renew(lease.token, goal.lease.expires)
        return
    attempt = next((a for a in goal.attempts if a.token == lease.token), None)
    if attempt is None:
        return
    if goal.submission and goal.submission.token == lease.token:
        yield made.submit(goal.submission, attempt)
    elif attempt.result is Result.ASKED or (
        goal.stuck and goal.stuck.reason is StuckReason.QUESTION and len(_new(at, goal)) == 1
    ):
        asked = goal.question
        yield made.ask(asked.text if asked else attempt.reason, attempt, asked.at if asked else attempt.end)
    else:
        yield made.end(attempt, goal.stuck.since if goal.stuck and _is_last(at, goal) else None)


def _from_submitted(at: Bead, goal: Status) -> Iterator[Made]:
    submission = at.status.submission
    assert submission is not None
    if goal.submission == submission:
        for approval in goal.approvals:
            if approval not in at.status.approvals:
                yield made.approve(submission, approval)
        if goal.phase is Phase.LANDED and goal.landed:
            yield made.land(submission, goal.landed)
        return
    later = goal.submission
    if later is not None and later == replace(submission, landing=later.landing, offered=later.offered):
        if later.offered is not None and later.offered != submission.offered:
            yield made.request(submission, later.offered)
        elif later.landing is not None:
            yield made.intend(submission, later.landing)
        return
    judged = next((a for a in goal.attempts if a.token == submission.token), None)
    if judged is not None and judged.result is Result.RELEASED:
        yield made.withdraw(submission, judged)
    elif judged is not None and judged.result is not Result.SUBMITTED:
        yield made.reject(submission, judged, goal.stuck.since if goal.stuck and _is_last(at, goal) else None)


def _from_stuck(at: Bead, goal: Status) -> Iterator[Made]:
    asked, told = at.status.question, goal.question
    if asked and told and asked.answer is None and told == replace(asked, answer=told.answer) != asked:
        yield made.answer(told)
    elif goal.phase is Phase.CLOSED and goal.closed and not _new(at, goal):
        yield made.close(goal.closed)
    elif goal.stuck != at.status.stuck or _new(at, goal):
        yield made.retry(at.status)


def _new(at: Bead, goal: Status) -> list[Attempt]:
    """The attempts that have ended in the goal and not yet here."""
    return [attempt for attempt in goal.attempts if at.attempt(attempt.token) is None]


def _is_last(at: Bead, goal: Status) -> bool:
    """Whether the attempt under way, or submitted, is the last of those that have ended in the goal."""
    now = at.status.lease or at.status.submission
    return now is not None and all(attempt.token == now.token for attempt in _new(at, goal))


def _limits(at: Bead, goal: Status) -> Limits:
    return _SPENT if goal.phase is Phase.STUCK and _is_last(at, goal) else _PLENTY


def _ungranted(bead: Bead) -> Bead:
    """The Bead without the attempts that a person has granted it: not theirs, the later status says which was the last."""
    return replace(bead, spec=replace(bead.spec, attempts=None))


def _lease_of(attempt: Attempt) -> Lease:
    """What is still known of the lease of an attempt that has ended."""
    return Lease(
        token=attempt.token,
        agent=attempt.agent,
        actor="",
        host="",
        boot="",
        clone="",
        lock=False,
        pid=0,
        pidstart=0,
        started=attempt.start,
        expires=attempt.end,
        worktree="",
        branch="",
        base="",
        basecommit="",
    )


def _same(one: Status, other: Status) -> bool:
    """Whether both say the same but for what gt may write shorter, or works out from a time and the town's limits."""
    return _core(one) == _core(other)


def _core(status: Status) -> tuple[object, ...]:
    return (
        status.phase,
        status.lease,
        status.submission,
        status.landed,
        status.closed,
        status.stuck and status.stuck.reason,
        status.question,
        set(status.approvals),
        [(attempt.token, attempt.result) for attempt in status.attempts],
    )


def _but_for_extra(one: Status, other: Status) -> bool:
    return replace(one, extra={}) == replace(other, extra={})


def _no_way(before: Bead, after: Bead) -> IllegalMove:
    why = f"went from {before.phase} to {after.phase}, and no legal moves lead there"
    return IllegalMove(after.id, why, hint=f"gt log {after.id}")
