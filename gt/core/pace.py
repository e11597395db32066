"""How much of a gate run is left, by how long the last ones took."""

from __future__ import annotations

from collections.abc import Sequence

LATELY = 20
"""Runs that tell."""


def left(spent: float, took: Sequence[float]) -> float:
    """The part that is left after so long, below 0 when it is overdue; all of it as long as no run has ended.

    `took`: how long whole runs took, with all their gates, the last one last; in the same unit.
    """
    lately = sorted(took[-LATELY:])
    usual = lately[len(lately) // 2] if lately else 0.0
    return 1 - spent / usual if usual else 1.0
