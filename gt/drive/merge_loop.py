"""The loop of `gt merge`: look, decide, run gates in all slots, and look again at every event.

What to decide and what to run is the scheduler's (`gt.core.speculate`), a pure function of what is seen: this loop
only carries it out. Killed at any point, the next one comes to the same, and pays for no gate run twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from gt.core.bead import Bead, Submission
from gt.core.docket import NOBODY, Docket, GateRun, Ids, Purpose
from gt.core.findings import find
from gt.core.lineup import line_up
from gt.core.pace import left
from gt.core.rulings import Land
from gt.core.slotting import slot_count
from gt.core.speculate import Plan, plan
from gt.core.town import Town
from gt.drive.merge_after import Aftercare, is_after
from gt.drive.merge_report import MergeReport
from gt.drive.merge_rulings import Rulings, label
from gt.drive.merge_sorting import Sorting
from gt.drive.merge_view import View, look
from gt.fleet.interrupts import Interrupts, interrupts
from gt.git.lineage import steps
from gt.lock import Held
from gt.refinery import control, outcomes, pins
from gt.refinery.aftermath import RED, RED_AFTER
from gt.refinery.docketing import Docketing
from gt.refinery.gateruns import GateRuns
from gt.refinery.lanes import Finished, Lanes
from gt.refinery.measured import machine, usage
from gt.refinery.outcomes import Outcome
from gt.refinery.proving import Keys, prove
from gt.refinery.told import members
from gt.refinery.train import Member, Yardmaster
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger

TICK = 5.0
"""Seconds between two looks at whether somebody else changed something, while gates run."""

LATELY = 50
"""Landings that tell how good an agent's work is."""


def closed(report: MergeReport, seen: View) -> MergeReport:
    """The report with where everything stands at the end."""
    target = seen.queue.targets.get(report.target) or seen.targets[report.target]
    report.end, report.left = target.tip, seen.queue.on(report.target)
    report.trouble = target.trouble
    return report


