"""What a slot could be used for: each bid says how many bits so many runs of it tell, and which runs they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from gt.core.coins import COIN, clean, cut, entropy, told, weight
from gt.core.docket import NOBODY, Ids, Purpose
from gt.core.values import dataclass

ALONE = 0.03
"""The bits that it is worth at least to run a lone suspect again. What else is done first may settle it for nothing: once
those that were red with it are known to be good, that too speaks against it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A gate run that a bid asks for."""

    members: tuple[str, ...]
    purpose: Purpose
    why: str
    again: bool = False
    """Even if the gates failed on this tree before."""
    riders: bool = True
    """Changes that are vouched for may ride along, to land with it."""


class Bid(Protocol):
    """A use of slots."""

    def bits(self, runs: int) -> float:
        """What so many runs tell together."""
        ...

    def wishes(self, runs: int) -> list[Wish]:
        """These runs; fewer where there is no use for more."""
        ...


@dataclass(frozen=True, slots=True)
class Pool:
    """Changes of which nothing is known: disjoint groups, each as likely red as green."""

    members: tuple[str, ...]
    risks: tuple[float, ...]

    def bits(self, runs: int) -> float:
        runs = min(runs, len(self.members))
        return runs * entropy(math.exp(-min(sum(map(weight, self.risks)) / runs, COIN))) if runs else 0.0

    def wishes(self, runs: int) -> list[Wish]:
        made: list[Wish] = []
        start, left = 0, sum(map(weight, self.risks))
        while start < len(self.members) and len(made) < runs:
            goal = min(left / (runs - len(made)), COIN)
            end, load = start, 0.0
            while end < len(self.members):
                more = load + weight(self.risks[end])
                if end > start and abs(more - goal) >= abs(load - goal):
                    break
                end, load = end + 1, more
            why = f"{named(self.members[start:end])}, new; green by {math.exp(-load):.0%}"
            made.append(Wish(self.members[start:end], Purpose.GROUP, why))
            start, left = end, left - load
        return made


@dataclass(frozen=True, slots=True)
class Split:
    """A group that is red, or under way and perhaps red soon: parts of it."""

    members: tuple[str, ...]
    risks: tuple[float, ...]
    alibi: float
    flake: float
    red: float = 1.0
    """How likely it is red; 1: it is known to be."""
    flying: tuple[Ids, ...] = ()
    """Disjoint parts of it that are under way."""
    doubted: bool = False
    """The gate hasn't been seen to work since it was red: the same once more would tell nothing."""

    def bits(self, runs: int) -> float:
        free, risks = self._free()
        if not runs or not free:
            return 0.0
        if len(self.members) == 1:
            lied = clean(self.risks) * self.alibi
            return max(ALONE, entropy(lied / (lied + self.risks[0]))) if self.red == 1.0 else 0.0
        risk_of = dict(zip(self.members, self.risks, strict=True))
        busy = [clean(sorted(risk_of[each] for each in part)) for part in self.flying]
        parts = [clean(risks[a:b]) for a, b in pairwise(self._ends(risks, runs))]
        before = told(busy, clean(risks), self.alibi)
        return self.red * (told([*busy, *parts[:runs]], math.prod(parts[runs:]), self.alibi) - before)

    def wishes(self, runs: int) -> list[Wish]:
        free, risks = self._free()
        if not runs or not free:
            return []
        if self.red == 1.0 and not self.flying and (runs == 1 or len(self.members) == 1):
            return [self._head()]
        if len(self.members) == 1:
            return []
        return [self._part(free[a:b]) for a, b in pairwise(self._ends(risks, runs)[: runs + 1])]

    def _free(self) -> tuple[tuple[str, ...], tuple[float, ...]]:
        taken = NOBODY.union(*self.flying)
        left = [
            (each, risk) for each, risk in zip(self.members, self.risks, strict=True) if each not in taken
        ]
        return tuple(each for each, _ in left), tuple(risk for _, risk in left)

    @staticmethod
    def _ends(risks: Sequence[float], runs: int) -> list[int]:
        """One part more than there are runs, if there can be: what the last part is follows from the others."""
        return cut([weight(risk) for risk in risks], runs + 1)

    def _head(self) -> Wish:
        """The head that is nearest to a coin flip. It may be the whole group: where a flake is as likely as that."""
        whole, odds = clean(self.risks), []
        good = 1.0
        for risk in self.risks:
            good *= 1 - risk
            green = (good - whole + whole * self.alibi) / (1 - whole + whole * self.alibi)
            odds.append(round(entropy(green * (1 - self.flake)), 9))
        if self.doubted and len(odds) > 1:
            odds.pop()
        size = max(range(len(odds)), key=lambda n: (odds[n], n)) + 1
        if size < len(self.members):
            return self._part(self.members[:size])
        return Wish(
            self.members,
            Purpose.CONFIRM,
            f"{named(self.members)} once more: a flake by {green:.0%}",
            again=True,
        )

    def _part(self, part: tuple[str, ...]) -> Wish:
        state = "are red together" if self.red == 1.0 else "may be red together"
        return Wish(part, Purpose.SPLIT, f"{named(part)}, of {len(self.members)} that {state}")


def named(changes: Sequence[str]) -> str:
    """How a sentence names some changes."""
    return changes[0] if len(changes) == 1 else f"{len(changes)} changes"
