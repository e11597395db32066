from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.slotting import MOST, Machine, Usage, slot_count

EIGHT = Machine(8, 16_000_000)


@pytest.mark.parametrize(
    ("runs", "slots"),
    [
        ([], 1),
        ([Usage("a", 10, 10, 1000)], 8),
        ([Usage("a", 10, 80, 1000)], 1),
        ([Usage("a", 10, 20, 1000), Usage("b", 1, 4, 1000)], 2),
        ([Usage("a", 10, 10, 6_000_000)], 2),
        ([Usage("a", 10, 0, 0)], 32),
        ([Usage("a", 0, 0, 0)], 1),
        ([Usage("a", 10, 10, 1), Usage("a", 10, 10, 1), Usage("a", 10, 79, 1)], 8),
    ],
)
def test_the_hungriest_gate_decides(runs: list[Usage], slots: int) -> None:
    assert slot_count(None, EIGHT, runs) == slots


def test_what_is_set_is_set() -> None:
    assert slot_count(3, EIGHT, [Usage("a", 10, 80, 1000)]) == 3


@given(
    st.builds(Machine, st.integers(1, 512), st.integers(0, 10**9)),
    st.lists(
        st.builds(Usage, st.sampled_from("ab"), st.floats(0, 1e5), st.floats(0, 1e6), st.integers(0, 10**9))
    ),
)
def test_there_is_always_one_and_never_too_many(machine: Machine, usage: list[Usage]) -> None:
    assert 1 <= slot_count(None, machine, usage) <= MOST
