"""A move as it was made on another machine: how to tell that it is here already, and how to make it here.

Here means: on a Bead that others have moved meanwhile. Whatever speaks of an attempt is fenced by its whole token, what
speaks of a submission by its commit too, what a person said by what they said it about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gt.core import moves
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
    Submission,
)
from gt.core.town import Limits
from gt.core.values import dataclass
from gt.errors import IllegalMove

_OFFERED = frozenset({Result.SUBMITTED, Result.RED, Result.CONFLICT, Result.OVERTAKEN, Result.REJECTED})
"""Results of attempts that were submitted."""


@dataclass(frozen=True, slots=True)
class Made:
    """A move with all it was made with."""

    name: str
    """As in `moves.MOVES`."""
    there: Callable[[Bead], bool]
    """Whether the Bead has it already, or has gone on from it."""
    make: Callable[[Bead, Limits, int], Bead]
    """The Bead with it; raises IllegalMove when it can't be made from there. The time is for what has none of its own."""


def accept() -> Made:
    def there(bead: Bead) -> bool:
        return bead.phase not in (Phase.PROPOSED, Phase.CLOSED)

    return Made("accept", there, lambda bead, _limits, _now: moves.accept(bead))


def admit(submission: Submission, attempt: Attempt) -> Made:
    def make(bead: Bead, _limits: Limits, _now: int) -> Bead:
        return moves.admit(bead, submission, attempt)

    return Made("admit", submit(submission, attempt).there, make)


def claim(lease: Lease, observed: str) -> Made:
    def there(bead: Bead) -> bool:
        held = (bead.status.lease, bead.status.submission, *bead.status.attempts)
        return any(each is not None and each.token == lease.token for each in held)

    def make(bead: Bead, _limits: Limits, _now: int) -> Bead:
        return moves.claim(bead, lease, observed, elsewhere=True)

    return Made("claim", there, make)


def renew(token: str, expires: int) -> Made:
    return Made("renew", _never, lambda bead, _limits, _now: moves.renew(bead, token, expires))


def submit(submission: Submission, attempt: Attempt) -> Made:
    def there(bead: Bead) -> bool:
        known = bead.attempt(submission.token)
        return known is not None and known.result in _OFFERED and known.head == attempt.head

    return Made("submit", there, lambda bead, _limits, _now: moves.submit(bead, submission, attempt))


def offer(submission: Submission, attempt: Attempt) -> Made:
    def make(bead: Bead, _limits: Limits, _now: int) -> Bead:
        return moves.offer(bead, submission, attempt, elsewhere=True)

    return Made("offer", submit(submission, attempt).there, make)


def end(attempt: Attempt, at: int | None) -> Made:
    """`at`: when it was, if the status says; so that a page about it is the same page."""

    def there(bead: Bead) -> bool:
        return _ended(bead, attempt)

    def make(bead: Bead, limits: Limits, _now: int) -> Bead:
        return moves.end(bead, attempt, limits, attempt.end if at is None else at)

    return Made("end", there, make)


def ask(question: str, attempt: Attempt, at: int) -> Made:
    def there(bead: Bead) -> bool:
        return _ended(bead, attempt)

    return Made("ask", there, lambda bead, _limits, _now: moves.ask(bead, question, attempt, at))


def answer(answered: Question) -> Made:
    def there(bead: Bead) -> bool:
        return bead.status.question == answered

    def make(bead: Bead, limits: Limits, _now: int) -> Bead:
        question = bead.status.question
        if bead.phase is Phase.STUCK and question and (question.text, question.at) != _asked(answered):
            why = "asks something else by now than what was answered"
            raise IllegalMove(bead.id, why, hint=f"gt show {bead.id}")
        return moves.answer(bead, answered.answer or "", limits)

    return Made("answer", there, make)


def retry(before: Status) -> Made:
    """`before`: what was to be tried again. Stuck anew since, another call waits for another word."""

    def there(bead: Bead) -> bool:
        if bead.phase is Phase.STUCK:
            return before.stuck is not None and bead.status.stuck != before.stuck
        return bead.phase in (Phase.LEASED, Phase.SUBMITTED, Phase.LANDED)

    return Made("retry", there, lambda bead, limits, _now: moves.retry(bead, None, limits))


def approve(submission: Submission, approval: Approval) -> Made:
    def there(bead: Bead) -> bool:
        return approval in bead.status.approvals or _has_landed(bead, submission)

    def make(bead: Bead, _limits: Limits, _now: int) -> Bead:
        _check_offer(bead, submission)
        return moves.approve(bead, approval)

    return Made("approve", there, make)


def intend(submission: Submission, landing: str) -> Made:
    def there(bead: Bead) -> bool:
        held = bead.status.submission
        coming = held is not None and held.landing == landing and _offers(bead, submission)
        return coming or _has_landed(bead, submission)

    def make(bead: Bead, _limits: Limits, _now: int) -> Bead:
        return moves.intend(bead, submission.token, submission.commit, landing)

    return Made("intend", there, make)


