"""Every legal edge of a Bead's status, a pure function each.

Each says which phases it leaves, who may take it and under which guard; the table in docs/moves.md is
generated from `MOVES`. A move that isn't legal raises IllegalMove and changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Concatenate, ParamSpec

from gt.core.bead import (
    Approval,
    Attempt,
    Bead,
    Closed,
    Landed,
    Lease,
    Offered,
    Phase,
    Question,
    Result,
    Status,
    Stuck,
    StuckReason,
    Submission,
)
from gt.core.budget import granted
from gt.core.town import Limits
from gt.core.values import dataclass
from gt.errors import IllegalMove

P = ParamSpec("P")

BACKOFF_CAP = 1800
"""Seconds; no wait between attempts is longer."""

_WAITS = frozenset(
    {Result.NO_CHANGE, Result.WORK_FAILED, Result.DEADLINE, Result.STALLED, Result.CRASHED, Result.INFRA}
)
"""Results after which the next attempt waits: what failed may be passing. A red gate or a conflict is not."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One row of the table of legal moves."""

    name: str
    leaves: tuple[Phase, ...]
    enters: tuple[Phase, ...]
    actor: str
    guard: str


MOVES: dict[str, Edge] = {}


def _edge(
    leaves: tuple[Phase, ...], enters: tuple[Phase, ...], actor: str, guard: str
) -> Callable[[Callable[Concatenate[Bead, P], Bead]], Callable[Concatenate[Bead, P], Bead]]:
    def register(move: Callable[Concatenate[Bead, P], Bead]) -> Callable[Concatenate[Bead, P], Bead]:
        name = move.__name__
        MOVES[name] = Edge(name, leaves, enters, actor, guard)

        def checked(bead: Bead, /, *args: P.args, **kwargs: P.kwargs) -> Bead:
            if bead.phase not in leaves:
                raise IllegalMove(bead.id, _not_from(name, bead), hint=_instead(bead))
            return move(bead, *args, **kwargs)

        checked.__name__ = name
        checked.__doc__ = move.__doc__
        return checked

    return register


def _not_from(name: str, bead: Bead) -> str:
    status = bead.status
    if status.lease:
        return f"is leased by {status.lease.actor} under {status.lease.token}: can't {name}"
    if status.closed:
        return f"is closed ({status.closed.reason}): can't {name}"
    return f"is {bead.phase}: can't {name}"


def _instead(bead: Bead) -> str:
    return {
        Phase.PROPOSED: f"gt accept {bead.id}",
        Phase.OPEN: f"gt why {bead.id}",
        Phase.LEASED: f"gt {'stop' if _by_attempt(bead) else 'release'} {bead.id}",
        Phase.SUBMITTED: f"gt reject {bead.id} -r REASON",
        Phase.LANDED: f"gt reopen {bead.id}",
        Phase.CLOSED: f"gt reopen {bead.id}",
        Phase.STUCK: f"gt retry {bead.id}",
    }[bead.phase]


def _by_attempt(bead: Bead) -> bool:
    """Whether an attempt of gt work holds it, and no person."""
    return bead.status.lease is not None and bead.status.lease.lock


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


def _settled(bead: Bead, status: Status, last: Attempt, limits: Limits, now: int) -> Bead:
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


_IDLE = "is it done already, or what is missing? An agent changed nothing"


def _idle(bead: Bead) -> int:
    """How many of its last attempts changed nothing, those left aside that tell nothing of the work."""
    count = 0
    for attempt in reversed(bead.status.attempts):
        if attempt.result is Result.NO_CHANGE:
            count += 1
        elif attempt.result.counted:
            break
    return count


def _held_under(bead: Bead, token: str) -> Lease:
    lease = bead.status.lease
    assert lease is not None
    if lease.token != token:
        raise IllegalMove(
            bead.id,
            f"is leased under {lease.token}, not {token}: that attempt is over",
            hint=f"gt show {bead.id}",
        )
    return lease


