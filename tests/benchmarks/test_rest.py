"""Towns by the thousand, and one as large as they get: each lives undisturbed and once more with faults, to rest."""

from __future__ import annotations

import os
from collections import Counter
from multiprocessing import get_context

import pytest

from tests.sim.endings import bound, tell
from tests.sim.faults import FAULTS

pytestmark = pytest.mark.bench

TOWNS = [
    *(
        f"{seed}-{size}-{kind}"
        for size in ("small", "shared")
        for kind in ("spared", "wild")
        for seed in range(1000)
    ),
    *(f"{seed}-medium-{kind}" for kind in ("spared", "wild") for seed in range(40)),
]


def lived(town: str) -> tuple[Counter[str], float]:
    story = tell(town)
    done = story.life.deeds + story.life.attempts
    return story.faults.happened, done / bound(story.life)


def test_thousands_of_towns_come_to_rest() -> None:
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        lives = pool.map(lived, TOWNS, chunksize=20)
    faults: Counter[str] = sum((happened for happened, _ in lives), Counter())
    most = max(spent for _, spent in lives)
    print(f"\n{len(TOWNS)} towns, {faults.total()} faults, at most {most:.1%} of the bound: {dict(faults)}")
    assert most < 1
    assert faults.keys() == {name for name, _ in FAULTS}, "each befell some town"


def test_fifty_agents_and_five_hundred_beads() -> None:
    for town in ("1-large-spared", "1-large-wild", "2-large-wild"):
        story = tell(town, strict=True)
        life = story.life
        print(
            f"\n{story.town}: {life.steady / 86400:.1f} days, {life.attempts} attempts, {life.deeds} deeds, "
            f"{story.faults.happened.total()} faults, {len(life.hub.target)} landed"
        )