def request(submission: Submission, offered: Offered) -> Made:
    """`submission` as it was before: others may have offered it themselves, or have got further with it."""

    def wanted(bead: Bead) -> Offered:
        held = bead.status.submission
        return _offered_by_both(held.offered if held else None, submission.offered, offered)

    def there(bead: Bead) -> bool:
        held = bead.status.submission
        done = held is not None and _offers(bead, submission) and held.offered == wanted(bead)
        return done or _has_landed(bead, submission)

    def make(bead: Bead, _limits: Limits, _now: int) -> Bead:
        return moves.request(bead, submission.token, submission.commit, wanted(bead))

    return Made("request", there, make)


def land(submission: Submission, landed: Landed) -> Made:
    def there(bead: Bead) -> bool:
        return _has_landed(bead, submission)

    def make(bead: Bead, _limits: Limits, _now: int) -> Bead:
        _check_offer(bead, submission)
        return moves.land(bead, landed)

    return Made("land", there, make)


def reject(submission: Submission, judged: Attempt, at: int | None) -> Made:
    """`judged`: the attempt's record as the rejection left it; `at` as for `end`."""

    def there(bead: Bead) -> bool:
        return _ended(bead, judged) and not _offers(bead, submission)

    def make(bead: Bead, limits: Limits, now: int) -> Bead:
        _check_offer(bead, submission)
        _check_intent(bead, submission)
        when = now if at is None else at
        return moves.reject(bead, submission.token, judged.result, judged.reason, limits, when)

    return Made("reject", there, make)


def withdraw(submission: Submission, judged: Attempt) -> Made:
    """`judged` as for `reject`."""

    def make(bead: Bead, limits: Limits, now: int) -> Bead:
        _check_offer(bead, submission)
        _check_intent(bead, submission)
        return moves.withdraw(bead, submission.token, judged.reason, limits, now)

    return Made("withdraw", reject(submission, judged, None).there, make)


def close(closed: Closed) -> Made:
    def there(bead: Bead) -> bool:
        return bead.status.closed is not None and bead.status.closed.reason is closed.reason

    return Made("close", there, lambda bead, _limits, _now: moves.close(bead, closed))


def reopen(before: Status) -> Made:
    """`before`: the end that was to be undone. One that came about otherwise stands."""

    def ending(status: Status) -> tuple[Closed | None, str]:
        return status.closed, status.landed.commit if status.landed else ""

    def there(bead: Bead) -> bool:
        return not bead.phase.over or ending(bead.status) != ending(before)

    return Made("reopen", there, lambda bead, limits, _now: moves.reopen(bead, limits))


def _never(_bead: Bead) -> bool:
    return False


def _asked(question: Question) -> tuple[str, int]:
    return question.text, question.at


def _ended(bead: Bead, attempt: Attempt) -> bool:
    known = bead.attempt(attempt.token)
    return known is not None and known.result is attempt.result


def _offers(bead: Bead, submission: Submission) -> bool:
    held = bead.status.submission
    return held is not None and (held.token, held.commit) == (submission.token, submission.commit)


def _offered_by_both(here: Offered | None, before: Offered | None, after: Offered) -> Offered:
    """What was changed there, made of what is here; of two tips the one here stays, unless it is the one from before."""
    if here is None:
        return after
    proven = after.tip if before is not None and here.tip == before.tip else here.tip
    return moves.offered_again(here, replace(after, tip=proven))


def _has_landed(bead: Bead, submission: Submission) -> bool:
    held, known = bead.status.submission, bead.attempt(submission.token)
    if held is not None and held.token == submission.token:
        return bead.phase is Phase.LANDED and held.commit == submission.commit
    # Landed, and opened again: of all that was submitted only what has landed keeps this result.
    return known is not None and known.result is Result.SUBMITTED


def _check_offer(bead: Bead, submission: Submission) -> None:
    """A submitted Bead must offer this very commit under this very token; other phases are the move's own to refuse."""
    held = bead.status.submission
    if bead.phase is Phase.SUBMITTED and held is not None and not _offers(bead, submission):
        raise IllegalMove(
            bead.id,
            f"has {held.commit[:12]} submitted under {held.token}, not {submission.commit[:12]} under {submission.token}",
            hint=f"gt show {bead.id}",
        )


def _check_intent(bead: Bead, submission: Submission) -> None:
    """What goes back must not be under way to its target, but by a landing that whoever sent it back knew of."""
    held = bead.status.submission
    if held is not None and held.landing not in (None, submission.landing):
        assert held.landing is not None
        raise IllegalMove(bead.id, f"is being landed as {held.landing[:12]}", hint=f"gt show {bead.id}")
