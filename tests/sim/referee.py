"""Who lets real gates end in the order of a simulated clock, one at a time, each when all that starts before has started.

The merge is left as it is, but for one thing: when it is about to wait for a gate, all of its gates have to be under
way first, and the one that ends first by the clock is told to end. No time that passes for real decides anything, and
nothing waits for what may never come: a run that ends without a gate is an error.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gt.core.docket import GateRun
from gt.fleet.interrupts import Interrupts
from gt.refinery.lanes import Finished, Lanes
from gt.refinery.outcomes import Verdict
from tests.conftest import NOW
from tests.sim.dice import throw
from tests.sim.events import told

Wait = Callable[[], list[Finished[GateRun]]]


@dataclass(frozen=True, slots=True)
class Met:
    """A gate that is under way, and waits to be told to end."""

    call: str
    """The name of the file by which it is told."""
    content: frozenset[str]
    ends: float


@dataclass(slots=True)
class Referee:
    """The clock of one merge, in gate times, and what happened in it."""

    book: Path
    """Where gates leave word."""
    seed: int
    now: float = 0.0
    runs: int = 0
    tale: list[str] = field(default_factory=list)
    """As a simulated town tells it."""
    _hall: int = -1
    _met: dict[int, Met] = field(default_factory=dict)
    """By the slot's number."""

    def ticks(self) -> float:
        return self.now

    def clock(self) -> int:
        """Seconds since the epoch. Gates are quick here: no outcome grows too old to count, as in the simulator."""
        return NOW + int(self.now)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Every merge in this process is under this referee."""
        os.mkfifo(self.book / "hall")
        self._hall = os.open(self.book / "hall", os.O_RDWR | os.O_NONBLOCK)
        wait = Lanes.wait

        def refereed(lanes: Lanes[GateRun], watch: Interrupts, seconds: float) -> list[Finished[GateRun]]:
            return self._next(lanes, lambda: wait(lanes, watch, seconds))

        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Lanes, "wait", refereed)
                yield
        finally:
            os.close(self._hall)

    def _next(self, lanes: Lanes[GateRun], wait: Wait) -> list[Finished[GateRun]]:
        """What was told to stop, once it has; if there is none, the run that ends first, once all are under way."""
        over: list[Finished[GateRun]] = []
        stopped = [lane for lane in lanes.running if lane.stop.is_set()]
        for lane in stopped:
            self.tale.append(told("stop", self._met.pop(lane.slot).content))
        while len(over) < len(stopped):
            over += wait()
        assert all(isinstance(each.error, KeyboardInterrupt) for each in over), "a run ended by itself"
        if stopped:
            return over
        self._meet(lanes)
        first = min(lanes.running, key=lambda lane: self._met[lane.slot].ends)
        it = self._met.pop(first.slot)
        self.now = it.ends
        (self.book / it.call).write_bytes(b"!")
        while not over:
            over += wait()
        (ended,) = over
        assert ended.run is first.run, "a run ended by itself"
        assert ended.proved is not None, ended.error
        self.tale.append(told("green" if ended.proved.verdict is Verdict.PASS else "red", it.content))
        return over

    def _meet(self, lanes: Lanes[GateRun]) -> None:
        """Wait until the gates of all lanes are under way."""
        new = [lane for lane in lanes.running if lane.slot not in self._met]
        arrived: dict[int, Met] = {}
        poll = select.poll()
        poll.register(self._hall, select.POLLIN)
        poll.register(lanes._bell[0], select.POLLIN)
        while len(arrived) < len(new):
            ready = [fd for fd, _ in poll.poll()]
            assert ready == [self._hall], "a run ended without a gate"
            for line in os.read(self._hall, 1 << 16).decode().splitlines():
                slot, call, *content = line.split()
                number = int(slot.rpartition("-")[2])
                length = throw(self.seed, content, int(call.rpartition(".")[2]))[1]
                arrived[number] = Met(call, frozenset(content), lanes.lanes[number].began + length)
        for lane in new:
            self._met[lane.slot] = arrived[lane.slot]
            self.tale.append(told("gate", arrived[lane.slot].content))
            self.runs += 1
