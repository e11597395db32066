"""Other merge queues, as their public descriptions say they work; each decides only by what it is told.

Models: none of them has a waiting time before a batch, checks before the queue, or failures of the service itself.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.sim.events import Job, Town

Batch = tuple[str, ...]


@dataclass
class Bors:
    """One staging branch: a batch is gated as a whole; a red one is halved, and both halves wait in line.

    With a batch of one: the serial queue.
    """

    size: int = 8
    line: list[Batch] = field(default_factory=list)
    """Halves of red batches, oldest first; they go before new batches."""
    new: list[str] = field(default_factory=list)
    batch: Batch = ()

    def act(self, town: Town) -> None:
        self.new += town.new
        if town.ended:
            self._ended(town, town.ended)
        if self.batch or not (self.line or self.new):
            return
        if self.line:
            self.batch = self.line.pop(0)
        else:
            self.batch, self.new = tuple(self.new[: self.size]), self.new[self.size :]
        town.start(self.batch)

    def _ended(self, town: Town, job: Job) -> None:
        batch, self.batch = self.batch, ()
        if job.green:
            town.land(batch, job)
        elif len(batch) == 1:
            town.reject(batch[0])
        else:
            middle = len(batch) // 2
            self.line += [batch[:middle], batch[middle:]]


@dataclass
class Train:
    """Prefix speculation, the family of Zuul, GitHub and GitLab: each entry is gated on top of all ahead of it.

    A red entry at whose start all ahead of it were good is taken out, and all behind it start anew.

    `size`: changes an entry (GitHub's batches; a red one is halved in its place). `window`: entries gated at once, at
    most; `adaptive`: Zuul's, which grows by one with each landing and halves with each failure. `retries`: how often
    a red run is repeated before it counts.
    """

    size: int = 1
    window: int = 1000
    adaptive: bool = False
    retries: int = 0
    line: list[Batch] = field(default_factory=list)
    jobs: dict[Batch, Job] = field(default_factory=dict)
    reds: dict[tuple[Batch, frozenset[str]], int] = field(default_factory=dict)

    def act(self, town: Town) -> None:
        if town.ended and not town.ended.green:
            self._retry(town.ended)
        self._settle(town)
        for start in range(0, len(town.new), self.size):
            self.line.append(tuple(town.new[start : start + self.size]))
        ahead: frozenset[str] = frozenset()
        for entry in self.line[: self.window]:
            content = town.landed | ahead | frozenset(entry)
            job = self.jobs.get(entry)
            if job is not None and job.content != content:
                self._drop(town, entry)
                job = None
            if job is None and town.free:
                self.jobs[entry] = town.start(ahead | frozenset(entry))
            job = self.jobs.get(entry)
            if job is None or job.number in town.running or job.green:
                ahead |= frozenset(entry)  # one that is known red is expected to go
        for entry in self.line[self.window :]:
            if entry in self.jobs:
                self._drop(town, entry)

    def _settle(self, town: Town) -> None:
        """Land or take out what is decided at the head."""
        while self.line:
            entry = self.line[0]
            job = self.jobs.get(entry)
            if job is None or job.number in town.running or job.content != town.landed | frozenset(entry):
                return
            del self.jobs[entry], self.line[0]
            if job.green:
                town.land(entry, job)
                self.window += self.adaptive
                continue
            if self.adaptive:
                self.window = max(3, self.window // 2)
            if len(entry) == 1:
                town.reject(entry[0])
            else:
                middle = len(entry) // 2
                self.line[:0] = [entry[:middle], entry[middle:]]

    def _retry(self, job: Job) -> None:
        """Forget a red run that is to be repeated."""
        entry = next(entry for entry, its in self.jobs.items() if its is job)
        key = (entry, job.content)
        self.reds[key] = self.reds.get(key, 0) + 1
        if self.reds[key] <= self.retries:
            del self.jobs[entry]

    def _drop(self, town: Town, entry: Batch) -> None:
        job = self.jobs.pop(entry)
        if job.number in town.running:
            town.cancel(job)


@dataclass
class SubmitQueue:
    """Uber's: builds of the most probable outcomes of all that is ahead, success or failure of each.

    It knows how likely each change is to be good: more than the real one, which predicts it.
    """

    line: list[str] = field(default_factory=list)
    built: dict[tuple[str, frozenset[str]], Job] = field(default_factory=dict)
    """A change and what it is built on."""

    def act(self, town: Town) -> None:
        self.line += town.new
        while self.line:
            job = self.built.get((self.line[0], town.landed))
            if job is None or job.number in town.running:
                break
            change = self.line.pop(0)
            if job.green:
                town.land([change], job)
            else:
                town.reject(change)
        for key, job in list(self.built.items()):
            if job.number in town.running and not self._possible(town, *key):
                town.cancel(job)
                del self.built[key]
        for change, on in self._best(town):
            self.built[change, on] = town.start(on | {change})
            if not town.free:
                break

    def _possible(self, town: Town, change: str, on: frozenset[str]) -> bool:
        return change in self.line and town.landed <= on <= town.landed | set(self.line)

    def _best(self, town: Town) -> Iterator[tuple[str, frozenset[str]]]:
        """The builds that are neither there nor under way, the most probably needed first."""
        if not town.free:
            return
        heap: list[tuple[float, int, int, frozenset[str]]] = [(-1.0, 0, 0, town.landed)]
        count = 0
        while heap:
            minus, depth, _, on = heapq.heappop(heap)
            if depth == len(self.line) or -minus < 1e-4:
                continue
            change = self.line[depth]
            job = self.built.get((change, on))
            known = job is not None and job.number not in town.running
            if job is None:
                yield change, on
                job = self.built.get((change, on))
            good = (1 - town.truth.risks[change]) * (1 - town.truth.flake)
            if known and job is not None:
                good = float(job.green)
            for chance, then in ((good, on | {change}), (1 - good, on)):
                if chance:
                    count += 1
                    heapq.heappush(heap, (minus * chance, depth + 1, count, then))


@dataclass
class Oracle:
    """It knows what is good: one run for all of that which waits, on top of what is under way; the rest goes unseen."""

    jobs: dict[int, Job] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    """What is under way."""

    def _ended(self, town: Town, job: Job) -> None:
        del self.jobs[job.number]
        new = job.content - town.landed
        if job.green and job.content >= town.landed and new <= town.waiting.keys():
            town.land(new, job)
        self.taken = frozenset().union(*(each.content for each in self.jobs.values())) - town.landed

    def act(self, town: Town) -> None:
        if town.ended:
            self._ended(town, town.ended)
        for change in list(town.waiting):
            if town.truth.guilty(change, town.landed):
                town.reject(change)
        chosen = self.taken
        for change in town.waiting:
            if town.truth.good(town.landed | chosen | {change}):
                chosen |= {change}
        if chosen > self.taken and town.free:
            job = town.start(chosen)
            self.jobs[job.number] = job
            self.taken = chosen
