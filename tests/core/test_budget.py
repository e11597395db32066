"""What attempts may cost, and what a town does when that is spent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core import moves
from gt.core.bead import Attempt, Bead, Phase, Result
from gt.core.budget import spent
from gt.core.measure import measure
from gt.core.plan import By, Next, plan
from gt.core.spending import DAY, day
from gt.core.town import Limits
from gt.core.why import command, why
from gt.core.world import World
from tests.core.small import NOW, bead, gt, lease
from tests.core.worlds import TOWN, world

A = gt("a")


def paid(name: str, *costs: tuple[int, float], usd: float | None = None) -> Bead:
    """A Bead with attempts that ended so many seconds ago, and cost so much."""
    one = bead(name)
    ended = tuple(
        Attempt(f"{n}-aaaa", "claude", NOW - ago, NOW - ago, Result.RED, usage={"usd": cost})
        for n, (ago, cost) in enumerate(costs, 1)
    )
    return replace(
        one, spec=replace(one.spec, usd=usd, attempts=99), status=replace(one.status, attempts=ended)
    )


def town_of(*found: Bead, **limits: float) -> World:
    return world(*found, town=replace(TOWN, limits=Limits(**limits)))  # type: ignore[arg-type]


def test_a_spent_day_is_rest_until_enough_of_it_is_a_day_old() -> None:
    some = town_of(paid("a", (500, 4.0), (400, 3.0), (300, 2.0)), bead("b"), usd_per_day=5)
    found = plan(some)
    assert (found.actions, found.calls, found.next) == ((), (), Next.WAITING)
    # Once the first is a day old, 5 of 5 are spent still.
    assert found.next_wake == NOW - 400 + DAY
    (curb,) = found.curbs
    assert curb.until == found.next_wake
    assert curb.text.startswith("is spent: 9.00 of 5 dollars in a day")
    (reason,) = why(some, found, A)
    assert (reason.until, "9.00 dollars were spent in a day" in reason.text) == (curb.until, True)
    early = plan(replace(some, now=curb.until - 1))
    assert (early.actions, early.next_wake) == ((), curb.until)
    assert len(plan(replace(some, now=curb.until)).by(By.WORK)) == 2


def test_one_that_waits_for_longer_is_no_earlier_wake() -> None:
    failed = tuple(
        Attempt(f"{n}-aaaa", "claude", NOW - 9, NOW - 9, Result.INFRA, "limit", resets=NOW + 2 * DAY)
        for n in (1, 2)
    )
    sick = replace(bead("b"), status=replace(bead("b").status, attempts=failed))
    found = plan(town_of(paid("a", (100, 9.0)), sick, usd_per_day=5))
    assert found.next_wake == NOW + 2 * DAY


@given(st.lists(st.tuples(st.integers(0, DAY - 1), st.floats(0.01, 9)), max_size=8), st.floats(0.5, 20))
def test_the_hour_that_is_stated_is_the_first_at_which_it_is_not_spent(
    costs: list[tuple[int, float]], limit: float
) -> None:
    made = sorted((NOW - ago, usd) for ago, usd in costs)

    def at(now: int) -> int | None:
        return day([each for each in made if each[0] > now - DAY], limit).until

    until = at(NOW)
    if until is not None:
        assert until > NOW
        assert at(until) is None
        assert at(until - 1) == until


@pytest.mark.parametrize("own", [None, 5.0])
def test_a_beads_budget_is_a_call_and_a_persons_word_renews_it(own: float | None) -> None:
    limits = {} if own else {"usd_per_bead": 5.0}
    some = town_of(paid("a", (500, 3.0), (400, 2.5), usd=own), bead("b"), **limits)
    found = plan(some)
    assert [action.args[0] for action in found.by(By.WORK)] == [gt("b")]
    (call,) = found.calls
    assert (call.subject, call.reason, call.paged, call.hint) == (A, "budget", True, f"gt retry {A}")
    assert call.text == "has cost 5.50 dollars, and may cost 5.00"
    assert command(why(some, found, A)) == f"gt retry {A}"
    alone = plan(town_of(some.beads[A], **limits))
    assert [action.verb for action in alone.actions] == ["page"]
    assert alone.next_wake is None

    renewed = moves.retry(some.beads[A], None, Limits(**limits))  # type: ignore[arg-type]
    assert renewed.spec.usd == 10.5
    assert len(plan(town_of(renewed, **limits)).by(By.WORK)) == 1
    assert moves.retry(renewed, None, Limits(**limits)) == renewed  # type: ignore[arg-type]


def test_what_a_bead_says_itself_counts_more_than_the_towns_limit() -> None:
    assert plan(town_of(paid("a", (9, 7.0), usd=8.0), usd_per_bead=5)).by(By.WORK)
    assert not plan(town_of(paid("a", (9, 7.0), usd=6.0), usd_per_bead=50)).by(By.WORK)


def test_that_a_budget_is_spent_is_no_step_back() -> None:
    """The page that is to be sent weighs less than the attempt that is over."""
    before = moves.claim(paid("a", (500, 4.0)), lease("2-aaaa"), "")
    costly = Attempt("2-aaaa", "claude", NOW, NOW, Result.INTERRUPTED, usage={"usd": 4.0})
    after = moves.end(before, costly, Limits(), NOW)
    assert (after.phase, spent(after)) == (Phase.OPEN, 8.0)
    assert measure(town_of(after, usd_per_bead=5)) < measure(town_of(before, usd_per_bead=5))
