"""What is really so in a simulated town: which changes are bad, which don't go together, how often gates lie."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Truth:
    """A queue as only the simulation knows it."""

    arrivals: tuple[tuple[float, str], ...]
    """When each change is submitted, in gate times, in order; and its id."""
    bad: frozenset[str] = frozenset()
    pairs: frozenset[frozenset[str]] = frozenset()
    """Changes that are good alone and red together."""
    flake: float = 0.0
    """How often a gate is red on a good tree."""
    slip: float = 0.0
    """How often a gate is green on a bad tree."""
    agents: dict[str, str] = field(default_factory=dict)
    """Whose each change is."""
    risks: dict[str, float] = field(default_factory=dict)
    """How likely each change was to be bad: what a perfect model of its author would say."""

    def good(self, content: frozenset[str]) -> bool:
        """Whether a tree with these changes is truly good."""
        return not content & self.bad and not any(pair <= content for pair in self.pairs)

    def guilty(self, change: str, landed: frozenset[str]) -> bool:
        """Whether a change is truly to blame on top of what has landed."""
        return change in self.bad or not self.good(landed | {change})


def burst(
    count: int, *rates: float, pairs: float = 0.0, flake: float = 0.0, slip: float = 0.0, seed: int = 0
) -> Truth:
    """Changes that are all there from the start.

    `rates`: for each agent, how likely a change of it is bad. `pairs`: how likely any two don't go together.
    """
    return _truth([0.0] * count, rates, pairs, flake, slip, random.Random(f"burst {seed}"))


def stream(
    count: int, speed: float, *rates: float, pairs: float = 0.0, flake: float = 0.0, seed: int = 0
) -> Truth:
    """Changes that come at random times, so many to a gate time on average."""
    rng = random.Random(f"stream {seed}")
    times, now = [], 0.0
    for _ in range(count):
        now += rng.expovariate(speed)
        times.append(now)
    return _truth(times, rates, pairs, flake, 0.0, rng)


def dealt(bursts: int, count: int, bad: float, seed: int = 0) -> list[Truth]:
    """Bursts that together have exactly this part of bad changes, dealt out at random."""
    cards = [n < round(bad * bursts * count) for n in range(bursts * count)]
    random.Random(f"dealt {seed}").shuffle(cards)
    made = []
    for start in range(0, len(cards), count):
        names = [f"c{n:03}" for n in range(count)]
        broken = frozenset(
            name for name, card in zip(names, cards[start : start + count], strict=True) if card
        )
        risks, agents = dict.fromkeys(names, bad), dict.fromkeys(names, "agent 0")
        made.append(Truth(tuple((0.0, name) for name in names), broken, agents=agents, risks=risks))
    return made


def _truth(
    times: Sequence[float],
    rates: Sequence[float],
    pairs: float,
    flake: float,
    slip: float,
    rng: random.Random,
) -> Truth:
    names = [f"c{n:03}" for n in range(len(times))]
    owner = {name: rng.randrange(len(rates)) for name in names}
    risks = {name: rates[owner[name]] for name in names}
    broken = frozenset(name for name in names if rng.random() < risks[name])
    odd = frozenset(frozenset(two) for two in combinations(names, 2) if pairs and rng.random() < pairs)
    agents = {name: f"agent {number}" for name, number in owner.items()}
    return Truth(tuple(zip(times, names, strict=True)), broken, odd, flake, slip, agents, risks)
