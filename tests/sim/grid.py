"""The grid of simulated towns, and how every queue does in each: many at a time, always with the same seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product

from gt.core.docket import Record
from tests.sim.events import Policy, Score, Town
from tests.sim.ours import Ours, knowing, surely
from tests.sim.rivals import Bors, Oracle, SubmitQueue, Train
from tests.sim.truth import Truth, burst, dealt, stream

COUNT = 64
SEEDS = 20
SLOTS = (1, 2, 4, 8, 16)
BAD = (0.01, 0.02, 0.05, 0.10, 0.20, 0.30)
FLAKES = (0.0, 0.03, 0.10)
TOWNS, BURSTS = 24, 6
PAIRS = (0.0, 1 / math.comb(COUNT, 2))
"""None; one among all changes on average."""

RIVALS: dict[str, Callable[[], Policy]] = {
    "serial": lambda: Bors(1),
    "bors": lambda: Bors(8),
    "Zuul": lambda: Train(window=20, adaptive=True),
    "Zuul, 1 retry": lambda: Train(window=20, adaptive=True, retries=1),
    "GitHub": Train,
    "GitHub, by 8": lambda: Train(size=8),
    "SubmitQueue": SubmitQueue,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind of town."""

    slots: int
    bad: float
    flake: float
    pairs: float


@dataclass(frozen=True, slots=True)
class Mean:
    """How a queue did over all seeds."""

    makespan: float
    """In gate times."""
    runs: float
    """A change."""
    spent: float
    """Gate time a change."""
    innocent: float
    """The part of all changes that were good and rejected."""
    latency: float
    """In gate times, of what landed."""
    p95: float

    @classmethod
    def of(cls, scores: Sequence[Score]) -> Mean:
        """The mean of some towns."""
        waits = sorted(wait for score in scores for wait in score.latencies) or [0.0]
        changes = sum(score.count for score in scores)
        return cls(
            sum(score.makespan for score in scores) / len(scores),
            sum(score.runs for score in scores) / changes,
            sum(score.spent for score in scores) / changes,
            sum(score.innocent for score in scores) / changes,
            sum(waits) / len(waits),
            waits[int(0.95 * (len(waits) - 1))],
        )


@dataclass(frozen=True, slots=True)
class Result:
    """How all did in one cell."""

    cell: Cell
    ours: Mean
    rivals: dict[str, Mean]
    oracle: Mean

    def best(self, *, fair: bool) -> str | None:
        """The rival with the shortest makespan; `fair`: of those that reject no more of what is good."""
        able = [
            name for name, its in self.rivals.items() if not fair or its.innocent <= self.ours.innocent + 1e-9
        ]
        return min(able, key=lambda name: self.rivals[name].makespan, default=None)

    def won(self, *, fair: bool) -> bool:
        """Whether ours is no slower than the best."""
        best = self.best(fair=fair)
        return best is None or self.ours.makespan <= self.rivals[best].makespan


def cells() -> list[Cell]:
    """The whole grid."""
    return [Cell(slots, bad, flake, pairs) for slots, flake, pairs, bad in product(SLOTS, FLAKES, PAIRS, BAD)]


def measure(cell: Cell) -> Result:
    """Let every queue play the same towns."""

    def towns() -> Iterator[tuple[Truth, Town]]:
        for seed in range(SEEDS):
            truth = burst(COUNT, cell.bad, pairs=cell.pairs, flake=cell.flake, seed=seed)
            yield truth, Town(truth, cell.slots, seed)

    rivals = {name: Mean.of([town.play(make()) for _, town in towns()]) for name, make in RIVALS.items()}
    ours = Mean.of([town.play(Ours(knowing(truth, cell.pairs))) for truth, town in towns()])
    return Result(cell, ours, rivals, Mean.of([town.play(Oracle()) for _, town in towns()]))


@dataclass(frozen=True, slots=True)
class Cost:
    """Gate runs a change on one slot, with honest gates."""

    bad: float
    ours: float
    bors: float


