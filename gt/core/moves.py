"""Every legal edge of a Bead's status, a pure function each.

Each says which phases it leaves, who may take it and under which guard; the table in docs/moves.md is
generated from `MOVES`. A move that isn't legal raises IllegalMove and changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

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
    Stuck,
    StuckReason,
    Submission,
)
from gt.core.budget import granted
from gt.core.edges import TABLE, edge
from gt.core.settling import attempts_allowed, idle, settled
from gt.core.town import Limits
from gt.errors import IllegalMove

_IDLE = "is it done already, or what is missing? An agent changed nothing"


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
    """What is known after a submission was offered once more: that it was opened, and where, is never forgotten.

    While it isn't, the last who set about it has his time.
    """
    if before is None:
        return now
    opened = now.opened if before.opened is None else before.opened
    at = before.at if opened is not None else max(before.at, now.at)
    return Offered(at, now.tip, opened, before.url or now.url)


@edge((Phase.PROPOSED,), (Phase.OPEN,), "person", "none")
def accept(bead: Bead) -> Bead:
    """A proposal becomes work."""
    return replace(bead, status=replace(bead.status, phase=Phase.OPEN, submission=None))


@edge((Phase.PROPOSED,), (Phase.SUBMITTED,), "person", "token and commit are those that it was proposed with")
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


@edge((Phase.OPEN,), (Phase.LEASED,), "person or gt work", "ready; the token's ordinal is the next")
def claim(bead: Bead, lease: Lease, observed: str, *, elsewhere: bool = False) -> Bead:
    """The Bead is somebody's until the lease expires. Whether it is ready, the caller has asked `ready.waiting`.

    `elsewhere`: the claim was made on another machine, which may have given the same ordinal as this one. The whole
    token is what fences compare: it must be new.
    """
    _check_token(bead, lease.token, elsewhere=elsewhere)
    return replace(
        bead, status=replace(bead.status, phase=Phase.LEASED, lease=lease, observed=observed, wake=None)
    )


@edge((Phase.LEASED,), (Phase.LEASED,), "holder", "the token is the lease's; the new end is later")
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


@edge((Phase.LEASED,), (Phase.SUBMITTED,), "holder", "the token is the lease's: submitting consumes it")
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


@edge(
    (Phase.OPEN,),
    (Phase.SUBMITTED,),
    "person",
    "a commit of a branch of theirs; the token's ordinal is the next",
)
def offer(bead: Bead, submission: Submission, attempt: Attempt, *, elsewhere: bool = False) -> Bead:
    """A person offers a branch that exists already: claimed and submitted in one. `elsewhere` as for `claim`."""
    _check_token(bead, submission.token, elsewhere=elsewhere)
    return _offered(bead, submission, attempt)


@edge(
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
    times = idle(bead) + 1
    if attempt.result is Result.NO_CHANGE and times >= limits.no_changes:
        return ask(bead, f"{_IDLE} ({times} times in a row). {attempt.reason}".rstrip(), attempt, now)
    status = replace(bead.status, attempts=(*bead.status.attempts, attempt))
    return settled(bead, status, attempt, limits, now)


@edge((Phase.LEASED,), (Phase.STUCK,), "holder", "the token is the lease's")
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


@edge((Phase.STUCK,), (Phase.OPEN,), "person", "a question is open")
def answer(bead: Bead, text: str, limits: Limits) -> Bead:
    """The next attempt is primed with the answer."""
    question = bead.status.question
    if question is None or question.answer is not None:
        raise IllegalMove(bead.id, "has no open question", hint=f"gt retry {bead.id}")
    answered = replace(
        bead.status, phase=Phase.OPEN, stuck=None, wake=None, question=replace(question, answer=text)
    )
    return _credited(replace(bead, status=answered), 1, limits)


@edge(
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


@edge((Phase.SUBMITTED,), (Phase.SUBMITTED,), "person", "for this very commit")
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


@edge(
    (Phase.SUBMITTED,),
    (Phase.SUBMITTED,),
    "merge, with a remote",
    "token and commit are the submission's; the same push moves the remote's target",
)
def intend(bead: Bead, token: str, commit: str, landing: str) -> Bead:
    """The submission is being landed by this commit. Whether that arrives, the target says: this is no landing."""
    submission = _submitted_as(bead, token, commit)
    return replace(bead, status=replace(bead.status, submission=replace(submission, landing=landing)))


@edge(
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


@edge(
    (Phase.SUBMITTED,),
    (Phase.LANDED,),
    "merge or reconcile",
    "a landing on the target names bead, token and commit",
)
def land(bead: Bead, landed: Landed) -> Bead:
    """The target has it."""
    return replace(bead, status=replace(bead.status, phase=Phase.LANDED, landed=landed))


@edge(
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
    return settled(bead, status, last, limits, now)


@edge((Phase.SUBMITTED,), (Phase.OPEN,), "person", "the token is the submission's; it hasn't landed")
def withdraw(bead: Bead, token: str, reason: str, limits: Limits, now: int) -> Bead:
    """The submission is taken back by a person: it costs no attempt, and what was submitted stays pinned."""
    return reject(bead, token, Result.RELEASED, reason, limits, now)


@edge(
    (Phase.PROPOSED, Phase.OPEN, Phase.STUCK),
    (Phase.CLOSED,),
    "person",
    "no child is open still; as done: what it needs is, too",
)
def close(bead: Bead, closed: Closed) -> Bead:
    """It ends without landing."""
    status = replace(bead.status, phase=Phase.CLOSED, closed=closed, submission=None, stuck=None, wake=None)
    return replace(bead, status=status)


@edge(
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


MOVES = TABLE
"""All of them, by name."""
