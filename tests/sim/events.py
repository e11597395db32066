"""A town's gates in simulated time: slots, runs, landings; and the two things that must never happen.

Nothing red lands, but by a gate that was green on a bad tree; and nobody is lost. Both are asserted here, for every
queue that is simulated, ours or another's.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from tests.sim.dice import throw
from tests.sim.truth import Truth

ENDLESS = 60
"""Gate runs a change after which a queue is taken to be stuck."""


@dataclass(slots=True, eq=False)
class Job:
    """A gate run: on which changes, landed ones included, and how it ended."""

    number: int
    content: frozenset[str]
    landed: frozenset[str]
    """What had landed when it started."""
    started: float
    ends: float
    green: bool
    slipped: bool
    """Green on a bad tree."""
    lone: frozenset[str] = frozenset()
    """Whatever its queue likes to remember."""


class Policy(Protocol):
    """A merge queue."""

    def act(self, town: Town) -> None:
        """Decide and start what it likes; called after every event, which `town.new` and `town.ended` tell."""


@dataclass(slots=True)
class Score:
    """What a simulation came to, in gate times."""

    makespan: float = 0.0
    runs: int = 0
    spent: float = 0.0
    """Gate time, of runs that were cancelled too."""
    innocent: int = 0
    """Good changes that were rejected."""
    slips: int = 0
    """Bad changes that landed because a gate was green on them."""
    latencies: list[float] = field(default_factory=list)
    """How long each landed change waited."""
    count: int = 0


def told(what: str, changes: Iterable[str]) -> str:
    """A line of a tale."""
    return " ".join([what, *sorted(changes)])


class Town:
    """The state of a simulation, and what a queue may do to it."""

    def __init__(self, truth: Truth, slots: int, seed: int = 0) -> None:
        self.truth, self.slots, self.seed = truth, slots, seed
        self.now = 0.0
        self.landed: frozenset[str] = frozenset()
        self.rejected: frozenset[str] = frozenset()
        self.waiting: dict[str, float] = {}
        """Undecided changes in order of arrival, and when that was."""
        self.running: dict[int, Job] = {}
        self.new: list[str] = []
        """What was submitted just now."""
        self.ended: Job | None = None
        """The run that ended just now."""
        self.score = Score(count=len(truth.arrivals))
        self.tale: list[str] = []
        """What happened, a line each."""
        self._seen: Counter[frozenset[str]] = Counter()
        """How often each tree was run."""
        self._ends: list[tuple[float, int]] = []

    @property
    def free(self) -> int:
        """How many more gates can run now."""
        return self.slots - len(self.running)

    def start(self, content: Iterable[str]) -> Job:
        """Run the gates on a tree with these changes and what has landed."""
        assert self.free > 0, "more runs than slots"
        whole = self.landed | frozenset(content)
        assert not whole & self.rejected, "a rejected change is gated again"
        good = self.truth.good(whole)
        chance, length = throw(self.seed, whole, self._seen[whole])
        self._seen[whole] += 1
        lies = chance < (self.truth.flake if good else self.truth.slip)
        number = self.score.runs
        job = Job(number, whole, self.landed, self.now, self.now + length, good != lies, not good and lies)
        self.running[number] = job
        self.tale.append(told("gate", whole))
        heapq.heappush(self._ends, (job.ends, number))
        self.score.runs += 1
        assert self.score.runs <= ENDLESS * self.score.count + ENDLESS, "it never ends"
        return job

    def cancel(self, job: Job) -> None:
        """Stop a run; nothing is learned from it."""
        del self.running[job.number]
        self.tale.append(told("stop", job.content))
        self.score.spent += self.now - job.started

    def land(self, changes: Collection[str], proof: Job) -> None:
        """Land changes that a green run on exactly this tree proves."""
        self.tale += [told("land", [change]) for change in changes]
        new = frozenset(changes)
        assert new <= self.waiting.keys(), "only what waits can land"
        assert proof.green, "a red run proves nothing"
        assert proof.content == self.landed | new, "what lands isn't what was tested"
        self.landed |= new
        assert proof.slipped or not self.truth.good(proof.content - new) or self.truth.good(self.landed), (
            "red main"
        )
        for change in sorted(new):
            self.score.latencies.append(self.now - self.waiting.pop(change))
            self.score.slips += change in self.truth.bad
        self.score.makespan = self.now

    def reject(self, change: str) -> None:
        """Decide against a change."""
        self.tale.append(told("reject", [change]))
        del self.waiting[change]
        self.score.innocent += not self.truth.guilty(change, self.landed)
        self.rejected |= {change}
        self.score.makespan = self.now

    def play(self, policy: Policy) -> Score:
        """Simulate until every change is decided."""
        arrivals = list(reversed(self.truth.arrivals))
        while arrivals or self.waiting:
            self.new, self.ended = [], None
            while self._ends and self._ends[0][1] not in self.running:
                heapq.heappop(self._ends)
            coming = arrivals[-1][0] if arrivals else float("inf")
            ending = self._ends[0][0] if self._ends else float("inf")
            if min(coming, ending) == float("inf"):
                assert not self.truth.good(self.landed), f"at rest with {sorted(self.waiting)} undecided"
                # A gate slipped, and what it let land was found out: nobody is rejected for it.
                self.score.makespan = self.now
                return self.score
            if coming <= ending:
                self.now = coming
                while arrivals and arrivals[-1][0] == coming:
                    _, change = arrivals.pop()
                    self.waiting[change] = coming
                    self.new.append(change)
            else:
                self.now, number = heapq.heappop(self._ends)
                job = self.running.pop(number)
                self.score.spent += job.ends - job.started
                self.ended = job
                self.tale.append(told("green" if job.green else "red", job.content))
            policy.act(self)
        for job in list(self.running.values()):
            self.cancel(job)
        assert len(self.landed) + len(self.rejected) == self.score.count, "somebody is lost"
        return self.score
