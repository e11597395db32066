"""Who may be to blame where a tree is red, and how likely: Bayes' rule over nested red sets.

If every change of a red group is good, its gates lied, or two changes in it don't go together. The smallest red groups
are where to look; each red tree around one makes it less likely that the gates lied.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise, product

from gt.core.coins import clean
from gt.core.docket import NOBODY, Ids
from gt.core.findings import Findings, Tree
from gt.core.lineup import Lineup
from gt.core.outages import outage
from gt.core.rates import MOST, Rates
from gt.core.values import dataclass

NAMED = 8.0
"""How much higher the odds are of a change that a log points to."""
UNLIKELY = 1e-6
MOST_SPELLS = 4
"""So many spells are looked at, whether each was an outage."""
PROOF = 0.98
"""How sure one must be before a change is rejected."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """A smallest red group."""

    members: tuple[str, ...]
    """Those that can be gated, the least suspicious first: what a head leaves out is likely to blame."""
    risks: tuple[float, ...]
    """How likely each is to blame, before the group was red."""
    alibi: float
    """How likely all its red trees would be just as red with nobody to blame."""
    knot: bool
    """All passed in other trees: two of them don't go together, or one with what has landed. The later is to blame."""
    trees: tuple[Tree, ...]
    """The trees that are red by this group alone."""

    def green(self, count: int) -> float:
        """How likely the first so many are green together."""
        whole = clean(self.risks)
        return (clean(self.risks[:count]) - whole + whole * self.alibi) / (1 - whole + whole * self.alibi)

    def sureness(self, member: str) -> float:
        """How likely one is to blame."""
        whole = clean(self.risks)
        return self.risks[self.members.index(member)] / (1 - whole + whole * self.alibi)


def suspects(found: Findings, rates: Rates, lineup: Lineup) -> tuple[Suspects, ...]:
    """The smallest red groups, none sharing a member with another: knots first, then by landing order.

    A tree that holds a whole knot is red because of it, and accuses nobody else.
    """
    accused = [(tree.rest - found.vouched, tree) for tree in found.reds]
    knots = _smallest([(tree.rest, tree) for rest, tree in accused if not rest])
    tied = [red.rest for red in knots]
    plain = _smallest(
        [(rest, tree) for rest, tree in accused if rest and not any(knot <= tree.rest for knot in tied)]
    )
    chances = {red.rest: _chance(red.rest, found, rates, lineup) for red in (*knots, *plain)}
    lost = {
        red.rest: {
            spell: outage(
                rates.flake,
                (
                    chances[other.rest]
                    for other in (*knots, *plain)
                    if other is not red and spell in other.spells
                ),
            )
            for spell in red.spells
        }
        for red in (*knots, *plain)
    }
    groups = [_knot(red, found, rates, lineup, lost[red.rest]) for red in knots] + [
        _group(red, rates, lineup, lost[red.rest]) for red in plain
    ]
    able = [group for group in groups if group.members]
    return tuple(
        sorted(able, key=lambda group: (not group.knot, lineup.place[lineup.sort(group.members)[0]]))
    )


@dataclass(frozen=True, slots=True)
class _Red:
    """A smallest red set; the red sets around it, itself included, from the inside out; who is in other smallest ones."""

    rest: Ids
    over: tuple[tuple[Ids, Tree], ...]
    others: Ids

    @property
    def own(self) -> tuple[Tree, ...]:
        return tuple(tree for rest, tree in self.over if rest == self.rest)

    @property
    def spells(self) -> tuple[str, ...]:
        """Those of its own failures, as they came."""
        return tuple(dict.fromkeys(run.spell for tree in self.own for run in tree.reds if run.spell))


def _smallest(reds: list[tuple[Ids, Tree]]) -> list[_Red]:
    """The smallest of these sets; one that overlaps a smaller one waits until that is settled."""
    reds = sorted(reds, key=lambda red: (len(red[0]), len(red[1].content), sorted(red[0])))
    chosen: list[Ids] = []
    taken = NOBODY
    for rest, _ in reds:
        if not taken & rest:
            taken |= rest
            chosen.append(rest)
    return [_Red(rest, tuple(red for red in reds if red[0] >= rest), taken - rest) for rest in chosen]