def cost(bad: float) -> Cost:
    """Over towns in which exactly this part of all changes is bad: what is measured is the queue, not chance."""
    truths = dealt(100, COUNT, bad, seed=1)
    ours = Mean.of([Town(truth, 1, n).play(Ours(knowing(truth, 0.0))) for n, truth in enumerate(truths)])
    bors = Mean.of([Town(truth, 1, n).play(Bors(8)) for n, truth in enumerate(truths)])
    return Cost(bad, ours.runs, bors.runs)


@dataclass(frozen=True, slots=True)
class Learning:
    """What it costs not to know the rates: makespans over bursts of one town after another."""

    slots: int
    bad: float
    flake: float
    mixed: bool
    known: Mean
    """Of each agent it is known how often its changes are bad."""
    whole: Mean
    """Only of all changes together that is known; the same where all agents are alike."""
    learning: Mean
    """How often changes are bad is learned."""
    blank: Mean
    """How often gates lie and changes don't go together is learned, too."""
    first: tuple[float, float, float, float]
    """The makespan of the very first burst, in that order."""


MIXED = (0.0, 0.5, 1.0, 2.5)
"""Four agents: how often each is wrong, against the mean."""


def learn(slots: int, bad: float, flake: float, *, mixed: bool) -> Learning:
    """Two dozen towns of six bursts each; `mixed`: the changes are of four agents, some far better than others."""
    rates = [min(0.9, bad * factor) for factor in MIXED] if mixed else [bad]
    kinds: list[list[Score]] = [[], [], [], []]
    for town in range(TOWNS):
        records: list[Record | None] = [None, None]
        for number in range(BURSTS):
            truth = burst(COUNT, *rates, flake=flake, seed=100 * town + number)
            known = knowing(truth, 0.0)
            whole = replace(known, agents=dict.fromkeys(known.agents, surely(sum(rates) / len(rates))))
            learning = records[0] or replace(known, agents={})
            queues = [Ours(known), Ours(whole), Ours(learning), Ours(records[1] or Record())]
            for scores, queue in zip(kinds, queues, strict=True):
                scores.append(Town(truth, slots, number).play(queue))
            records = [queue.record for queue in queues[2:]]
    first = [Mean.of(scores[::BURSTS]).makespan for scores in kinds]
    known_, whole_, learning_, blank = (Mean.of(scores) for scores in kinds)
    firsts = (first[0], first[1], first[2], first[3])
    return Learning(slots, bad, flake, mixed, known_, whole_, learning_, blank, firsts)


@dataclass(frozen=True, slots=True)
class Load:
    """Changes that keep coming, on four slots."""

    speed: float
    """Changes to a gate time."""
    ours: Mean
    rivals: dict[str, Mean]
    oracle: Mean


def load(speed: float) -> Load:
    """200 changes, 8 % of them bad, gates that lie in 2 % of their runs; 5 seeds."""
    truths = [stream(200, speed, 0.08, flake=0.02, seed=seed) for seed in range(5)]
    towns = [(truth, seed) for seed, truth in enumerate(truths)]
    rivals = {
        name: Mean.of([Town(truth, 4, seed).play(make()) for truth, seed in towns])
        for name, make in RIVALS.items()
    }
    ours = Mean.of([Town(truth, 4, seed).play(Ours(knowing(truth, 0.0))) for truth, seed in towns])
    return Load(speed, ours, rivals, Mean.of([Town(truth, 4, seed).play(Oracle()) for truth, seed in towns]))


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is measured."""

    grid: list[Result]
    costs: list[Cost]
    learning: list[Learning]
    loads: list[Load]


def everything(workers: int) -> Figures:
    """Measure it all, with so many processes."""
    with ProcessPoolExecutor(workers) as pool:
        grid = pool.map(measure, cells())
        costs = pool.map(cost, BAD)
        learning = [
            pool.submit(learn, slots, bad, flake, mixed=mixed)
            for slots, mixed, flake, bad in product((1, 4), (False, True), (0.0, 0.03), (0.01, 0.05, 0.2))
        ]
        loads = pool.map(load, (0.5, 1.0, 2.0, 4.0, 8.0))
        return Figures(list(grid), list(costs), [each.result() for each in learning], list(loads))