def _check_token(bead: Bead, token: str, *, elsewhere: bool) -> None:
    if elsewhere and bead.attempt(token):
        raise IllegalMove(bead.id, f"has had an attempt under {token} already")
    if not elsewhere and int(token.partition("-")[0]) != bead.next_ordinal:
        raise IllegalMove(bead.id, f"can't be held under {token}: the next ordinal is {bead.next_ordinal}")


def _offered(bead: Bead, submission: Submission, attempt: Attempt) -> Bead:
    status = replace(
        bead.status,
        phase=Phase.SUBMITTED,
        observed=submission.spec,
        submission=submission,
        approvals=(),
        wake=None,
        attempts=(*bead.status.attempts, attempt),
    )
    return replace(bead, status=status)


def _submitted_as(bead: Bead, token: str, commit: str) -> Submission:
    submission = bead.status.submission
    assert submission is not None
    if (submission.token, submission.commit) != (token, commit):
        raise IllegalMove(bead.id, f"has {submission.commit[:12]} submitted, not {commit[:12]} under {token}")
    return submission


def offered_again(before: Offered | None, now: Offered) -> Offered:
    """What is known after a submission was offered once more: that it was opened, and where, is never forgotten."""
    if before is None:
        return now
    opened = now.opened if before.opened is None else before.opened
    return Offered(before.at, now.tip, opened, before.url or now.url)


@_edge((Phase.PROPOSED,), (Phase.OPEN,), "person", "none")
def accept(bead: Bead) -> Bead:
    """A proposal becomes work."""
    return replace(bead, status=replace(bead.status, phase=Phase.OPEN, submission=None))


@_edge(
    (Phase.PROPOSED,), (Phase.SUBMITTED,), "person", "token and commit are those that it was proposed with"
)
def admit(bead: Bead, submission: Submission, attempt: Attempt) -> Bead:
    """A proposal that came with its work is accepted: the work is offered for landing."""
    proposed = bead.status.submission
    if proposed is None:
        raise IllegalMove(bead.id, "was proposed without a commit", hint=f"gt accept {bead.id}")
    if (proposed.token, proposed.commit) != (submission.token, submission.commit):
        raise IllegalMove(bead.id, f"was proposed with {proposed.commit[:12]}, not {submission.commit[:12]}")
    if bead.attempt(submission.token) is not None:
        raise IllegalMove(bead.id, f"has an attempt {submission.token} already")
    return _offered(bead, submission, attempt)


@_edge((Phase.OPEN,), (Phase.LEASED,), "person or gt work", "ready; the token's ordinal is the next")
def claim(bead: Bead, lease: Lease, observed: str, *, elsewhere: bool = False) -> Bead:
    """The Bead is somebody's until the lease expires. Whether it is ready, the caller has asked `ready.waiting`.

    `elsewhere`: the claim was made on another machine, which may have given the same ordinal as this one. The whole
    token is what fences compare: it must be new.
    """
    _check_token(bead, lease.token, elsewhere=elsewhere)
    return replace(
        bead, status=replace(bead.status, phase=Phase.LEASED, lease=lease, observed=observed, wake=None)
    )


@_edge((Phase.LEASED,), (Phase.LEASED,), "holder", "the token is the lease's; the new end is later")
def renew(bead: Bead, token: str, expires: int) -> Bead:
    """A person's lease lasts longer. The same Bead if it already does."""
    lease = _held_under(bead, token)
    if lease.lock:
        raise IllegalMove(
            bead.id, "is leased by an attempt of gt work: its deadline stands", hint=f"gt stop {bead.id}"
        )
    if expires <= lease.expires:
        return bead
    return replace(bead, status=replace(bead.status, lease=replace(lease, expires=expires)))


@_edge((Phase.LEASED,), (Phase.SUBMITTED,), "holder", "the token is the lease's: submitting consumes it")
def submit(bead: Bead, submission: Submission, attempt: Attempt) -> Bead:
    """The work is offered for landing and the lease is over."""
    _held_under(bead, submission.token)
    status = replace(
        bead.status,
        phase=Phase.SUBMITTED,
        lease=None,
        submission=submission,
        approvals=(),
        attempts=(*bead.status.attempts, attempt),
    )
    return replace(bead, status=status)


