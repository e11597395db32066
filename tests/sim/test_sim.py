"""The simulation is sound: its queues lose nobody and land nothing red, and the bounds are what they should be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.core.coins import entropy
from tests.sim.bounds import capacity, nested
from tests.sim.events import Policy, Town
from tests.sim.grid import RIVALS
from tests.sim.ours import Ours, knowing
from tests.sim.rivals import Oracle
from tests.sim.truth import Truth, burst, stream

QUEUES: dict[str, Callable[[Truth], Policy]] = {
    "ours": lambda truth: Ours(knowing(truth, 0.002)),
    "ours, learning": lambda _: Ours(),
    "oracle": lambda _: Oracle(),
    **{name: lambda _, make=make: make() for name, make in RIVALS.items()},  # type: ignore[misc]
}


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("slots", [1, 3, 8])
def test_nobody_is_lost_and_nothing_red_lands(queue: str, slots: int) -> None:
    """Asserted by the event loop; here with all that can go wrong at once."""
    for seed in range(3):
        for truth in (
            burst(24, 0.02, 0.3, 0.1, pairs=0.004, flake=0.05, slip=0.05, seed=seed),
            stream(24, 2.0, 0.15, pairs=0.004, flake=0.05, seed=seed),
        ):
            score = Town(truth, slots, seed).play(QUEUES[queue](truth))
            assert len(score.latencies) <= score.count
            assert score.spent <= slots * score.makespan * 1.5 + slots


def test_only_a_gate_that_lies_lands_what_is_bad() -> None:
    truth = burst(40, 0.3, slip=0.5, seed=1)
    assert Town(truth, 2, 1).play(Ours()).slips > 0
    honest = burst(40, 0.3, seed=1)
    assert Town(honest, 2, 1).play(Ours()).slips == 0


def test_the_event_loop_refuses_what_a_queue_must_not_do() -> None:
    class Reckless:
        def act(self, town: Town) -> None:
            if town.ended:
                town.land(town.waiting, town.ended)
            elif not town.running:
                town.start(list(town.waiting)[:1])

    with pytest.raises(AssertionError, match="isn't what was tested"):
        Town(burst(3, 0.0), 1).play(Reckless())


def test_the_same_seed_gives_the_same_town() -> None:
    truths = [burst(30, 0.1, pairs=0.002, flake=0.1, seed=7) for _ in range(2)]
    assert truths[0] == truths[1]
    scores = [Town(truth, 4, 7).play(Ours()) for truth in truths]
    assert scores[0] == scores[1]


def test_the_bounds() -> None:
    assert nested(0.05, 64) == pytest.approx(0.290, abs=0.001)
    assert nested(0.2, 64) == pytest.approx(0.729, abs=0.001)
    for bad in (0.01, 0.1, 0.3):
        assert entropy(bad) < nested(bad, 64) < 1.05 * entropy(bad)
    assert capacity(0.0) == 1.0
    assert capacity(0.05) == pytest.approx(0.857, abs=0.001)


def test_plans_do_not_depend_on_how_strings_hash() -> None:
    code = (
        "from tests.sim.events import Town; from tests.sim.ours import Ours; from tests.sim.truth import burst\n"
        "for seed in range(4):\n"
        "    print(Town(burst(40, 0.02, 0.3, pairs=0.002, flake=0.1, seed=seed), 4, seed).play(Ours()))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
