"""How much of a gate run is left, by the last ones."""

from __future__ import annotations

from gt.core.pace import LATELY, left


def test_what_is_left_is_told_by_the_middle_of_the_last_ones() -> None:
    assert left(5.0, []) == 1.0, "none has ended yet"
    assert left(1.0, [4.0, 2.0, 100.0]) == 0.75
    assert left(6.0, [4.0]) == -0.5, "overdue"
    assert left(1.0, [50.0] * LATELY + [2.0] * LATELY) == 0.5, "only the last ones count"
