"""How long until a submission has landed: by its place in line, how long gates take, and how often changes are bad.

Each gate run tells at most one bit, and of a change that is bad with probability p H(p) bits are to be learned: so many
runs it takes for all up to a place, in as many slots as there are, and one at least. The scheduler comes within a few
percent of that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from gt.core.coins import entropy
from gt.core.rates import TOWN


def badness(rejected: int, landed: int) -> float:
    """How often changes are bad, by what became of the last ones; a town that has seen none begins with a guess."""
    seen = TOWN.plus(rejected, landed)
    return seen.yes / (seen.yes + seen.no)


def waits(places: Iterable[int], run: float, slots: int, bad: float) -> list[float]:
    """Seconds until what is at each place (the first is 1) has landed, if a merge is at work; `run`: seconds of one gate run."""
    return [run * max(1, math.ceil(place * entropy(bad) / slots)) for place in places]
