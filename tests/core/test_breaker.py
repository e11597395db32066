"""When an agent is given work, rests, is tried, and waits for a person."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Bead, Landed, Phase, Result
from gt.core.breaker import CREDITS, THRESHOLD, TRIALS, Breaker, Fitness, breaker
from tests.core.small import NOW, OID, attempt, bead, submission

COOLDOWN = 100


def with_results(*results: Result, name: str = "a", phase: Phase = Phase.OPEN) -> Bead:
    one = bead(name, phase)
    ended = tuple(attempt(f"{n}-aaaa", result, NOW + n) for n, result in enumerate(results, 1))
    return replace(one, status=replace(one.status, attempts=ended))


def failing(*ends: tuple[int, int, int | None]) -> Bead:
    """Failures by start, end and reset, counted from NOW."""
    one = bead("a")
    ended = tuple(
        replace(
            attempt(f"{n}-aaaa", Result.INFRA, NOW + end),
            start=NOW + start,
            resets=None if reset is None else NOW + reset,
        )
        for n, (start, end, reset) in enumerate(ends, 1)
    )
    return replace(one, status=replace(one.status, attempts=ended))


def state(*beads: Bead, now: int = NOW + 50, cleared: int = 0) -> Breaker:
    return breaker("claude", beads, cleared, COOLDOWN, now)


def test_two_failures_are_nothing_and_three_in_a_row_open_it() -> None:
    assert state(with_results(Result.INFRA, Result.INFRA)).state is Fitness.CLOSED
    opened = state(with_results(*[Result.INFRA] * 3))
    assert (opened.state, opened.failures, opened.since) == (Fitness.OPEN, 3, NOW + 1)
    assert opened.until == NOW + 3 + COOLDOWN


def test_it_is_half_open_once_it_has_rested() -> None:
    assert state(with_results(*[Result.INFRA] * 3), now=NOW + 3 + COOLDOWN).state is Fitness.HALF_OPEN


def test_failed_trials_trip_it_until_a_person_acknowledges() -> None:
    trials = [(200 * n, 200 * n + 1, None) for n in range(1, TRIALS + 1)]
    tripped = failing(*[(0, 1, None)] * THRESHOLD, *trials)
    assert (
        state(failing(*[(0, 1, None)] * THRESHOLD, *trials[1:]), now=NOW + 99999).state is Fitness.HALF_OPEN
    )
    assert state(tripped, now=NOW + 99999).state is Fitness.TRIPPED
    assert state(tripped, cleared=NOW + 9999).state is Fitness.CLOSED


def test_what_ran_already_when_it_opened_is_no_trial() -> None:
    burst = state(failing(*[(0, 1, None)] * 16))
    assert (burst.state, burst.failures, burst.credits) == (Fitness.OPEN, 16, CREDITS - 16)


def test_a_limit_that_says_when_it_is_over_needs_nobody_until_then() -> None:
    """One failure is enough, and after it one attempt is tried."""
    one = failing((0, 5, 4000))
    resting = state(one)
    assert (resting.state, resting.until, resting.limited) == (Fitness.OPEN, NOW + 4000, True)
    assert state(one, now=NOW + 4000).state is Fitness.HALF_OPEN
    # Those that ran beside it found the same.
    several = state(failing((0, 5, 4000), (0, 6, 4001), (0, 7, None), (0, 8, 3000)))
    assert (several.state, several.until, several.limited) == (Fitness.OPEN, NOW + 4001, True)
    tried = failing((0, 5, 100), *[(1000 * n, 1000 * n + 1, 1000 * n + 500) for n in range(1, TRIALS + 1)])
    tripped = state(tried, now=NOW + 99999)
    assert (tripped.state, tripped.credits) == (Fitness.TRIPPED, CREDITS - TRIALS - 1)


def test_a_limit_is_over_with_any_other_end_and_by_a_persons_word() -> None:
    one = failing((0, 5, 4000))
    assert state(one, with_results(*[Result.RED] * 6, name="b")).state is Fitness.CLOSED
    assert state(one, cleared=NOW + 5).state is Fitness.CLOSED


def test_failures_of_no_known_end_among_limits_are_a_call_after_three() -> None:
    mixed = state(failing((0, 5, 60), (0, 6, None), (0, 7, None), (0, 8, None)))
    assert (mixed.state, mixed.limited, mixed.until) == (Fitness.OPEN, False, NOW + 8 + COOLDOWN)


def test_any_other_end_breaks_the_row_but_an_interruption_does_not() -> None:
    assert state(with_results(Result.INFRA, Result.INFRA, Result.RED, Result.INFRA)).state is Fitness.CLOSED
    assert (
        state(with_results(Result.INFRA, Result.INFRA, Result.INTERRUPTED, Result.INFRA)).state
        is Fitness.OPEN
    )


def test_failures_on_different_beads_are_one_row_by_time() -> None:
    beads = [with_results(Result.INFRA, name=name) for name in "abc"]
    assert state(*beads).state is Fitness.OPEN


def test_another_agents_failures_do_not_count() -> None:
    assert breaker("other", [with_results(*[Result.INFRA] * 9)], 0, COOLDOWN, NOW) == Breaker(Fitness.CLOSED)


def test_credits_come_back_by_a_landing_and_not_by_a_submission() -> None:
    failing = with_results(Result.INFRA, Result.INFRA, Result.SUBMITTED)
    assert state(failing).credits == CREDITS - 2
    status = replace(
        failing.status, phase=Phase.LANDED, submission=submission("3-aaaa"), landed=Landed(OID, OID, NOW + 9)
    )
    assert state(replace(failing, status=status)).credits == CREDITS


def test_failures_with_pauses_between_use_up_the_credits() -> None:
    flaky = with_results(*[Result.INFRA, Result.NO_CHANGE] * CREDITS)
    assert state(flaky).state is Fitness.TRIPPED
    assert state(flaky).credits == 0


@given(st.lists(st.sampled_from([r for r in Result if r is not Result.INFRA]), max_size=6))
def test_without_infrastructure_failures_it_is_closed(results: list[Result]) -> None:
    assert state(with_results(*results)) == Breaker(Fitness.CLOSED)
