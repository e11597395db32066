"""Our queue in the simulation: the real plan, and a driver that keeps outcomes as a real one does."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from dataclasses import dataclass, field, replace

from gt.core.docket import Change, Docket, GateRun, Ids, Purpose, Record, Tally, Tip, Tried, Verdict
from gt.core.pace import left
from gt.core.rates import lies
from gt.core.rulings import Land
from gt.core.speculate import plan
from tests.sim.events import Job, Town
from tests.sim.truth import Truth

SURE = 1e6
IN_A_ROW = 2
"""So many controls that failed make a target red."""
MOST_CALLS = 10
HOUR = 6
"""Gate times in an hour: how fast changes grow old."""


def knowing(truth: Truth, pairs: float) -> Record:
    """A record that leaves no doubt about the rates."""
    return Record(
        {agent: surely(risk) for agent, risk in _rates(truth).items()},
        Tally(SURE * 1e3 * truth.flake, SURE * 1e3 * (1 - truth.flake)),
        Tally(SURE * pairs, SURE * (1 - pairs)),
    )


def surely(risk: float) -> Tally:
    """So many were seen that nothing shakes it."""
    return Tally(SURE * risk, SURE * (1 - risk))


def _rates(truth: Truth) -> dict[str, float]:
    return {agent: truth.risks[change] for change, agent in truth.agents.items()}


@dataclass
class Ours:
    """Keeps what a real driver has in the ledger, in git and in files; decides nothing."""

    record: Record = field(default_factory=Record)
    """What is known from before; what this town decides and forgets is added."""
    changes: dict[str, Change] = field(default_factory=dict)
    tips: list[Tip] = field(default_factory=lambda: [Tip("tip 0")])
    tried: list[tuple[Tried, int]] = field(default_factory=list)
    """Runs, and which each was, in the order in which they began."""
    past: dict[Ids, list[Tried]] = field(default_factory=dict)
    """By content, runs that were forgotten."""
    jobs: dict[int, tuple[Job, GateRun]] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    """How long runs took that ended."""
    refused: int = 0
    """How often in a row a control of the target failed."""
    passed: list[int] = field(default_factory=list)
    """Which runs passed, sorted."""
    proofs: dict[Tried, Job] = field(default_factory=dict)
    calls_to_people: int = 0
    spent: float = 0.0
    """Seconds spent on plans."""
    slowest: float = 0.0
    calls: int = 0

    def act(self, town: Town) -> None:
        self._note(town)
        if self.refused >= IN_A_ROW:
            if not town.truth.good(town.landed):
                return
            self._again()
        made = None
        while made is None or made.rulings or made.cancel:
            # A driver looks again, too, once what it stopped has ended.
            self._forget()
            docket = self._docket(town)
            start = time.perf_counter()
            made = plan(docket, town.free)
            took = time.perf_counter() - start
            self.spent, self.slowest, self.calls = self.spent + took, max(self.slowest, took), self.calls + 1
            for ruling in made.rulings:
                if isinstance(ruling, Land):
                    self._land(town, ruling)
                else:
                    town.reject(ruling.change)
                    self._decided(ruling.change, bad=True)
            for run in made.cancel:
                number = next(
                    n
                    for n, (_, its) in self.jobs.items()
                    if its.members == run.members and its.base == run.base
                )
                town.cancel(self.jobs.pop(number)[0])
            for run in made.runs:
                self._start(town, run)
            if made.trouble and not self.jobs:
                # As a driver does before it calls anybody.
                self._start(town, GateRun(docket.tip, frozenset(), Purpose.CONTROL, again=True))

    def _start(self, town: Town, run: GateRun) -> None:
        job = town.start(run.members)
        self.jobs[job.number] = (job, run)

    def _again(self) -> None:
        """The target seemed to be red: a person was called, saw that it isn't, and says `gt merge --again`."""
        self.calls_to_people += 1
        assert self.calls_to_people < MOST_CALLS, "a person is called again and again"
        self.refused = 0
        self.tried = [(t, number) for t, number in self.tried if t.verdict is Verdict.PASS]

    def _note(self, town: Town) -> None:
        """What happened since the last plan."""
        for change in town.new:
            self.changes[change] = Change(
                change, at=int(town.now * 3600 / HOUR), agent=town.truth.agents[change]
            )
        job = town.ended
        if job is not None:
            _, run = self.jobs.pop(job.number)
            self.took.append(job.ends - job.started)
            tried = Tried(run.base, run.members, Verdict.PASS if job.green else Verdict.FAIL)
            self.tried.append((tried, job.number))
            if not run.members:
                self.refused = 0 if job.green else self.refused + 1
            if job.green:
                insort(self.passed, job.number)
                self.proofs[tried] = job
                if len(job.content) == 1 and run.members & self.changes.keys():
                    # As it was submitted: on the first tip, like all.
                    (change,) = run.members
                    self.changes[change] = replace(self.changes[change], vetted=True)

    def _land(self, town: Town, ruling: Land) -> None:
        town.land(ruling.members, self.proofs[ruling.proof])
        self.tips.append(Tip(f"tip {len(town.landed)}", frozenset(ruling.members)))
        self.refused = 0
        for change in ruling.members:
            self._decided(change, bad=False)

    def _decided(self, change: str, *, bad: bool) -> None:
        agent = self.changes.pop(change).agent
        agents = dict(self.record.agents)
        agents[agent] = agents.get(agent, Tally()).plus(bad, not bad)
        self.record = replace(self.record, agents=agents)

    def _docket(self, town: Town) -> Docket:
        running = tuple(
            replace(run, left=left(town.now - job.started, self.took)) for job, run in self.jobs.values()
        )
        return Docket(
            tuple(self.changes.values()),
            tuple(self.tips),
            tuple(self._told(t, number) for t, number in self.tried),
            running,
            town.rejected,
            self.record,
            int(town.now * 3600 / HOUR),
        )

    def _told(self, tried: Tried, number: int) -> Tried:
        if tried.verdict is not Verdict.FAIL:
            return tried
        before = bisect_left(self.passed, number)
        return replace(tried, works=before < len(self.passed), spell=f"{before}")

    def _forget(self) -> None:
        """Leave out what speaks neither of the target nor of what waits; of such trees only counts how often gates lied."""
        at = Docket((), tuple(self.tips)).landed()
        landed = at[self.tips[-1].name]
        kept = []
        for t, number in self.tried:
            content = at[t.base] | t.members
            if content == landed or t.members & self.changes.keys():
                kept.append((t, number))
            else:
                runs = self.past.setdefault(content, [])
                before, after = lies(runs), lies([*runs, t])
                runs.append(t)
                flakes = self.record.flakes.plus(after.yes - before.yes, after.no - before.no)
                self.record = replace(self.record, flakes=flakes)
        self.tried = kept
        bases = {t.base for t, _ in self.tried} | {run.base for _, run in self.jobs.values()}
        while len(self.tips) > 1 and self.tips[0].name not in bases:
            first, second, *rest = self.tips
            self.tips = [Tip(second.name, first.landed | second.landed), *rest]
