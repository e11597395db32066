"""The same seeds, the same towns: what the simulator counts is what `gt merge` does with real git and real gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.real import same
from tests.sim.truth import burst


@pytest.mark.parametrize(("slots", "seed"), [(1, 12), (3, 27)])
def test_the_simulator_tells_what_really_happens(tmp_path: Path, slots: int, seed: int) -> None:
    """Bad changes, pairs that don't go together and gates that lie; trees that are run again, and runs that are stopped."""
    tale = same(tmp_path, burst(10, 0.02, 0.3, pairs=0.01, flake=0.15, seed=seed), slots, seed)
    runs = [line for line in tale if line.startswith("gate ")]
    assert len(runs) > len(set(runs))
    assert slots == 1 or any(line.startswith("stop ") for line in tale)
