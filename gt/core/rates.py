"""How likely a change is bad, gates lie, two changes don't go together: Beta posteriors, counted and never stored.

An agent's rate starts from the town's; the town's from a guess that a few changes can disprove.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from gt.core.coins import clean
from gt.core.docket import Docket, Ids, Tally, Tried, Verdict
from gt.core.findings import Findings
from gt.core.outages import outage
from gt.core.values import dataclass

TOWN = Tally(0.1, 2.9)
"""Before anything was seen: one change in thirty is bad; a few changes disprove it."""
AGENT = 6.0
"""With so many changes of an agent, its own rate weighs as much as the town's."""
VETTED = 0.4
"""What is left of the risk of a change that passed on its own head."""
FLAKES = Tally(2.0, 60.0)
"""Gates are taken to lie now and then until they have shown for a while that they don't: to reject a good change costs
an agent's attempt, to run once more costs a run."""
PAIRS = Tally(0.05, 250.0)
LEAST, MOST = 0.001, 0.9
"""No change is held to be surely good or bad."""
MOST_FLAKES = 0.3


@dataclass(frozen=True, slots=True)
class Rates:
    """What is believed of changes and gates."""

    risks: Mapping[str, float]
    """Of each waiting change: how likely it is bad."""
    flake: float
    """How likely gates fail on a good tree."""
    pair: float
    """How likely two good changes fail together."""

    def clash(self, pairs: float) -> float:
        """How likely at least one of so many pairs fails together."""
        return -math.expm1(pairs * math.log1p(-self.pair))


def believe(docket: Docket, found: Findings) -> Rates:
    """The rates by all that was seen. What passed counts as good; a red group as its expected number of bad ones."""
    agents = {change.id: change.agent for change in docket.changes}
    seen = dict(docket.record.agents)

    def count(change: str, bad: float, real: float = 1.0) -> None:
        agent = agents[change]
        seen[agent] = seen.get(agent, Tally()).plus(bad * real, (1 - bad) * real)

    for change in sorted(found.vouched):
        count(change, 0.0)
    risks = _risks(docket, seen)
    flake = min(
        MOST_FLAKES,
        _mean(FLAKES, docket.record.flakes, *(lies(tree.runs) for tree in found.trees.values())),
    )
    groups = _apart(found)
    whole = {red: clean(sorted(risks[change] for change in red)) for red in groups}
    chances = {red: 1 - good * (1 - flake) for red, good in whole.items()}
    for red, spells in groups.items():
        # What may all be one outage tells the less of each.
        lost = (
            outage(flake, (chances[each] for each, its in groups.items() if spell in its)) for spell in spells
        )
        real = 1 - math.prod(sorted(lost))
        for change in sorted(red):
            count(change, risks[change] / chances[red], real if spells else 1.0)
    return Rates(_risks(docket, seen), flake, _mean(PAIRS, docket.record.pairs))


def _apart(found: Findings) -> dict[Ids, Ids]:
    """The smallest red groups, none sharing a member with another, each with its spells."""
    groups: dict[Ids, Ids] = {}
    for red, tree in sorted(
        ((tree.rest - found.vouched, tree) for tree in found.reds),
        key=lambda red: (len(red[0]), sorted(red[0])),
    ):
        if red in groups:
            groups[red] |= tree.spells
        elif red and not any(red & other for other in groups):
            groups[red] = tree.spells
    return groups


def lies(runs: Iterable[Tried]) -> Tally:
    """How often gates failed on a tree that they passed as well, and whether they did: by all runs on it."""
    verdicts = [run.verdict for run in runs]
    passed = Verdict.PASS in verdicts
    return Tally(verdicts.count(Verdict.FAIL) if passed else 0, passed)


def _risks(docket: Docket, seen: Mapping[str, Tally]) -> dict[str, float]:
    town = _mean(TOWN, *seen.values())
    prior = Tally(town * AGENT, (1 - town) * AGENT)
    by_agent = {agent: _mean(prior, tally) for agent, tally in seen.items()}
    return {
        change.id: min(
            MOST, max(LEAST, by_agent.get(change.agent, town) * (VETTED if change.vetted else 1.0))
        )
        for change in docket.changes
    }


def _mean(*tallies: Tally) -> float:
    """The same whatever the order: a plan must not hang on it."""
    yes = math.fsum(tally.yes for tally in tallies)
    return yes / (yes + math.fsum(tally.no for tally in tallies))