@dataclass(slots=True)
class Merging:
    """One merge of one target, under its lock."""

    yard: Yard
    ledger: Ledger
    held: Held
    target: str
    report: MergeReport
    tell: Callable[[str], None]
    ticks: Callable[[], float] = time.monotonic
    """Seconds since any moment: how far gate runs are is told by it."""
    runs: GateRuns = field(init=False)
    docketing: Docketing = field(init=False)
    rulings: Rulings = field(init=False)
    sorting: Sorting = field(init=False)
    keys: Keys = field(default_factory=Keys)
    after: Aftercare = field(init=False)
    took: list[float] = field(default_factory=list)
    """How long each run took that came to its end, all of its gates together."""
    answered: set[tuple[str, Ids]] = field(default_factory=set)
    """The runs, by base and members, that kept outcomes answered. Asked for once more, these don't count, such as failures
    of a time when the target was red: it is run."""
    controls: int = 0
    """How often the target itself was gated because something seemed wrong with it."""

    def __post_init__(self) -> None:
        self.yard = replace(self.yard, ran=self._ran)
        self.runs = GateRuns(self.yard, self.target, Yardmaster(self.yard.repo))
        self.docketing = Docketing(self.yard, self.runs)
        self.rulings = Rulings(
            self.yard, self.ledger, self.held, self.target, self.report, self.tell, self.runs, self.docketing
        )
        self.sorting = Sorting(self.yard, self.target, self.runs, self.rulings)
        self.after = Aftercare(self.yard, self.target, self.keys)

    def loop(self, seen: View) -> None:
        """Merge until nothing is due. Raises KeyboardInterrupt when interrupted: no gate is left running."""
        with interrupts() as watch, self._lanes() as lanes:
            tip = seen.targets[self.target].tip
            if tip is not None and seen.queue.on(self.target):
                self.runs.recall(tip)
            while True:
                if self._recorded(seen) or self.sorting.sort_out(seen):
                    seen = self._look()
                    continue
                moved = self._step(seen, lanes)
                if moved:
                    seen = self._look()
                    continue
                self.after.start(seen, lanes, self._slots(seen))
                if not lanes.running:
                    end = closed(self.report, self._look())
                    end.trouble = end.trouble or self.rulings.obstacle(end.left, end.end)
                    return
                self._await(lanes, watch)
                seen = self._look()

    @contextmanager
    def _lanes(self) -> Iterator[Lanes[GateRun]]:
        """The lanes; at the end nothing runs in them, and nothing is pinned for them."""
        used: set[int] = set()
        try:
            with Lanes[GateRun](self.ticks, used) as lanes:
                yield lanes
        finally:
            for number in used:
                self._pin(number, None, "gated")

    def _look(self) -> View:
        return look(self.yard.repo, self.ledger, self.yard.clock())

    def _recorded(self, seen: View) -> bool:
        """Tell the ledger what its targets have already, and those who listen; whether there was anything."""
        subs = {
            name: sub
            for name in sorted(seen.landings)
            if (sub := seen.beads[name].status.submission) is not None
        }
        if subs:
            self.rulings.found(subs, seen.landings)
        return bool(subs)

    # one look, one step

    def _step(self, seen: View, lanes: Lanes[GateRun]) -> bool:
        """Decide and start what there is to; whether the world has changed by it."""
        target, town = seen.queue.targets.get(self.target), seen.towns.get(self.target)
        if target is None or target.tip is None or town is None:
            self._cancel_all(lanes)
            return False
        red = target.cause in (RED, RED_AFTER)
        if target.trouble and not red:
            self._cancel_all(lanes)
            return False
        docket = replace(self._docket(seen, target.tip, town, lanes), red=red)
        count = self._slots(seen)
        order = self._order(docket, seen)
        if not red and self._unadopted(seen, target.tip, docket):
            failed = any(run.base == docket.tip and not run.members for run in docket.tried)
            why = f"nobody has proven the target yet{', once more' if failed else ''}"
            control_run = GateRun(docket.tip, frozenset(), Purpose.CONTROL, why, again=failed)
            decided = Plan((), (control_run,) if not _gating(lanes) else ())
        else:
            decided = plan(docket, lanes.free(count) + len(self.after.lanes(lanes)))
        for run in decided.cancel:
            lanes.cancel(run)
        if decided.trouble and not red and not _gating(lanes) and self.controls < outcomes.TRIES:
            # Said by a person's call only once the target's own gates have said it often enough.
            self.controls += 1
            again = GateRun(
                docket.tip, frozenset(), Purpose.CONTROL, f"{self.target} {decided.trouble}?", again=True
            )
            decided = Plan((), (again,))
        if decided.rulings:
            return self._ruled(decided, docket, order, town, seen)
        learnt = False
        self.after.make_way(len(decided.runs), lanes, count)
        for run in decided.runs:
            if self._spent(seen, docket.tip, town):
                break
            learnt |= self._start(run, docket, order, town, seen, lanes)
        return learnt

    def _slots(self, seen: View) -> int:
        """How many gates may run at once."""
        town = seen.towns.get(self.target)
        if town is None:
            return 0
        return slot_count(town.refinery.slots, machine(), usage(self.report.runs, self.yard.repo))

    def _ruled(
        self, decided: Plan, docket: Docket, order: Mapping[str, Member], town: Town, seen: View
    ) -> bool:
        """Carry out what was decided; whether the world has changed by it."""
        changed = False
        for ruling in decided.rulings:
            if isinstance(ruling, Land):
                changed |= self.rulings.land(ruling, docket, order, town)
            else:
                changed |= self.rulings.convict(ruling, docket, town, seen)
        return changed

    def _docket(self, seen: View, tip: str, town: Town, lanes: Lanes[GateRun]) -> Docket:
        now = self.ticks()
        running = [
            replace(lane.run, left=left(now - lane.began, self.took))
            for lane in lanes.running
            if not lane.stop.is_set() and not is_after(lane)
        ]
        queued = [each for each in seen.queue.on(self.target) if each.bead not in seen.landings]
        let_go = seen.targets[self.target].let_go
        made = self.docketing.docket(tip, town, queued, seen.beads, self._lately(tip), running, let_go)
        if town.refinery.history == "linear" or town.refinery.land is not None:
            # Each tree is to be proven itself: nothing lands in company.
            alone = tuple(replace(change, alone=True) for change in made.changes)
            return replace(made, changes=alone)
        return made

    def _lately(self, tip: str) -> list[Bead]:
        names = [
            triple[0]
            for step in steps(self.yard.repo, None, tip, limit=LATELY)
            for triple in members(step.message)
        ]
        with self.ledger.read() as snapshot:
            return [bead for name in names if (bead := snapshot.find(name)) is not None]

    def _order(self, docket: Docket, seen: View) -> dict[str, Member]:
        """What can be gated, in landing order: the very line-up that the plan is made from."""
        shown = find(docket)
        names = line_up(docket, shown.landed, shown.stalled).order
        found = {name: self.docketing.member(name, seen.beads) for name in names}
        return {name: member for name, member in found.items() if member is not None}

    def _unadopted(self, seen: View, tip: str, docket: Docket) -> bool:
        """Whether others, or a person without proof, put commits on the target that no control run has passed yet."""
        at = replace(pins.tips(self.yard.repo, self.target), tip=tip)
        word = seen.state.acknowledged.get(self.target)
        if not control.is_foreign(self.yard.repo, at, word) and not control.is_bypassed(self.yard.repo, at):
            return False
        return not any(run.verdict == "pass" for run in docket.tried if run.base == tip and not run.members)

    def _spent(self, seen: View, tip: str, town: Town) -> bool:
        subs = self._submissions(seen)
        return outcomes.spent(self.yard.repo, tip, control.queue_name(subs)) >= control.allowance(
            town, len(subs)
        )

    # gates

    def _start(
        self,
        run: GateRun,
        docket: Docket,
        order: Mapping[str, Member],
        town: Town,
        seen: View,
        lanes: Lanes[GateRun],
    ) -> bool:
        """Begin a run; True if its members turned out not to go into one tree: then something else is to be planned."""
        train = self.runs.train(docket.tip, run.members, order)
        strays = [car for car in train.cars if car.strays and len(train.cars) > 1]
        if train.left or strays:
            return self.docketing.set_apart(train)
        it = self.runs.candidate(train, town)
        self.runs.begun(docket.tip, run.members, it)
        queue = control.queue_name(self._submissions(seen))
        name = label(train, self.target)
        self.yard.say(f"{name}: {run.why}")
        self._pin(lanes.vacant, train.head if train.cars else None, "gate a candidate")
        # Asked here: in the lane's thread it may be under revision. Only the target's runs are to settle it.
        doubted = NOBODY if run.members else self.runs.health.doubted
        if (run.base, run.members) in self.answered:
            doubted = frozenset(test.check.gate.name for test in it.tests)
        began = time.time()
        lanes.start(
            run,
            lambda slot: prove(
                self.yard, it, slot, self.keys,
                queue=queue, fresh=run.again, doubted=doubted, began=began, label=name,
            ),
        )  # fmt: skip
        return False

    def _await(self, lanes: Lanes[GateRun], watch: Interrupts) -> None:
        for over in lanes.wait(watch, TICK):
            self._heard(over)

    def _pin(self, slot: int, commit: str | None, why: str) -> None:
        """Keep from gc what is gated in a slot."""
        yard = self.yard
        pins.put(yard.repo, pins.candidate_ref(slot), commit, why=why, actor=yard.actor, now=yard.clock())

    def _ran(self, outcome: Outcome) -> None:
        self.runs.health.heed(outcome)
        self.report.runs.append(outcome)

    def _heard(self, over: Finished[GateRun]) -> None:
        # What was gated stays pinned until something else is gated in its slot, or all is over.
        if over.error is not None and not isinstance(over.error, KeyboardInterrupt):
            raise over.error
        if over.proved is not None and not over.proved.ran:
            self.answered.add((over.run.base, over.run.members))
        if over.proved is not None and over.proved.ran and over.run.purpose is not Purpose.AFTER:
            self.took.append(over.took)

    def _cancel_all(self, lanes: Lanes[GateRun]) -> None:
        """Stop what is gated to land; what looks after the target tells as much as before."""
        for lane in lanes.running:
            if not is_after(lane):
                lane.stop.set()

    def _submissions(self, seen: View) -> list[Submission]:
        return [
            sub
            for queued in seen.queue.on(self.target)
            if queued.bead not in seen.landings and (sub := seen.beads[queued.bead].status.submission)
        ]


def _gating(lanes: Lanes[GateRun]) -> bool:
    """Whether anything is gated to land."""
    return any(not is_after(lane) for lane in lanes.running)
