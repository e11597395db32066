"""Towns by the thousand, and one as large as they get: each lives undisturbed and once more with faults, to rest."""

from __future__ import annotations

import os
from collections import Counter
from multiprocessing import get_context

import pytest

from tests.sim.endings import bound, tell

pytestmark = pytest.mark.bench

TOWNS = [
    *(
        f"{seed}-{size}-{kind}"
        for size in ("small", "shared")
        for kind in ("spared", "wild")
        for seed in range(600)
    ),
    *(f"{seed}-medium-{kind}" for kind in ("spared", "wild") for seed in range(10)),
]


def lived(town: str) -> tuple[Counter[str], float]:
    story = tell(town, strict="medium" not in town)
    done = story.life.deeds + story.life.attempts
    return story.faults.happened, done / bound(story.life)


def test_thousands_of_towns_come_to_rest() -> None:
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        lives = pool.map(lived, TOWNS, chunksize=20)
    faults: Counter[str] = sum((happened for happened, _ in lives), Counter())
    most = max(spent for _, spent in lives)
    print(f"\n{len(TOWNS)} towns, {faults.total()} faults, at most {most:.1%} of the bound: {dict(faults)}")
    assert most < 1


def test_fifty_agents_and_five_hundred_beads() -> None:
    for kind in ("spared", "wild"):
        story = tell(f"1-large-{kind}", strict=False)
        life = story.life
        print(
            f"\n{story.town}: {life.steady / 86400:.1f} days, {life.attempts} attempts, {life.deeds} deeds, "
            f"{story.faults.happened.total()} faults, {len(life.hub.target)} landed"
        )
