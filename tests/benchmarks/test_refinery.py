"""How the scheduler fares in simulated towns, and what a plan costs. Writes docs/refinery-benchmark.md and its picture."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.core.coins import entropy
from tests.benchmarks.ratios import Ratio, settle
from tests.sim.events import Town
from tests.sim.grid import Figures, everything
from tests.sim.ours import Ours, knowing
from tests.sim.page import page, picture
from tests.sim.truth import burst

pytestmark = pytest.mark.bench

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def figures() -> Figures:
    made = everything(os.cpu_count() or 1)
    (DOCS / "refinery-benchmark.md").write_text(page(made))
    (DOCS / "refinery-benchmark.svg").write_text(picture(made))
    return made


def test_no_fair_queue_is_faster(figures: Figures) -> None:
    """Of those that reject no more good changes, in any cell."""
    slower = [result.cell for result in figures.grid if not result.won(fair=True)]
    assert slower == []


def test_runs_on_one_slot_are_near_the_entropy(figures: Figures) -> None:
    over = [cost for cost in figures.costs if cost.ours > 1.10 * entropy(cost.bad)]
    assert over == []


def test_learning_costs_little(figures: Figures) -> None:
    """The first of six bursts included; to know of each agent beforehand is worth more where agents differ."""
    over = [
        each
        for each in figures.learning
        if each.learning.makespan > 1.10 * each.whole.makespan
        or each.learning.makespan > 1.16 * each.known.makespan
    ]
    assert over == []


def test_a_plan_is_quick_and_grows_little_more_than_the_queue() -> None:
    spent = []
    print()
    for count in (64, 256):
        truth = burst(count, 0.05, flake=0.03, pairs=0.0001, seed=1)
        ours = Ours(knowing(truth, 0.0001))
        Town(truth, 4, 1).play(ours)
        spent.append(ours.spent / ours.calls)
        print(
            f"a plan for up to {count} changes: {spent[-1] * 1e3:.2f} ms, at most {ours.slowest * 1e3:.1f} ms"
        )
    settle(Ratio("plan, 256 changes", spent[1], spent[0], "64 changes", 6))
