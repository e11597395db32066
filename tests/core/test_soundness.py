"""What is said of a Bead that no gt wrote; and nothing of any that the moves make."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Bead, Created, Landed, Phase, Result, Status, Stuck, StuckReason
from gt.core.page import Page, page_id
from gt.core.soundness import AHEAD, contradictions, doubles, impossible_times, misnamed
from gt.errors import IllegalMove
from tests.core.small import NOW, OID, attempt, bead, lease, submission
from tests.core.test_moves import CALLS


@given(st.lists(st.sampled_from(sorted(CALLS)), max_size=25))
def test_whatever_the_moves_do_is_sound(names: list[str]) -> None:
    found = bead("a", Phase.PROPOSED)
    for name in names:
        with suppress(IllegalMove):
            found = CALLS[name](found)
        assert [*contradictions(found), *doubles(found), *impossible_times(found, NOW)] == []


def having(found: Bead, **status: object) -> Bead:
    return replace(found, status=replace(found.status, **status))  # type: ignore[arg-type]


OPEN, LEASED = bead("a"), bead("a", Phase.LEASED)
DONE = attempt("1-aaaa", Result.CRASHED)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (having(OPEN, landed=Landed(OID, OID, NOW)), "is open, and has status.landed"),
        (having(OPEN, submission=submission()), "is open, and has status.submission"),
        (having(LEASED, wake=NOW), "is leased, and has status.wake"),
        (having(bead("a", Phase.LANDED), stuck=Stuck(StuckReason.ATTEMPTS, NOW)), "is landed, and has status.stuck"),
        (
            having(bead("a", Phase.STUCK), stuck=Stuck(StuckReason.QUESTION, NOW)),
            "is stuck for a question, and has none that is open",
        ),
        (having(bead("a", Phase.SUBMITTED), attempts=()), "has 1-aaaa submitted, and no record of that attempt"),
        (having(OPEN, attempts=(DONE, DONE)), "has 2 records of attempt 1-aaaa"),
        (having(LEASED, attempts=(DONE,)), "is leased under 1-aaaa, which is over"),
        (
            having(LEASED, lease=lease("1-bbbb"), attempts=(attempt("2-aaaa", Result.RED),)),
            "is leased under 1-bbbb, though later attempts are over",
        ),
        (having(OPEN, attempts=(attempt("999999-aaaa", Result.RED),)), "has an attempt number 999999: none can come after it"),
        (replace(OPEN, created=Created(NOW + AHEAD + 1, "a")), "has created.at in the future: 2026-11-24T20:00:01Z"),
        (replace(OPEN, clock={"spec.title": NOW + 10**8}), "has clock.spec.title in the future: 2030-01-23T05:46:40Z"),
        (having(OPEN, attempts=(replace(DONE, end=DONE.start - 1),)), "has attempt 1-aaaa, which ended before it began"),
        (having(LEASED, lease=lease(expires=NOW - 1)), "has a lease that ends before it begins"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_no_gt_would_write_is_said(found: Bead, said: str) -> None:
    assert [*contradictions(found), *doubles(found), *impossible_times(found, NOW)] == [said]


def test_two_days_ahead_is_a_time_zone() -> None:
    assert list(impossible_times(replace(OPEN, created=Created(NOW + AHEAD, "a")), NOW)) == []


def test_a_page_is_named_by_what_it_says() -> None:
    page = Page(page_id("a", "b", "c"), "a", "b", "c", "", NOW)
    assert misnamed(page) is None
    assert misnamed(replace(page, epoch="d")) is not None


def test_a_new_bead_is_sound() -> None:
    assert list(contradictions(replace(OPEN, status=Status()))) == []
