"""Guesses at who is to blame, the likeliest first: a tree with everybody else would land them all at once.

A speculation tree, but of who is bad in each red group, not of how each change fares by itself.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from gt.core.coins import clean
from gt.core.docket import NOBODY, Ids
from gt.core.suspicion import Suspects

SMALL = 12
"""In a group of at most so many, two may be guessed to be bad; in a larger one, only one."""


def guesses(groups: Sequence[Suspects]) -> Iterator[tuple[float, Ids]]:
    """Who is to blame in all of the groups, and how likely these and no others, from the likeliest down."""
    options = [_options(group) for group in groups]

    def chance(picks: Sequence[int]) -> float:
        return math.prod(its[pick][0] for its, pick in zip(options, picks, strict=True))

    first = (0,) * len(options)
    heap = [(-chance(first), first)]
    seen = {first}
    while heap:
        minus, picks = heapq.heappop(heap)
        yield -minus, NOBODY.union(*(its[pick][1] for its, pick in zip(options, picks, strict=True)))
        for place, its in enumerate(options):
            after = (*picks[:place], picks[place] + 1, *picks[place + 1 :])
            if after[place] < len(its) and after not in seen:
                seen.add(after)
                heapq.heappush(heap, (-chance(after), after))


def _options(group: Suspects) -> list[tuple[float, Ids]]:
    """Who may be to blame in one group, nobody included, the likeliest first."""
    whole = clean(group.risks)
    scale = whole / (1 - whole + whole * group.alibi)
    odds = {member: risk / (1 - risk) for member, risk in zip(group.members, group.risks, strict=True)}
    found: list[tuple[float, Ids]] = [(scale * group.alibi, NOBODY)]
    for count in (1, 2) if len(odds) <= SMALL else (1,):
        found += [
            (scale * math.prod(odds[each] for each in those), frozenset(those))
            for those in combinations(group.members, count)
        ]
    return sorted(found, key=lambda option: (-option[0], sorted(option[1])))
