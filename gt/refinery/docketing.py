"""Filling the scheduler's docket: from the queue, the target's history and the known gate runs, each time anew.

A change is known to the scheduler by `bead/token/commit`, as kept outcomes name members.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gt.core.bead import Bead, Result
from gt.core.docket import Change, Docket, GateRun, Ids, Record, Tally
from gt.core.ready import satisfied
from gt.core.town import Town
from gt.core.world import Queued, Standing
from gt.errors import GtError
from gt.refinery.candidate import Preview, preview
from gt.refinery.gateruns import GateRuns
from gt.refinery.stacked import below, unlanded_work
from gt.refinery.train import Member, Train
from gt.refinery.yard import Yard

ORDERED = ("need", "ancestor")
"""Causes to wait for that the scheduler sees to by itself."""


@dataclass(slots=True)
class Docketing:
    """What one merge knows of those who wait for one target. It is a cache: another merge would come to the same."""

    yard: Yard
    runs: GateRuns
    apart: dict[str, set[str]] = field(default_factory=dict)
    """What could not be coupled with what."""

    def docket(
        self,
        tip: str,
        town: Town,
        queued: Sequence[Queued],
        beads: Mapping[str, Bead],
        landed: Iterable[Bead],
        running: Sequence[GateRun],
        let_go: Mapping[str, Bead],
    ) -> Docket:
        """All that the scheduler decides by. `landed`: Beads that landed lately, for what they tell of their agents.

        `let_go`: the commits of landings that the target goes without, each with its Bead.
        """
        waiting = self._members(queued, beads)
        work = {**let_go, **unlanded_work(beads.values())}
        changes = tuple(
            self._change(tip, town, each, beads, waiting, work) for each in queued if each.bead in waiting
        )
        names = {member.name: member for member in waiting.values()}
        tried, flakes = self.runs.tried(tip, town, names)
        return Docket(
            changes=changes,
            # What is still waiting has landed nowhere, whatever others wrote onto the target.
            tips=tuple(replace(each, landed=each.landed - names.keys()) for each in self.runs.tips(tip)),
            tried=tuple(tried),
            running=tuple(running),
            record=self._record(beads.values(), landed, flakes),
            now=self.yard.clock(),
        )

    def member(self, name: str, beads: Mapping[str, Bead]) -> Member | None:
        """The submission of this name, if it is still there."""
        bead = beads.get(name.partition("/")[0])
        sub = bead.status.submission if bead else None
        if bead is None or sub is None:
            return None
        found = Member(bead.id, sub)
        return found if found.name == name else None

    def set_apart(self, train: Train) -> bool:
        """Remember who could not be coupled with whom; whether anything is new."""
        before = sum(map(len, self.apart.values()))
        for member, paths in [(left.member, left.conflicts) for left in train.left] + [
            (car.member, car.strays) for car in train.cars if car.strays
        ]:
            for name in _opponents(train, member, frozenset(paths)):
                self.apart.setdefault(member.name, set()).add(name)
                self.apart.setdefault(name, set()).add(member.name)
        return sum(map(len, self.apart.values())) > before

    def part(self, member: Member, others: Iterable[Member]) -> None:
        """Remember that this one can't land together with the others."""
        for other in others:
            if other != member:
                self.apart.setdefault(member.name, set()).add(other.name)
                self.apart.setdefault(other.name, set()).add(member.name)

    def _members(self, queued: Sequence[Queued], beads: Mapping[str, Bead]) -> dict[str, Member]:
        found = {}
        for each in queued:
            sub = beads[each.bead].status.submission
            if sub is not None:
                found[each.bead] = Member(each.bead, sub)
        return found

    def _change(
        self,
        tip: str,
        town: Town,
        queued: Queued,
        beads: Mapping[str, Bead],
        waiting: Mapping[str, Member],
        work: Mapping[str, Bead],
    ) -> Change:
        bead, me = beads[queued.bead], waiting[queued.bead]
        needs, missing = set(), ""
        for need in sorted(bead.spec.needs):
            other = beads.get(need)
            if need in waiting:
                needs.add(waiting[need].name)
            elif other is None or not satisfied(other):
                missing = f"needs {need}, which is {other.phase if other else 'not in this ledger'}"
        for name, other in self._below(tip, me, work).items():
            if name in waiting:
                needs.add(waiting[name].name)
            else:
                missing = f"contains work of {name}, which is {other.phase}"
        held = "" if queued.standing is Standing.DUE or queued.cause in ORDERED else queued.why
        made = self._preview(tip, me, town)
        return Change(
            id=me.name,
            rank=bead.spec.priority,
            at=me.sub.at,
            agent=me.sub.agent,
            needs=frozenset(needs),
            apart=frozenset(self.apart.get(me.name, ())),
            alone=made is not None and bool(made.protected),
            vetted=self.runs.is_vetted(me, town),
            held=held or missing,
        )

    def _preview(self, tip: str, member: Member, town: Town) -> Preview | None:
        try:
            return preview(self.yard.repo, tip, member.sub.commit, town)
        except GtError:
            return None

    def _below(self, tip: str, member: Member, work: Mapping[str, Bead]) -> Mapping[str, Bead]:
        try:
            return below(self.yard.repo, work, member.bead, member.sub.commit, tip)
        except GtError:  # the commit isn't here: the queue says so
            return {}

    @staticmethod
    def _record(beads: Iterable[Bead], landed: Iterable[Bead], flakes: Tally) -> Record:
        bad: Counter[str] = Counter()
        good: Counter[str] = Counter()
        for bead in beads:
            for attempt in bead.status.attempts:
                if attempt.result in (Result.RED, Result.REJECTED):
                    bad[attempt.agent] += 1
        for bead in landed:
            if bead.status.submission is not None:
                good[bead.status.submission.agent] += 1
        return Record({name: Tally(bad[name], good[name]) for name in bad.keys() | good.keys()}, flakes)


def _opponents(train: Train, member: Member, paths: Ids) -> Iterable[str]:
    """The cars that a member which found no place stands against: those that change what it conflicts in."""
    others = [car for car in train.cars if car.member != member]
    found = [car.member.name for car in others if paths & {change.path for change in car.changes}]
    return found or [car.member.name for car in others]
