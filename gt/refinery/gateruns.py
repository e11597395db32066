"""The gate runs that are known of a target: what each was of, and what the kept outcomes tell of it today.

A change is named `bead/token/commit`, as kept outcomes name members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gt.core.docket import NOBODY, Ids, Tally, Tip, Tried
from gt.core.docket import Verdict as Ruled
from gt.core.rates import lies
from gt.core.town import Town
from gt.errors import GtError
from gt.fleet.output import tail
from gt.git.lineage import steps
from gt.refinery import outcomes, pins
from gt.refinery.control import SURE
from gt.refinery.evidence import LOG_BYTES
from gt.refinery.health import Health
from gt.refinery.landed import made_by_gt
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.proving import Candidate, Test, candidate
from gt.refinery.told import members
from gt.refinery.train import Member, Train, Yardmaster
from gt.refinery.waived import landed_under
from gt.refinery.yard import Yard
from gt.store.settings import town_at

BACK = 50
"""How many landings back the scheduler looks: what passed or failed before says little of today."""


@dataclass(slots=True)
class GateRuns:
    """What one merge knows of them. It is a cache: another merge would come to the same."""

    yard: Yard
    target: str
    master: Yardmaster
    health: Health = field(default_factory=Health)
    _asked: dict[tuple[str, Ids], Candidate | None] = field(default_factory=dict)
    """By base and members, every run that is known, oldest first; None: an earlier merge's, not made again yet."""
    _disowned: set[tuple[str, Ids]] = field(default_factory=set)
    """Runs, by base and members, that say nothing of what these would land as."""
    _candidates: dict[tuple[str, str], Candidate] = field(default_factory=dict)
    _alone: dict[tuple[str, str], Candidate] = field(default_factory=dict)
    """What was submitted, as it is, by commit and settings."""
    _vetted: dict[tuple[str, str], bool] = field(default_factory=dict)
    _past: dict[tuple[str, Ids, str], tuple[Tried, ...]] = field(default_factory=dict)
    """By base, members and settings: what runs told of which all has landed since, and more."""
    _named: dict[str, Ids] = field(default_factory=dict)
    _excused: dict[str, Ids] = field(default_factory=dict)
    _tips: tuple[Tip, ...] = ()
    _written: tuple[Town, str, str] | None = None
    """The settings asked about last, their gates as text, and these with what fills a slot: long to write."""

    def recall(self, tip: str) -> None:
        """Take up what earlier merges tried on this tip and on those before it that gt made."""
        bases = {each.name for each in self.tips(tip)}
        for each in sorted(outcomes.everything(self.yard.repo), key=lambda each: each.at):
            self.health.heed(each)
            if each.base in bases and not outcomes.is_aside(each):
                self._asked.setdefault((each.base, frozenset(each.members)), None)

    def tips(self, tip: str) -> tuple[Tip, ...]:
        """The target's tips, oldest first, from where others last moved it (without that one's own changes)."""
        if not self._tips or self._tips[-1].name != tip:
            self._tips = self._look_back(tip)
        return self._tips

    def _look_back(self, tip: str) -> tuple[Tip, ...]:
        repo = self.yard.repo
        line = steps(repo, None, tip, limit=BACK)
        own = made_by_gt(repo, pins.tips(repo, self.target), line[-1].oid if line else None)
        found: list[Tip] = []
        for step in line:
            if step.oid not in own or step is line[-1]:
                found.append(Tip(step.oid))
                break
            found.append(Tip(step.oid, frozenset("/".join(triple) for triple in members(step.message))))
        return tuple(reversed(found))

    def train(self, base: str, names: Iterable[str], order: Mapping[str, Member]) -> Train:
        """These changes in the queue's order on a base."""
        wanted = frozenset(names)
        return self.master.train(base, (member for name, member in order.items() if name in wanted))

    def candidate(self, train: Train, town: Town) -> Candidate:
        """What must pass for this train; where it changes the settings, under the new ones as well.

        Raises Malformed for settings that can't be read.
        """
        key = (train.head, self._text(town)[1])
        if key not in self._candidates:
            towns = [town]
            if any(_is_settings(change.path) for car in train.cars for change in car.changes):
                towns.append(town_at(self.yard.repo, train.head))
            self._candidates[key] = candidate(self.yard, train, towns)
        return self._candidates[key]

    def of(self, base: str, asked: Ids) -> Candidate | None:
        """What was gated by the run of these on a base; None if there was none, or it wasn't made again yet."""
        return self._asked.get((base, asked))

    def begun(self, base: str, asked: Ids, it: Candidate) -> None:
        """Count a run of these on a base as known from now on."""
        self._asked.setdefault((base, asked), it)

    def disown(self, run: Tried) -> None:
        """Take a run for none of these changes from now on."""
        self._disowned.add((run.base, run.members))

    def is_outdated(self, run: Tried, tree: str | None) -> bool:
        """Whether a run on an older tip had all that has landed since, and yet another tree than these changes make today."""
        it = self._asked.get((run.base, run.members))
        names = [tip.name for tip in self._tips]
        if it is None or run.base not in names[:-1]:
            return False
        since = self._tips[names.index(run.base) + 1 :]
        return it.tree != tree and run.members >= NOBODY.union(*(tip.landed for tip in since))

    def is_vetted(self, member: Member, town: Town) -> bool:
        """Whether the gates passed on what was submitted, as it is."""
        key = (member.sub.commit, self._text(town)[0])
        if not self._vetted.get(key):
            try:
                own = self._by_itself(member.sub.commit, town)
            except GtError:
                return False
            self._vetted[key] = bool(own.tests) and own.proofs(self.yard.repo, self.yard.clock()) is not None
        return self._vetted[key]

    def _by_itself(self, commit: str, town: Town) -> Candidate:
        key = (commit, self._text(town)[1])
        if key not in self._alone:
            self._alone[key] = candidate(self.yard, Train(commit, ()), [town])
        return self._alone[key]

    def _text(self, town: Town) -> tuple[str, str]:
        """The gates of these settings as text, and all that decides a gate run: written once for each look's settings."""
        if self._written is None or self._written[0] is not town:
            self._written = (town, repr(town.gates), repr((town.gates, town.worktrees)))
        return self._written[1:]

    def tried(self, tip: str, town: Town, names: Mapping[str, Member]) -> tuple[list[Tried], Tally]:
        """What was tried, and how often gates lied on trees of which more than all has landed since.

        `names` are the submissions that wait, by name. A run counts once for what was in its tree, however many tips the same is on.
        """
        at: dict[str, Ids] = {}
        landed = NOBODY
        for each in self.tips(tip):
            landed = at[each.name] = landed | each.landed
        self.health.ask_anew()
        told: list[Tried] = []
        past: dict[Ids, list[Tried]] = {}
        heard: dict[Ids, set[Outcome]] = {}
        for (base, asked), known in self._asked.items():
            if base not in at or (base, asked) in self._disowned:
                continue
            content, key = at[base] | asked, (base, asked, self._text(town)[1])
            if content < landed and key in self._past:
                past.setdefault(content, []).extend(self._past[key])
                continue
            it = self._again(base, asked, known, names, town)
            if it is not None:
                # What speaks of nothing but the target must be young, whoever had it run.
                ttl = outcomes.CONTROL_TTL if content == landed else outcomes.TTL
                its = tuple(self._told(base, asked, it, ttl, town, heard.setdefault(content, set())))
                if content < landed:
                    if its:  # one that still runs has told nothing yet
                        self._past[key] = its
                    past.setdefault(content, []).extend(its)
                else:
                    told += its
        told += self._of_target(tip, town, heard.get(landed, set()))
        flakes = Tally()
        for runs in past.values():
            lied = lies(runs)
            flakes = flakes.plus(lied.yes, lied.no)
        return told, flakes

    def _again(
        self, base: str, asked: Ids, known: Candidate | None, names: Mapping[str, Member], town: Town
    ) -> Candidate | None:
        """The candidate of a run under the settings of today; None if it can't be made any more."""
        try:
            if known is not None:
                return self.candidate(known.train, town)
            train = self.train(base, asked, names) if asked <= names.keys() else None
            if train is None or len(train.cars) < len(asked):
                return None
            self._asked[base, asked] = self.candidate(train, town)
            return self._asked[base, asked]
        except GtError:
            return None

    def _told(
        self, base: str, asked: Ids, it: Candidate, ttl: int, town: Town, heard: set[Outcome]
    ) -> Iterable[Tried]:
        """What the outcomes say of a run, but for what was heard already."""
        repo, now = self.yard.repo, self.yard.clock()
        seen = [test.known(repo, now, ttl) for test in it.tests]
        excused = self._excused_on(base) if asked else frozenset()
        held = [
            known
            for test, known in zip(it.tests, seen, strict=True)
            if not test.excused and test.check.gate.name not in excused
        ]
        reds = [each for known in held for each in known if each.verdict is Verdict.FAIL]
        if asked and reds:
            sick = self._sick_until(base, town)
            reds = [each for each in reds if each.at > sick]
        for each in reds:
            if each not in heard:
                works, spell = self.health.works([each], town), self.health.spell(each, town)
                yield Tried(base, asked, Ruled.FAIL, self._named_in(each, it), works, spell)
        if all(_suffices(test, known) for test, known in zip(it.tests, seen, strict=True)):
            yield Tried(base, asked, Ruled.PASS)
        elif not reds:
            new = [[each for each in known if each not in heard] for known in seen]
            for _ in range(max(map(outcomes.stalled, new), default=0)):
                yield Tried(base, asked, Ruled.COULD_NOT_RUN)
            heard.update(*new)
        heard.update(reds)

    def _excused_on(self, base: str) -> Ids:
        """The gates that this earlier tip was red for when it landed: what was red on it for them tells of nobody."""
        if not any(tip.landed for tip in self._tips[:-1] if tip.name == base):
            return NOBODY
        if base not in self._excused:
            self._excused[base] = frozenset(landed_under(self.yard.repo, base))
        return self._excused[base]

    def _sick_until(self, base: str, town: Town) -> int:
        """Up to when this tip was red itself: what was red on it until then tells of nobody."""
        repo, now = self.yard.repo, self.yard.clock()
        until = 0
        for test in self.candidate(Train(base, ()), town).tests:
            if test.excused:
                continue
            row: list[int] = []
            for each in outcomes.by_itself(test.known(repo, now)):
                if each.verdict is Verdict.FAIL:
                    row.append(each.at)
                elif each.verdict is Verdict.PASS:
                    row.clear()
                if len(row) >= SURE:
                    until = max(until, row[-1])
            if len(row) >= SURE:
                return outcomes.EVER
        return until

    def _of_target(self, tip: str, town: Town, heard: set[Outcome]) -> Iterable[Tried]:
        repo, now = self.yard.repo, self.yard.clock()
        it = self.candidate(Train(tip, ()), town)
        known = [test.known(repo, now, outcomes.CONTROL_TTL) for test in it.tests]
        last = [self._control(test, its) for test, its in zip(it.tests, known, strict=True)]
        reds = {each for each in last if each is not None and each.verdict is Verdict.FAIL}
        if reds:
            if not reds <= heard:
                first = min(reds, key=lambda red: red.began)
                works, spell = self.health.works(reds, town), self.health.spell(first, town)
                yield Tried(tip, NOBODY, Ruled.FAIL, works=works, spell=spell)
        elif all(_suffices(test, its) for test, its in zip(it.tests, known, strict=True)):
            yield Tried(tip, NOBODY, Ruled.PASS)

    @staticmethod
    def _control(test: Test, known: Sequence[Outcome]) -> Outcome | None:
        """The last word on the target's own tree: of whoever passed on it, or of a control that failed."""
        return None if test.excused else outcomes.latest(outcomes.by_itself(known))

    def _named_in(self, failed: Outcome, it: Candidate) -> Ids:
        """The members that a failing log points to: a path that only they change occurs in it."""
        if failed.log not in self._named:
            said = tail(Path(failed.log), LOG_BYTES) if failed.log else ""
            self._named[failed.log] = frozenset(
                car.member.name
                for car in it.train.cars
                if any(len(change.path) > 3 and change.path in said for change in car.changes)
            )
        return self._named[failed.log]


def _suffices(test: Test, known: Iterable[Outcome]) -> bool:
    """Whether these outcomes of a test let its tree land."""
    decisive = outcomes.verdict(known)
    return decisive is not None and (decisive.verdict is Verdict.PASS or test.excused)


def _is_settings(path: str) -> bool:
    return path == ".gt" or path.startswith(".gt/")
