"""A row of changes that passed in different trees: which heads of it to gate on the target, to land the longest green one.

Where the whole is red, the later of two that don't go together is found by searching the heads, as many at a time as
there are slots.
"""

from __future__ import annotations

from itertools import pairwise

from gt.core.bids import Wish, named
from gt.core.coins import entropy
from gt.core.docket import Purpose
from gt.core.values import dataclass

LANDING = 0.5
"""What it is worth in bits that the whole row lands."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A bid for heads of a row."""

    members: tuple[str, ...]
    green: tuple[float, ...]
    """How likely the head of each length is green; the first, of none, 1."""
    red: bool = False
    """The whole is known to be red."""
    marks: tuple[int, ...] = ()
    """The lengths of the heads that are under way."""

    def bits(self, runs: int) -> float:
        return sum(bits for _, bits in self._cuts(runs))

    def wishes(self, runs: int) -> list[Wish]:
        return [self._head(size) for size, _ in self._cuts(runs)]

    def detours(self) -> list[Wish]:
        """All but what is between two heads under way: green if one of the two that clash is there. The longest first."""
        steps = list(pairwise([0, *self.marks, len(self.members)]))
        return [
            Wish(
                self.members[:a] + self.members[b:],
                Purpose.HEDGE,
                f"all of {len(self.members)} that are red together but {named(self.members[a:b])}",
                riders=False,
            )
            for a, b in sorted(steps, key=lambda step: (step[0] - step[1], step))
            if 0 < b - a < len(self.members)
        ]

    def _cuts(self, runs: int) -> list[tuple[int, float]]:
        """The heads to gate, each halving the likeliest gap between heads, and what each tells."""
        marks = {0, *self.marks}
        last = len(self.members)
        lows = [*self.green, 0.0]
        cuts: list[tuple[int, float]] = []
        for _ in range(runs):
            gaps = [(lows[a] - lows[b], -a, b) for a, b in pairwise([*sorted(marks), last + 1]) if b - a > 1]
            if not gaps:
                break
            mass, minus, b = max(gaps)
            middle = (lows[-minus] + lows[b]) / 2
            size = min(range(1 - minus, b), key=lambda n: (round(abs(lows[n] - middle), 12), -n))
            bits = mass * entropy((lows[-minus] - lows[size]) / mass) if mass > 0 else 0.0
            if len(marks) == 1:
                bits += LANDING * lows[size] * size / last
            cuts.append((size, bits))
            marks.add(size)
        return cuts

    def _head(self, size: int) -> Wish:
        head, whole = self.members[:size], size == len(self.members)
        chance = f"green by {self.green[size]:.0%}"
        if not self.red:
            return Wish(
                head, Purpose.CERTIFY, f"{named(head)} that passed apart, together; {chance}", riders=False
            )
        if whole:
            return Wish(
                head,
                Purpose.CONFIRM,
                f"{named(head)} once more: a flake by {self.green[size]:.0%}",
                again=True,
                riders=False,
            )
        why = f"the first {size} of {len(self.members)} that pass apart and fail together; {chance}"
        return Wish(head, Purpose.CERTIFY, why, riders=False)
