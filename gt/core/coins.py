"""The arithmetic of group testing: what a gate run can tell, and where to cut a row of changes.

A run tells most if red and green are equally likely: make every run a coin flip. With one slot, that is within two
in a hundred of the best nested procedure (Sobel and Groll, 1959); over several slots, what disjoint groups tell adds up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

COIN = math.log(2)
"""The weight of a group that is all good half of the time."""


def entropy(chance: float) -> float:
    """What an event tells that has this chance, in bits."""
    if not 0.0 < chance < 1.0:
        return 0.0
    return -(chance * math.log2(chance) + (1 - chance) * math.log2(1 - chance))


def weight(risk: float) -> float:
    """A risk as a weight: weights add up, and exp(-sum) is how likely all are good."""
    return -math.log1p(-risk)


def clean(risks: Iterable[float]) -> float:
    """How likely all are good."""
    return math.prod(1 - risk for risk in risks)


def told(parts: Sequence[float], rest: float, alibi: float) -> float:
    """What runs of disjoint parts of a red group tell together, in bits.

    `parts` and `rest`, what isn't run: how likely each was all good, before the group was red. `alibi`: how likely the
    group would be just as red with all of it good.
    """
    good = math.prod(parts)
    quiet = good * (1 - rest + rest * alibi)  # no part is red
    ways = 1 - good + quiet
    if not parts or ways <= 0.0:
        return 0.0
    loud = sum(entropy(part) for part in parts) + (good * math.log2(good) if good > 0.0 else 0.0)
    bits = (loud + (1 - good) * math.log2(ways)) / ways
    return bits - (quiet / ways * math.log2(quiet / ways) if quiet > 0.0 else 0.0)


def cut(weights: Sequence[float], parts: int) -> list[int]:
    """Where to cut a row into so many parts, none empty, of about the same weight: all ends, from 0 to the last."""
    parts = min(parts, len(weights))
    total = sum(weights)
    ends, sofar = [0], 0.0
    for place, each in enumerate(weights[:-1], start=1):
        sofar += each
        left = parts - len(ends)
        if not left:
            break
        goal = total * len(ends) / parts
        if len(weights) - place == left or sofar >= goal or 2 * (goal - sofar) < weights[place]:
            ends.append(place)
    return [*ends, len(weights)] if weights else [0]
