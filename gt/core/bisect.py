"""Who turned a row of trees red: bisection that gates may lie to, at several trees at once.

`search` is asked anew after every run and remembers nothing. It holds one belief for each commit, that this one turned
the row red, and one that nobody did: the surroundings changed. Each run moves the beliefs by Bayes' rule, and the next
runs are where they part best. So what was green before is tried again first, what nobody knows is found going back in
ever longer strides, and both sides of the culprit are run until a flake is out of the question.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise

from gt.core.values import dataclass

LIE = 0.04
"""How likely a run says the opposite of what its tree is."""
PROOF = 0.98
"""How sure one must be of the culprit."""
SINCE = 0.5
"""How likely it is one of those since the last tree that was green before; else that is red by now, too."""
CLEAR = 2
"""Passes more than failures that make a tree green for good: what is older than that is of no interest."""


@dataclass(frozen=True, slots=True)
class Stop:
    """What is known of one tree of a row."""

    passes: int = 0
    fails: int = 0
    """Runs since the first tree was found red."""
    before: bool = False
    """It passed before that."""
    stuck: bool = False
    """Its gate can't be run."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to run next, or what the search came to."""

    runs: tuple[int, ...] = ()
    """Places in the row; none: it is over, or what it needs is under way."""
    culprit: int | None = None
    suspects: tuple[int, ...] = ()
    """Without a culprit: it is one of these, and no run that can be made tells which."""
    over: bool = False
    """Without a culprit and without suspects: all of the row is red, and nobody in it made it so."""
    sureness: float = 0.0


def most(length: int) -> int:
    """How many runs a search in a row of so many trees may have."""
    return 16 + 6 * length.bit_length()


def search(row: Sequence[Stop], slots: int = 1, running: Collection[int] = ()) -> Search:
    """Where to run next in this row, newest tree first, with so many slots free; the first is known to be red.

    `running`: places where the gate runs at this moment. Total and deterministic.
    """
    spent = sum(stop.passes + stop.fails for stop in row)
    limit = most(len(row))
    clear = next((at for at, stop in enumerate(row) if at and stop.passes - stop.fails >= CLEAR), None)
    if clear is not None:
        row = row[: clear + 1]
    chances = _chances(row)
    cuts = [at for at in range(1, len(row)) if not row[at].stuck]
    parts = [(a, b) for a, b in pairwise([0, *cuts, len(chances)])]
    best = max(parts, key=lambda part: (sum(chances[part[0] : part[1]]), -part[0]))
    sureness = sum(chances[best[0] : best[1]])
    end = cuts[-1] if cuts else 0
    if best[0] == end and sureness >= PROOF and end and not row[end].fails and spent < limit:
        # Nobody did it: that is said of a row whose end was looked at.
        return Search(runs=() if end in running else (end,), sureness=sureness)
    if sureness >= PROOF or (spent >= limit and not running):
        return _told(best, len(row), sureness) if sureness >= PROOF else _undecided(chances, sureness)
    if spent + len(running) >= limit:
        return Search(sureness=sureness)
    chosen = _chosen(chances, cuts, frozenset(running), slots)
    return Search(runs=chosen, sureness=sureness)


def _told(part: tuple[int, int], length: int, sureness: float) -> Search:
    """The last belief is that nobody did it."""
    able = tuple(at for at in range(*part) if at < length - 1)
    if len(able) == 1 and part[1] < length:
        return Search(culprit=able[0], over=True, sureness=sureness)
    return Search(suspects=able, over=True, sureness=sureness)


def _undecided(chances: Sequence[float], sureness: float) -> Search:
    """The fewest that it is among, the likeliest first taken."""
    ranked = sorted(range(len(chances) - 1), key=lambda at: (-chances[at], at))
    taken: list[int] = []
    sofar = chances[-1]
    for at in ranked:
        if sofar >= PROOF:
            break
        taken.append(at)
        sofar += chances[at]
    return Search(suspects=tuple(sorted(taken)), over=True, sureness=sureness)


def _chances(row: Sequence[Stop]) -> list[float]:
    """For each tree but the oldest, how likely it is the first that is red; and at the end, that all are."""
    lie, truth = math.log(LIE), math.log(1 - LIE)
    bad = [stop.fails * truth + stop.passes * lie for stop in row]
    good = [stop.fails * lie + stop.passes * truth for stop in row]
    weights = [math.log(prior) for prior in _priors(row)]
    says = sum(good)
    for at in range(len(row)):
        says += bad[at] - good[at]
        weights[at] += says
    top = max(weights)
    odds = [math.exp(weight - top) for weight in weights]
    return [each / sum(odds) for each in odds]


def _priors(row: Sequence[Stop]) -> list[float]:
    """Before any run; the further back, the less likely. What passed before tells nothing if the first did, too."""
    count = len(row) - 1
    known = next((at for at, stop in enumerate(row) if at and stop.before), None)
    if known is None or row[0].before:
        return [*(1 / ((at + 1) * (at + 2)) for at in range(count)), 1 / (count + 1)]
    left = (1 - SINCE) / 2
    older = count - known
    return [
        *[SINCE / known] * known,
        *(left / ((at + 1) * (at + 2)) for at in range(older)),
        left + left / (older + 1),
    ]


def _chosen(
    chances: Sequence[float], cuts: Sequence[int], running: Collection[int], slots: int
) -> tuple[int, ...]:
    """The places that halve the likeliest stretches between those that are run already."""
    marks = {0, len(chances), *running}
    chosen: list[int] = []
    while len(chosen) < slots:
        able = []
        for a, b in pairwise(sorted(marks)):
            inside = [at for at in cuts if a < at < b]
            if inside:
                able.append((sum(chances[a:b]), -a, b, inside))
        if not able:
            break
        whole, minus, _, inside = max(able)
        start = -minus
        at = min(inside, key=lambda at: (round(abs(sum(chances[start:at]) - whole / 2), 12), at))
        chosen.append(at)
        marks.add(at)
    return tuple(chosen)
