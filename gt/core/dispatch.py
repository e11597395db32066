"""The slots while a plan is made: what is under way, what rides along, which wishes become gate runs."""

from __future__ import annotations

from collections.abc import Sequence

from gt.core.bids import Wish
from gt.core.docket import NOBODY, Docket, GateRun, Ids
from gt.core.findings import Findings
from gt.core.lineup import Lineup
from gt.core.rates import Rates

TRUST = 0.9
"""How likely vouched changes must go together to ride along with others."""
SOON, LATE = 0.12, -0.06
"""A run with so much left will end any moment; one that is later than that may take forever."""


class Dispatch:
    """What flies, and what is added to it."""

    def __init__(self, docket: Docket, found: Findings, lineup: Lineup, rates: Rates, free: int) -> None:
        self._docket, self._found, self._lineup, self._rates = docket, found, lineup, rates
        self.free = free
        """Slots that are still free."""
        self.runs: list[GateRun] = []
        self.cancel: list[GateRun] = []
        """Runs under way that can't tell anything any more."""
        self.flying: list[Ids] = []
        """What hasn't landed of each run under way or planned."""
        self.soon = False
        """A run will end any moment."""
        self.riders = NOBODY
        self._contents: set[Ids] = set()
        at = docket.landed()
        for run in docket.running:
            self._look(run, at.get(run.base, NOBODY) | run.members, known=run.base in at)

    def _look(self, run: GateRun, content: Ids, *, known: bool) -> None:
        rest = content - self._found.landed
        fresh = self._found.landed <= content
        gone = not rest <= self._lineup.place.keys()
        empty = not fresh and self._found.together(rest)
        if gone or empty or not known:
            self.cancel.append(run)
            self.free += 1
            return
        self.soon |= LATE < run.left <= SOON
        self._contents.add(content)
        self.flying.append(rest)

    @property
    def airborne(self) -> Ids:
        """The changes in any run under way or planned."""
        return NOBODY.union(*self.flying)

    def under_way(self, members: Ids) -> bool:
        """Whether these are being gated on the tip."""
        return self._found.landed | members in self._contents

    def is_news(self, members: Ids) -> bool:
        """Whether nobody knows, or is about to know, how the gates end on the tip with these."""
        return not self.under_way(members) and self._found.landed | members not in self._found.trees

    def parts(self, group: Ids) -> tuple[Ids, ...]:
        """Disjoint parts of a group that are under way, what is vouched for left aside."""
        found: list[Ids] = []
        taken = NOBODY
        for flying in self.flying:
            part = flying - self._found.vouched
            if part and part < group and not part & taken:
                found.append(part)
                taken |= part
        return tuple(found)

    def take_along(self, changes: Sequence[str]) -> None:
        """Let a head of these vouched changes ride along: as long as it is trusted to go together.

        Each red tree that holds them all makes that less likely: they may be why it is red.
        """
        heads = [self._rates.clash(pairs) for pairs in self._found.untried(changes)]
        count = sum(1 for clash in heads[1:] if 1 - clash >= TRUST)
        riders = frozenset(changes[:count])
        reds = sum(len(tree.reds) for tree in self._found.reds if tree.fresh and riders <= tree.rest)
        fine = (1 - heads[count]) * 0.5**reds
        self.riders = riders if fine >= (TRUST - 0.05) * (fine + max(heads[count], 1e-9)) else NOBODY

    def ask(self, wish: Wish) -> bool:
        """Plan a wished run if a slot is free and nobody knows or is about to know its outcome."""
        own = self._lineup.closed(wish.members)
        social = wish.riders and self.riders and not any(self._lineup.changes[each].alone for each in own)
        ways = (own | self.riders, own) if social else (own,)
        return any(self._start(members, wish, again=False) for members in ways) or (
            wish.again and any(self._start(members, wish, again=True) for members in ways)
        )

    def _start(self, members: Ids, wish: Wish, *, again: bool) -> bool:
        content = self._found.landed | members
        tree = self._found.trees.get(content)
        if not self.free or content in self._contents:
            return False
        if tree and ((tree.green and members) or (tree.reds and not again) or (tree.stalled and members)):
            return False
        more = len(members - self._lineup.closed(wish.members))
        why = f"{wish.why}; {more} that passed ride along" if more else wish.why
        if tree and tree.doubts and members and not self.under_way(NOBODY):
            # It would be red for the same reason: two failures with no pass between are as good as one.
            return False
        self.runs.append(
            GateRun(self._docket.tip, members, wish.purpose, why, again=bool(tree and tree.reds))
        )
        self._contents.add(content)
        self.flying.append(members)
        self.free -= 1
        return True