@_edge(
    (Phase.OPEN,),
    (Phase.SUBMITTED,),
    "person",
    "a commit of a branch of theirs; the token's ordinal is the next",
)
def offer(bead: Bead, submission: Submission, attempt: Attempt, *, elsewhere: bool = False) -> Bead:
    """A person offers a branch that exists already: claimed and submitted in one. `elsewhere` as for `claim`."""
    _check_token(bead, submission.token, elsewhere=elsewhere)
    return _offered(bead, submission, attempt)


@_edge(
    (Phase.LEASED,),
    (Phase.OPEN, Phase.STUCK),
    "holder, reconcile or person",
    "the token is the lease's; stuck when attempts or interruptions are spent, or nothing was changed again and again",
)
def end(bead: Bead, attempt: Attempt, limits: Limits, now: int) -> Bead:
    """The attempt is over without a submission: failed, released, expired, dead.

    One that changed nothing, as the one before it, is a question to a person: it may be done already.
    """
    _held_under(bead, attempt.token)
    idle = _idle(bead) + 1
    if attempt.result is Result.NO_CHANGE and idle >= limits.no_changes:
        return ask(bead, f"{_IDLE} ({idle} times in a row). {attempt.reason}".rstrip(), attempt, now)
    status = replace(bead.status, attempts=(*bead.status.attempts, attempt))
    return _settled(bead, status, attempt, limits, now)


@_edge((Phase.LEASED,), (Phase.STUCK,), "holder", "the token is the lease's")
def ask(bead: Bead, question: str, attempt: Attempt, now: int) -> Bead:
    """The attempt ends with a question to a person: nobody burns time waiting for the answer."""
    _held_under(bead, attempt.token)
    status = replace(
        bead.status,
        phase=Phase.STUCK,
        lease=None,
        attempts=(*bead.status.attempts, attempt),
        question=Question(question, now),
        stuck=Stuck(StuckReason.QUESTION, now, question),
    )
    return replace(bead, status=status)


@_edge((Phase.STUCK,), (Phase.OPEN,), "person", "a question is open")
def answer(bead: Bead, text: str, limits: Limits) -> Bead:
    """The next attempt is primed with the answer."""
    question = bead.status.question
    if question is None or question.answer is not None:
        raise IllegalMove(bead.id, "has no open question", hint=f"gt retry {bead.id}")
    answered = replace(
        bead.status, phase=Phase.OPEN, stuck=None, wake=None, question=replace(question, answer=text)
    )
    return _credited(replace(bead, status=answered), 1, limits)


@_edge(
    (Phase.STUCK, Phase.OPEN), (Phase.OPEN,), "person", "none; grants attempts and a budget if none is left"
)
def retry(bead: Bead, attempts: int | None, limits: Limits) -> Bead:
    """Another go, now: a wait is over, at least `attempts` (default: the town's) are left, and a spent budget is renewed."""
    woken = replace(bead, status=replace(bead.status, phase=Phase.OPEN, stuck=None, wake=None))
    return _credited(woken, attempts or limits.attempts, limits)


def _credited(bead: Bead, attempts: int, limits: Limits) -> Bead:
    bead = granted(bead, limits)
    if attempts_allowed(bead, limits) - bead.counted >= attempts:
        return bead
    return replace(bead, spec=replace(bead.spec, attempts=bead.counted + attempts))


@_edge((Phase.SUBMITTED,), (Phase.SUBMITTED,), "person", "for this very commit")
def approve(bead: Bead, approval: Approval) -> Bead:
    """A person vouches for this commit on this base. The same Bead if that is recorded already."""
    submission = bead.status.submission
    assert submission is not None
    if approval.commit != submission.commit:
        raise IllegalMove(bead.id, f"has {submission.commit[:12]} submitted, not {approval.commit[:12]}")
    mine = (approval.commit, approval.base, approval.protected, approval.by)
    same = [a for a in bead.status.approvals if (a.commit, a.base, a.protected, a.by) == mine]
    if same and (approval.signature is None or any(a.signature == approval.signature for a in same)):
        return bead
    return replace(bead, status=replace(bead.status, approvals=(*bead.status.approvals, approval)))


