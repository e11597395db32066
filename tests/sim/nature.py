"""What is really so in a simulated town: its Beads, what an attempt at each comes to, and how large the town is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from gt.core.bead import Bead, Created, Spec
from gt.core.town import AgentSpec, Limits, RefinerySpec, Town
from tests.core.small import NOW, gt

HOUR = 3600
DAY = 24 * HOUR


class Fate(StrEnum):
    """What every undisturbed attempt at a Bead comes to."""

    GOOD = "good"
    BAD = "bad"
    """It is submitted, and no gate ever passes."""
    IDLE = "idle"
    """Nothing is changed."""
    ASKS = "asks"


@dataclass(frozen=True, slots=True)
class Size:
    """How large a town is."""

    beads: int
    agents: int
    """Attempts at once; a kind of agent for each five of them."""
    machines: int = 1


SMALL = Size(beads=14, agents=3)
SHARED = Size(beads=12, agents=4, machines=3)
MEDIUM = Size(beads=60, agents=10, machines=2)
LARGE = Size(beads=500, agents=50, machines=3)


@dataclass(frozen=True, slots=True)
class Nature:
    """All of it; the same for the same seed and size."""

    town: Town
    beads: tuple[Bead, ...]
    fates: Mapping[str, Fate]
    seconds: Mapping[str, int]
    """How long an attempt at each takes."""
    clashes: frozenset[frozenset[str]]
    """Pairs of Beads that change the same lines: whichever of the two lands second has to start anew."""


def nature(seed: int, size: Size) -> Nature:
    """A town on `main`, with Beads of every fate; two of three have a graph of needs, a few epics, and deferrals."""
    rng = Random(f"nature {seed}")
    flat = seed % 3 == 2
    kinds = [f"agent{n}" for n in range(max(1, size.agents // 5))]
    most = max(2, size.agents // len(kinds))
    town = Town(
        agent=kinds[0],
        agents={name: AgentSpec(name, command="true", limit=most) for name in kinds},
        limits=Limits(concurrent=size.agents, usd_per_day=rng.choice((None, 2.0 * size.beads / 3))),
        refinery=RefinerySpec(push="origin"),
        coordination="remote",
        page="page",
    )
    names = [gt(f"{n:03}") for n in range(size.beads)]
    beads: list[Bead] = []
    epics: list[str] = []
    for n, name in enumerate(names):
        if flat:
            spec = Spec(title=name)
        elif n % 9 == 4:
            spec = Spec(title=name, type="epic")
            epics.append(name)
        else:
            spec = _entangled(rng, name, names[:n], epics)
        spec = replace(spec, agent=rng.choice(kinds), priority=rng.randrange(5))
        beads.append(Bead(name, f"uid of {name}", Created(NOW - size.beads + n, "alice"), spec))
    tasks = [bead.id for bead in beads if bead.spec.type == "task"]
    return Nature(
        town,
        tuple(beads),
        {name: rng.choices(list(Fate), (20, 1, 1, 1))[0] for name in names},
        {name: rng.randrange(60, HOUR // 2) for name in names},
        frozenset(frozenset((rng.choice(tasks), rng.choice(tasks))) for _ in range(size.beads // 5)),
    )


def _entangled(rng: Random, name: str, earlier: list[str], epics: list[str]) -> Spec:
    """A task that may need others, belong to an epic, or be for later."""
    parent = rng.choice(epics) if epics and rng.random() < 0.3 else None
    needs = {rng.choice(earlier) for _ in range(rng.choice((0, 0, 1, 2)))} if earlier else set()
    later = NOW + rng.randrange(2 * DAY) if rng.random() < 0.1 else None
    return Spec(title=name, needs=frozenset(needs - set(epics)), parent=parent, defer=later)
