"""Who gets the free slots: hotfixes, then whoever gains most by one more run, then guesses.

Every step looks at what is under way by then, the runs just planned included.
"""

from __future__ import annotations

from dataclasses import replace

from gt.core.bids import Bid, Pool, Split, Wish, named
from gt.core.chain import Chain
from gt.core.coins import clean
from gt.core.dispatch import Dispatch
from gt.core.docket import NOBODY, Ids, Purpose
from gt.core.findings import Findings
from gt.core.guesses import guesses
from gt.core.lineup import HOTFIX, Lineup
from gt.core.rates import Rates
from gt.core.suspicion import PROOF, Suspects, isolating
from gt.core.values import dataclass

WORTH = 0.2
"""The bits that a run must tell to be made before any guess is."""
LEFTOVER = 0.02
"""The bits that it must tell to be made rather than nothing."""
URGENT = 1.15
"""How much more a bit is worth about what is red: that takes longest to settle."""
EVERYTHING = 0.2
"""How likely everything must be green to be gated as one."""
GUESS = 0.05
"""How likely a guess must be right to be tried."""
OUTAGE = 0.3
"""How likely several that failed together did so for no fault of theirs, for the target to be gated before they are."""
COVERED = 0.6
"""How likely one of the guesses must be right for them to go before all else at the end."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who hands out the slots, and what is known there."""

    found: Findings
    lineup: Lineup
    rates: Rates
    groups: tuple[Suspects, ...]
    slots: Dispatch

    def control(self, why: str) -> None:
        """Gate the target itself."""
        self.slots.ask(Wish((), Purpose.CONTROL, why, again=True, riders=False))

    def mend(self) -> None:
        """Gate each change by itself, for one may mend a target that is red: the latest first, for they know of it."""
        changes = self.lineup.changes
        for change in sorted(
            self.lineup.order, key=lambda each: (changes[each].rank != HOTFIX, -changes[each].at)
        ):
            why = f"does {change} mend the target, which is red?"
            self.slots.ask(Wish((change,), Purpose.MEND, why, riders=False))

    def work(self) -> None:
        """Use the slots, the most urgent first."""
        self._hotfixes()
        if not self.slots.free or self.slots.soon:
            return
        self._lone()
        self.slots.take_along(self._row())
        if not self._at_the_end():
            self._everything()
            self._auction(WORTH)
        self._rows()
        self._assure()
        self._guess()
        self._auction(LEFTOVER)
        if not self.slots.flying:
            self._first()

    @property
    def _suspected(self) -> Ids:
        return NOBODY.union(*(group.members for group in self.groups))

    def _pool(self) -> tuple[str, ...]:
        """What nothing is known of, and nobody is finding out."""
        known = self.found.vouched | self._suspected | self.slots.airborne
        return tuple(
            each for each in self.lineup.order if each not in known and not self.lineup.changes[each].alone
        )

    def _row(self) -> tuple[str, ...]:
        """Vouched changes that go together as far as is known."""
        tied = NOBODY.union(*(group.members for group in self.groups if group.knot))
        return self.lineup.row(self.found.vouched - tied)

    def _hotfixes(self) -> None:
        for change in self.lineup.order:
            if self.lineup.changes[change].rank == HOTFIX and change not in self._suspected:
                self.slots.ask(Wish((change,), Purpose.HOTFIX, f"{change} can't wait", riders=False))

    def _lone(self) -> None:
        """What lands by itself: in its turn, or when nobody else is there."""
        for change in self.lineup.order:
            alone = self.lineup.changes[change].alone
            if alone and change not in self._suspected | self.slots.airborne:
                self.slots.ask(Wish((change,), Purpose.GROUP, f"{change} lands by itself", riders=False))
                return

    def _at_the_end(self) -> bool:
        """Whether only suspects are left, and guesses cover most of what is possible: then they go first."""
        if self._pool() or self.slots.flying or not self.groups:
            return False
        return sum(chance for chance, _ in self._guesses()) >= COVERED

    def _everything(self) -> None:
        """Everything as one, if that is likely green; its parts are gated at the same time."""
        if self.groups or self.slots.free < 2 or not self._pool():
            return
        whole = self.lineup.row({*self._pool()} | self.slots.riders | self.slots.airborne)
        new = [each for each in whole if each not in self.found.vouched]
        chance = clean(self.rates.risks[each] for each in new)
        if chance >= EVERYTHING and len(new) > 1:
            self.slots.ask(
                Wish(whole, Purpose.HEDGE, f"everything at once; green by {chance:.0%}", riders=False)
            )

    def _auction(self, least: float) -> None:
        """One slot after the other to the bid that gains most by it."""
        bids = self._bids()
        runs = [0] * len(bids)
        worth = [[0.0, each.bits(1) * factor] for factor, each in bids]
        for _ in range(self.slots.free):
            gains = [its[-1] - its[-2] for its in worth]
            best = max(range(len(bids)), key=lambda n: (round(gains[n], 9), -n), default=None)
            if best is None or gains[best] < least:
                break
            runs[best] += 1
            factor, bid = bids[best]
            worth[best].append(bid.bits(runs[best] + 1) * factor)
        for (_, bid), count in zip(bids, runs, strict=True):
            for wish in bid.wishes(count):
                self._ask(wish)

    def _ask(self, wish: Wish) -> None:
        """Ask for a run without those who need somebody that isn't in it and isn't vouched for: they come later."""
        given = self.found.vouched | {*wish.members}
        kept = tuple(each for each in wish.members if self.lineup.around[each] <= given)
        if kept:
            self.slots.ask(wish if kept == wish.members else replace(wish, members=kept))

    def _bids(self) -> list[tuple[float, Bid]]:
        found: list[tuple[float, Bid]] = [(URGENT, bid) for group in self.groups for bid in self._of(group)]
        found += [
            (1.0, bid) for flying in self.slots.flying for bid in self._ahead(flying - self.found.vouched)
        ]
        pool = self._pool()
        if pool:
            found.append((1.0, Pool(pool, tuple(self.rates.risks[each] for each in pool))))
        return found

    def _of(self, group: Suspects) -> list[Bid]:
        """The bid of a red group, unless all of it is under way, or only what is with it has yet to land."""
        members = frozenset(group.members)
        if group.knot:
            heads = tuple(group.green(count) for count in range(len(members) + 1))
            return [Chain(group.members, (1.0, *heads[1:]), red=True, marks=self._marks(group.members))]
        if any(flying - self.found.vouched == members for flying in self.slots.flying):
            return []
        if len(members) == 1 and group.sureness(group.members[0]) >= PROOF:
            return []
        asked = self.slots.under_way(NOBODY)
        if self._is_open(group) and not asked:
            return []
        parts = self.slots.parts(members)
        doubted = not asked and any(tree.doubts for tree in group.trees)
        split = Split(
            group.members, group.risks, group.alibi, self.rates.flake, flying=parts, doubted=doubted
        )
        return [split]

    def _ahead(self, flying: Ids) -> list[Bid]:
        """The bid of a group that is under way, in case it turns out red."""
        larger = any(flying < other - self.found.vouched for other in self.slots.flying)
        if len(flying) < 2 or larger or flying & self._suspected:
            return []
        members = sorted(
            self.lineup.sort(flying),
            key=lambda each: max(self.rates.risks[c] for c in self.lineup.around[each]),
        )
        risks = tuple(self.rates.risks[each] for each in members)
        red = min(1 - clean(risks), 0.999)
        return [
            Split(tuple(members), risks, self.rates.flake, self.rates.flake, red, self.slots.parts(flying))
        ]

    def _marks(self, row: tuple[str, ...]) -> tuple[int, ...]:
        heads = {len(each) for each in self.slots.flying if 0 < len(each) <= len(row)}
        return tuple(sorted(size for size in heads if self.slots.under_way(frozenset(row[:size]))))

    def _rows(self) -> None:
        """Heads of what passed apart; and of knots, all but a part."""
        row = self._row()
        if row and not any(flying >= frozenset(row) for flying in self.slots.flying):
            green = tuple(1 - self.rates.clash(pairs) for pairs in self.found.untried(row))
            for wish in Chain(row, green, marks=self._marks(row)).wishes(self.slots.free):
                self.slots.ask(wish)
        for group in self.groups:
            if group.knot:
                for bid in self._of(group):
                    assert isinstance(bid, Chain)
                    for wish in bid.detours():
                        self.slots.ask(wish)

    def _assure(self) -> None:
        """Gate the target where a gate has failed, likely for everybody or on a change by itself, and wasn't seen to work since."""
        for group in self.groups:
            if self._is_open(group):
                self.control(f"{named(group.members)}, red: does the gate work, and pass without?")
                return

    def _is_open(self, group: Suspects) -> bool:
        """Whether the gate may be broken for everybody that these failed by last: another run of theirs wouldn't tell."""
        trees = group.trees
        if len(group.members) == 1:
            trees = isolating(group.members[0], trees, self.found.landed)
        elif group.alibi < OUTAGE:
            return False
        return any(tree.doubts for tree in trees)

    def _guess(self) -> None:
        for chance, members in self._guesses():
            why = f"{named(members)}: all but those likely to blame; green by {chance:.0%}"
            self.slots.ask(Wish(members, Purpose.HEDGE, why, riders=False))

    def _guesses(self) -> list[tuple[float, tuple[str, ...]]]:
        """Trees of everybody but whom a guess blames, one a slot, and how likely each is green."""
        if any(group.knot for group in self.groups):
            return []
        order = self.lineup.row(self.lineup.order)
        unknown = [each for each in order if each not in self.found.vouched | self._suspected]
        others = clean(self.rates.risks[each] for each in unknown)
        others *= 1 - self.rates.clash(self.found.untried(order)[-1])
        best: list[tuple[float, tuple[str, ...]]] = []
        for chance, blamed in guesses(self.groups):
            if len(best) >= self.slots.free or chance * others < GUESS:
                break
            members = self.lineup.row(each for each in order if each not in blamed)
            if members and self.slots.is_news(frozenset(members)):
                best.append((chance * others, members))
        return best

    def _first(self) -> None:
        """Whatever else is so: the first in line by itself."""
        for change in self.lineup.order:
            members = tuple(self.lineup.around[change])
            if self.slots.ask(
                Wish(members, Purpose.CONFIRM, f"{change} by itself", again=True, riders=False)
            ):
                return
        if self.found.unsure:
            self.control("all else has failed: do the gates work?")
