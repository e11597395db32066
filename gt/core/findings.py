"""What the runs on a docket show: who passed, which trees are red for no known reason, how the target is.

Worked out anew each time. Trees are known by their *content*: what had landed when a run began, and its members. So a
run on an older tip speaks for today's as soon as its content has all that landed since: after red {a, b} and green
{a}, which lands, b is known to be red on the target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from gt.core.docket import NOBODY, Docket, Ids, Tried, Verdict
from gt.core.values import dataclass

TRIES = 3
"""How often in a row gates may be unable to run before a tree is given up."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What is known of one tree."""

    content: Ids
    rest: Ids
    """What of it hasn't landed."""
    fresh: bool
    """It has all that has landed: if it is green, `rest` may land."""
    runs: tuple[Tried, ...] = ()

    @property
    def reds(self) -> tuple[Tried, ...]:
        """Its failed runs."""
        return tuple(run for run in self.runs if run.verdict is Verdict.FAIL)

    @property
    def doubts(self) -> int:
        """How often it failed by a gate that hasn't been seen to work since."""
        return sum(1 for red in self.reds if not red.works)

    @property
    def spells(self) -> Ids:
        """The spells of failures that these are of."""
        return frozenset(red.spell for red in self.reds if red.spell)

    @property
    def green(self) -> Tried | None:
        """The run that passed."""
        return next((run for run in self.runs if run.verdict is Verdict.PASS), None)

    @property
    def stalled(self) -> bool:
        """Its gates don't run, time after time."""
        last = self.runs[-TRIES:]
        return len(last) == TRIES and all(run.verdict is Verdict.COULD_NOT_RUN for run in last)

    @property
    def named(self) -> Ids:
        """Whom the logs point to."""
        return NOBODY.union(*(run.named for run in self.runs))


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a docket's trees."""

    landed: Ids
    trees: Mapping[Ids, Tree]
    """By content."""
    homes: Mapping[str, Ids]
    """Of each waiting change that was in a green tree, the largest such content."""
    reds: tuple[Tree, ...]
    """Red or stalled trees without an explanation: what waits is all they have, and no green tree holds it all."""
    row: tuple[Ids, ...]
    """The contents of the last runs, for as long as none of them could be made."""
    unsure: int
    """How often gates failed on the target, and with what waits, that haven't been seen to work since."""

    @property
    def vouched(self) -> Ids:
        """The waiting changes that were in a green tree: good by themselves."""
        return frozenset(self.homes)

    @property
    def control(self) -> Tree:
        """The target itself."""
        return self.trees.get(self.landed) or Tree(self.landed, NOBODY, fresh=True)

    @property
    def is_green(self) -> bool:
        """Whether the target passed, and none of its gates has failed on it since and not been seen to work."""
        return self.control.green is not None and not self.control.doubts

    @property
    def stalled(self) -> Ids:
        """Single changes whose gates don't run on the tip: on what lands next they may."""
        return NOBODY.union(
            *(
                tree.rest
                for tree in self.trees.values()
                if tree.fresh and tree.stalled and not tree.green and len(tree.rest) == 1
            )
        )

    def together(self, changes: Ids) -> bool:
        """Whether all these passed in one tree; or there is none."""
        return not changes or any(changes <= self.homes.get(each, NOBODY) for each in changes)

    def untried(self, row: Iterable[str]) -> list[int]:
        """For each head of a row, none first: how many pairs in it, and of it and what landed, were never green together."""
        heads = [0]
        houses: Counter[Ids] = Counter()
        strangers: dict[Ids, int] = {}
        for count, change in enumerate(row):
            home = self.homes.get(change, NOBODY)
            if home not in strangers:
                strangers[home] = len(self.landed - home)
            heads.append(heads[-1] + count - houses[home] + strangers[home])
            houses[home] += bool(home)
        return heads


def find(docket: Docket) -> Findings:
    """Sum up what was tried."""
    at = docket.landed()
    landed = at[docket.tip]
    waiting = frozenset(change.id for change in docket.changes)
    runs = [(at[run.base] | run.members, run) for run in docket.tried if run.base in at]
    trees = _trees([(content, run) for content, run in runs if not content < landed], landed)
    greens = sorted((tree for tree in trees.values() if tree.green), key=lambda tree: -len(tree.content))
    homes: dict[str, Ids] = {}
    for tree in greens:
        for change in tree.rest & waiting:
            homes.setdefault(change, tree.content)
    reds = tuple(
        tree
        for tree in trees.values()
        if tree.rest
        and tree.rest <= waiting
        and (tree.reds or tree.stalled)
        and not any(tree.content <= green.content for green in greens)
    )
    row = []
    for content, run in reversed(runs):
        if run.verdict is not Verdict.COULD_NOT_RUN:
            break
        row.append(content)
    unsure = sum(tree.doubts for tree in trees.values() if tree.rest <= waiting)
    return Findings(landed, trees, homes, reds, tuple(row), unsure)


def _trees(runs: Iterable[tuple[Ids, Tried]], landed: Ids) -> dict[Ids, Tree]:
    by_content: dict[Ids, list[Tried]] = {}
    for content, run in runs:
        by_content.setdefault(content, []).append(run)
    return {
        content: Tree(content, content - landed, landed <= content, tuple(its))
        for content, its in by_content.items()
    }