def _chance(rest: Ids, found: Findings, rates: Rates, lineup: Lineup) -> float:
    """How likely a tree with these was red anyhow."""
    new = rest - found.vouched
    pairs = 0 if new else found.untried(lineup.sort(rest))[-1]
    return 1 - (1 - rates.flake) * clean(sorted(rates.risks[change] for change in new)) * (
        1 - rates.clash(pairs)
    )


def _group(red: _Red, rates: Rates, lineup: Lineup, lost: Mapping[str, float]) -> Suspects:
    named = NOBODY.union(*(tree.named for tree in red.own))
    risks = {
        change: _raised(rates.risks[change]) if change in named else rates.risks[change]
        for change in red.rest
    }
    able = lineup.sort(red.rest)
    # Not before what it needs, so that every head is closed.
    after = {change: max(risks.get(need, 0.0) for need in lineup.around[change]) for change in able}
    members = tuple(sorted(able, key=after.__getitem__))
    return Suspects(
        members, tuple(risks[each] for each in members), _alibi(red, rates, lost), knot=False, trees=red.own
    )


def _raised(risk: float) -> float:
    odds = risk / (1 - risk) * NAMED
    return min(MOST, odds / (1 + odds))


def _knot(red: _Red, found: Findings, rates: Rates, lineup: Lineup, lost: Mapping[str, float]) -> Suspects:
    members = lineup.sort(red.rest)
    heads = found.untried(members)
    risks = tuple(max(UNLIKELY, rates.clash(after - before)) for before, after in pairwise(heads))
    return Suspects(members, risks, _alibi(red, rates, lost), knot=True, trees=red.own)


def _alibi(red: _Red, rates: Rates, lost: Mapping[str, float]) -> float:
    """How likely the red runs of a group, and of all around it, are if all its members are good.

    `lost`: how likely each spell of failures among them was an outage. Any of the last few may have been.
    """
    several = tuple(lost)[-MOST_SPELLS:]
    whole = 0.0
    for were in product((False, True), repeat=len(several)):
        gone = frozenset(spell for spell, was in zip(several, were, strict=True) if was)
        chance = math.prod(
            lost[spell] if was else 1 - lost[spell] for spell, was in zip(several, were, strict=True)
        )
        whole += chance * _lied(red, rates, gone)
    return whole


def _lied(red: _Red, rates: Rates, gone: Ids) -> float:
    """How likely all these runs are red if all in the group is good, but for the spells that are gone: outages.

    Each run of its own was a flake then. So was each around it, unless one of those who are only there is bad;
    another smallest red group among them explains it whole.
    """

    def failures(tree: Tree) -> int:
        return sum(1 for run in tree.reds if run.spell not in gone)

    rings: list[
        tuple[float, int]
    ] = []  # from the inside: how likely all that it adds is good, and its red runs
    inner = red.rest
    for rest, tree in red.over:
        if rest == inner and rings:
            rings[-1] = (rings[-1][0], rings[-1][1] + failures(tree))
        elif rest > inner:
            if rest & red.others:
                break
            rings.append((clean(sorted(rates.risks[change] for change in rest - inner)), failures(tree)))
            inner = rest
    around = 1.0
    for good, count in reversed(rings):
        around = (1 - good) + good * rates.flake**count * around
    own = sum(map(failures, red.own))
    if not any(tree.reds for tree in red.own):
        own = 1  # what only stalled is taken as red once: there is who makes it so
    return rates.flake**own * around


def isolating(change: str, trees: Sequence[Tree], landed: Ids) -> tuple[Tree, ...]:
    """The red trees in which everything else has landed."""
    return tuple(tree for tree in trees if tree.reds and tree.content - {change} <= landed)


def certainty(red: int, flake: float, before: float) -> float:
    """How likely a tree is bad that was red so often and never green; `before`: how likely it was at first."""
    lied = (1 - before) * math.pow(flake, red)
    return before / (before + lied)
