from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core import moves, settling
from gt.core.bead import (
    Approval,
    Attempt,
    Bead,
    Closed,
    CloseReason,
    Landed,
    Offered,
    Phase,
    Result,
    StuckReason,
    Submission,
)
from gt.core.data import bead_data
from gt.core.schema import bead_from
from gt.core.town import Limits
from gt.errors import IllegalMove
from tests.core import strategies
from tests.core.small import NOW, OID, attempt, bead, lease, submission, with_work

LIMITS = Limits()

Move = Callable[[Bead], Bead]
CALLS: dict[str, Move] = {
    "accept": moves.accept,
    "admit": lambda b: moves.admit(b, *_brought(b)),
    "claim": lambda b: moves.claim(b, lease(f"{b.next_ordinal}-aaaa"), ""),
    "renew": lambda b: moves.renew(b, b.status.lease.token if b.status.lease else "1-aaaa", NOW + 9**9),
    "submit": lambda b: moves.submit(b, submission(_token(b)), attempt(_token(b), Result.SUBMITTED)),
    "offer": lambda b: moves.offer(
        b,
        submission(f"{b.next_ordinal}-aaaa"),
        replace(attempt(f"{b.next_ordinal}-aaaa", Result.SUBMITTED), agent=""),
    ),
    "end": lambda b: moves.end(b, attempt(_token(b), Result.WORK_FAILED), LIMITS, NOW),
    "ask": lambda b: moves.ask(b, "?", attempt(_token(b), Result.ASKED), NOW),
    "answer": lambda b: moves.answer(b, "!", LIMITS),
    "retry": lambda b: moves.retry(b, None, LIMITS),
    "approve": lambda b: moves.approve(
        b, Approval(b.status.submission.commit if b.status.submission else OID, OID, "", "bob", NOW)
    ),
    "intend": lambda b: moves.intend(b, *_offer(b), "f" * 40),
    "request": lambda b: moves.request(b, *_offer(b), Offered(NOW, OID, None, "")),
    "land": lambda b: moves.land(b, Landed(OID, OID, NOW)),
    "reject": lambda b: moves.reject(
        b, b.status.submission.token if b.status.submission else "1-aaaa", Result.RED, "red", LIMITS, NOW
    ),
    "withdraw": lambda b: moves.withdraw(
        b, b.status.submission.token if b.status.submission else "1-aaaa", "later", LIMITS, NOW
    ),
    "close": lambda b: moves.close(b, Closed(CloseReason.DONE, "", NOW, "bob")),
    "reopen": lambda b: moves.reopen(b, LIMITS),
}


def _token(b: Bead) -> str:
    return b.status.lease.token if b.status.lease else "1-aaaa"


def _brought(b: Bead) -> tuple[Submission, Attempt]:
    brought = b.status.submission or submission("1-aaaa")
    return brought, replace(attempt(brought.token, Result.SUBMITTED), agent="")


def _offer(b: Bead) -> tuple[str, str]:
    offer = b.status.submission
    return (offer.token, offer.commit) if offer else ("1-aaaa", OID)


def test_every_move_is_called_here() -> None:
    assert CALLS.keys() == moves.MOVES.keys()


@pytest.mark.parametrize("name", moves.MOVES)
@pytest.mark.parametrize("phase", Phase)
def test_a_move_goes_only_where_the_table_says(name: str, phase: Phase) -> None:
    edge = moves.MOVES[name]
    before = bead("a", phase)
    if name == "admit" and phase is Phase.PROPOSED:
        before = with_work(before)
    if phase not in edge.leaves:
        with pytest.raises(IllegalMove, match=f"can't {name}"):
            CALLS[name](before)
        return
    if name in ("renew", "answer"):
        return  # these ask for more than a phase; see below
    after = CALLS[name](before)
    assert after.phase in edge.enters
    assert bead_from(bead_data(after), "here") == after


@given(strategies.beads, st.sampled_from(sorted(moves.MOVES)))
def test_a_move_of_any_bead_is_refused_or_leaves_a_bead_that_can_be_written(before: Bead, name: str) -> None:
    try:
        after = CALLS[name](before)
    except IllegalMove:
        return
    assert bead_from(bead_data(after), "here") == after
    assert (after.id, after.uid, after.notes, after.created) == (
        before.id,
        before.uid,
        before.notes,
        before.created,
    )


def test_another_token_changes_nothing() -> None:
    held = bead("a", Phase.LEASED)
    calls: tuple[Callable[[], object], ...] = (
        lambda: moves.submit(held, submission("2-bbbb"), attempt("2-bbbb", Result.SUBMITTED)),
        lambda: moves.end(held, attempt("2-bbbb", Result.CRASHED), LIMITS, NOW),
        lambda: moves.ask(held, "?", attempt("2-bbbb", Result.ASKED), NOW),
        lambda: moves.renew(held, "2-bbbb", NOW + 9),
    )
    for call in calls:
        with pytest.raises(IllegalMove, match="that attempt is over"):
            call()