@_edge(
    (Phase.SUBMITTED,),
    (Phase.SUBMITTED,),
    "merge, with a remote",
    "token and commit are the submission's; the same push moves the remote's target",
)
def intend(bead: Bead, token: str, commit: str, landing: str) -> Bead:
    """The submission is being landed by this commit. Whether that arrives, the target says: this is no landing."""
    submission = _submitted_as(bead, token, commit)
    return replace(bead, status=replace(bead.status, submission=replace(submission, landing=landing)))


@_edge(
    (Phase.SUBMITTED,),
    (Phase.SUBMITTED,),
    "merge, where others land",
    "token and commit are the submission's; the command that offers it runs after this",
)
def request(bead: Bead, token: str, commit: str, offered: Offered) -> Bead:
    """Others are asked to land the submission, or have been. Whether they do, the target says: this is no landing."""
    submission = _submitted_as(bead, token, commit)
    after = replace(submission, offered=offered_again(submission.offered, offered))
    return replace(bead, status=replace(bead.status, submission=after))


@_edge(
    (Phase.SUBMITTED,),
    (Phase.LANDED,),
    "merge or reconcile",
    "a landing on the target names bead, token and commit",
)
def land(bead: Bead, landed: Landed) -> Bead:
    """The target has it."""
    return replace(bead, status=replace(bead.status, phase=Phase.LANDED, landed=landed))


@_edge(
    (Phase.SUBMITTED,),
    (Phase.OPEN, Phase.STUCK),
    "merge, or a person by gt reject",
    "the token is the submission's; stuck when attempts are spent",
)
def reject(bead: Bead, token: str, result: Result, reason: str, limits: Limits, now: int) -> Bead:
    """The submission is not taken; the attempt's record says why."""
    submission = bead.status.submission
    assert submission is not None
    if submission.token != token:
        raise IllegalMove(bead.id, f"has {submission.token} submitted, not {token}")
    # A Bead that others wrote may lack the record: the submission says enough to make it.
    kept = bead.attempt(token) or Attempt(
        token, submission.agent, submission.at, now, result, head=submission.commit
    )
    last = replace(kept, result=result, reason=reason)
    others = tuple(last if a.token == token else a for a in bead.status.attempts)
    attempts = others if last in others else (*others, last)
    status = replace(bead.status, attempts=attempts)
    return _settled(bead, status, last, limits, now)


@_edge((Phase.SUBMITTED,), (Phase.OPEN,), "person", "the token is the submission's; it hasn't landed")
def withdraw(bead: Bead, token: str, reason: str, limits: Limits, now: int) -> Bead:
    """The submission is taken back by a person: it costs no attempt, and what was submitted stays pinned."""
    return reject(bead, token, Result.RELEASED, reason, limits, now)


@_edge(
    (Phase.PROPOSED, Phase.OPEN, Phase.STUCK),
    (Phase.CLOSED,),
    "person",
    "no child is open still; as done: what it needs is, too",
)
def close(bead: Bead, closed: Closed) -> Bead:
    """It ends without landing."""
    status = replace(bead.status, phase=Phase.CLOSED, closed=closed, submission=None, stuck=None, wake=None)
    return replace(bead, status=status)


@_edge(
    (Phase.CLOSED, Phase.LANDED),
    (Phase.OPEN,),
    "person",
    "none; starts over with the next token, from the target",
)
def reopen(bead: Bead, limits: Limits) -> Bead:
    """Work again: what landed stays landed, the next attempt starts from the target."""
    status = replace(
        bead.status,
        phase=Phase.OPEN,
        closed=None,
        landed=None,
        submission=None,
        approvals=(),
        question=None,
        wake=None,
    )
    return _credited(replace(bead, status=status), limits.attempts, limits)
