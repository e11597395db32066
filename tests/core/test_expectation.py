"""How long it may take to land."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gt.core.coins import entropy
from gt.core.expectation import badness, waits


def test_good_changes_land_together_and_bad_ones_take_runs() -> None:
    assert waits([1, 2, 10], 60, 1, 0.01) == [60, 60, 60]
    assert waits([1, 10, 100], 60, 1, 0.5) == [60, 600, 6000]
    assert waits([10, 100], 60, 4, 0.5) == [180, 1500]


def test_what_was_seen_outweighs_the_guess() -> None:
    assert badness(0, 0) < 0.05 < badness(30, 70) < 0.31
    assert badness(0, 1000) < 0.001


@given(st.integers(1, 500), st.floats(0, 1e5), st.integers(1, 64), st.floats(0, 1))
def test_who_comes_later_lands_no_earlier_and_more_slots_delay_nobody(
    count: int, run: float, slots: int, bad: float
) -> None:
    found = waits(range(1, count + 1), run, slots, bad)
    assert found == sorted(found)
    assert all(
        more <= less
        for more, less in zip(waits(range(1, count + 1), run, slots + 1, bad), found, strict=True)
    )
    assert found[-1] <= run * (1 + count * entropy(bad))