def test_an_ordinal_is_never_used_again() -> None:
    with pytest.raises(IllegalMove, match="the next ordinal is 1"):
        moves.claim(bead("a"), lease("2-aaaa"), "")
    failed = moves.end(bead("a", Phase.LEASED), attempt("1-aaaa", Result.WORK_FAILED), LIMITS, NOW)
    assert failed.next_ordinal == 2


def test_attempts_are_spent_and_given_anew() -> None:
    at = bead("a")
    for _ in range(3):
        at = CALLS["claim"](at)
        at = moves.end(at, attempt(_token(at), Result.WORK_FAILED), LIMITS, NOW)
    assert at.status.stuck
    assert at.status.stuck.reason is StuckReason.ATTEMPTS
    again = moves.retry(at, None, LIMITS)
    assert settling.attempts_allowed(again, LIMITS) - again.counted == 3
    assert moves.retry(again, None, LIMITS) == again


def test_interruptions_and_infrastructure_cost_no_attempt() -> None:
    at = bead("a")
    for result in (Result.INFRA, Result.INTERRUPTED, Result.RELEASED):
        at = CALLS["claim"](at)
        at = moves.end(at, attempt(_token(at), result), LIMITS, NOW)
    assert (at.phase, at.counted) == (Phase.OPEN, 0)


def test_withdrawing_costs_no_attempt() -> None:
    after = CALLS["withdraw"](bead("a", Phase.SUBMITTED))
    tried = after.attempt("1-aaaa")
    assert tried
    assert (after.phase, after.counted, tried.result) == (Phase.OPEN, 0, Result.RELEASED)
    assert after.status.submission is None


def test_a_question_is_answered_once() -> None:
    asked = CALLS["ask"](bead("a", Phase.LEASED))
    answered = moves.answer(asked, "yes", LIMITS)
    assert answered.status.question
    assert (answered.phase, answered.status.question.answer) == (Phase.OPEN, "yes")
    with pytest.raises(IllegalMove):
        moves.answer(answered, "no", LIMITS)


def test_only_a_persons_lease_is_renewed() -> None:
    with pytest.raises(IllegalMove, match="its deadline stands"):
        CALLS["renew"](bead("a", Phase.LEASED))
    mine = moves.claim(bead("a"), lease("1-aaaa", lock=False), "")
    longer = moves.renew(mine, "1-aaaa", NOW + 9999)
    assert longer.status.lease
    assert longer.status.lease.expires == NOW + 9999
    assert moves.renew(longer, "1-aaaa", NOW) is longer


def test_reopening_starts_over_with_the_next_token() -> None:
    landed = moves.land(bead("a", Phase.SUBMITTED), Landed(OID, OID, NOW))
    again = moves.reopen(landed, LIMITS)
    assert (again.phase, again.status.landed, again.status.submission) == (Phase.OPEN, None, None)
    assert again.next_ordinal == 2


def idle(bead: Bead, number: int, result: Result = Result.NO_CHANGE, limits: Limits = LIMITS) -> Bead:
    """The Bead after one more attempt."""
    token = f"{number}-aaaa"
    ended = replace(attempt(token, result), reason="said: it is all there")
    return moves.end(moves.claim(bead, lease(token), ""), ended, limits, NOW)


def test_changing_nothing_twice_is_a_question_with_the_last_words() -> None:
    once = idle(bead("a"), 1)
    assert once.phase is Phase.OPEN
    asked = idle(once, 2)
    assert (asked.phase, asked.counted) == (Phase.STUCK, 2)
    assert asked.status.stuck is not None
    assert asked.status.stuck.reason is StuckReason.QUESTION
    assert asked.status.question is not None
    assert asked.status.question.text.endswith("nothing (2 times in a row). said: it is all there")
    # What tells nothing of the work is no end of the row; anything else is.
    assert idle(idle(once, 2, Result.INFRA), 3).phase is Phase.STUCK
    assert idle(idle(once, 2, Result.WORK_FAILED), 3, limits=replace(LIMITS, attempts=9)).phase is Phase.OPEN
    # It comes before attempts that are spent, and an answer gives it one more.
    last = idle(once, 2, limits=replace(LIMITS, attempts=2))
    assert last.status.stuck is not None
    assert last.status.stuck.reason is StuckReason.QUESTION
    assert moves.answer(last, "the tests are missing", replace(LIMITS, attempts=2)).spec.attempts == 3
