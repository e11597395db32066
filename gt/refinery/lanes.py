"""Gate runs under way: one for each slot, each in a thread, waited for together.

A thread does nothing but run processes and keep outcomes; all decisions are the waiter's.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from gt.core.values import dataclass
from gt.fleet.interrupts import Interrupts
from gt.refinery.proving import Proved, Slot

Run = TypeVar("Run")


@dataclass(slots=True)
class Lane(Generic[Run]):
    """One run under way."""

    run: Run
    slot: int
    began: float
    thread: threading.Thread
    stop: threading.Event


@dataclass(frozen=True, slots=True)
class Finished(Generic[Run]):
    """A run that is over: with a result, or an error (KeyboardInterrupt: it was cancelled)."""

    run: Run
    slot: int
    proved: Proved | None
    error: BaseException | None
    took: float
    """How long it was under way, in seconds."""


@dataclass(slots=True)
class Lanes(Generic[Run]):
    """All runs of one merge. A context manager: what still runs at its end is cancelled, and waited for."""

    clock: Callable[[], float]
    used: set[int] = field(default_factory=set)
    """The numbers of all slots that something ran in."""
    lanes: dict[int, Lane[Run]] = field(default_factory=dict)
    _over: SimpleQueue[tuple[int, Proved | None, BaseException | None]] = field(default_factory=SimpleQueue)
    _bell: tuple[int, int] = field(default_factory=os.pipe)

    def __enter__(self) -> Self:
        os.set_blocking(self._bell[0], False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for lane in self.lanes.values():
            lane.stop.set()
        for lane in self.lanes.values():
            lane.thread.join()
        for fd in self._bell:
            os.close(fd)

    @property
    def running(self) -> tuple[Lane[Run], ...]:
        return tuple(self.lanes.values())

    def free(self, count: int) -> int:
        """How many more may run, of so many slots."""
        return max(0, count - len(self.lanes))

    @property
    def vacant(self) -> int:
        """The number of the first slot that is free."""
        return next(n for n in range(1, len(self.lanes) + 2) if n not in self.lanes)

    def start(self, run: Run, work: Callable[[Slot], Proved]) -> None:
        """Begin a run in the first slot that is free."""
        number = self.vacant
        stop = threading.Event()
        thread = threading.Thread(target=self._work, args=(number, work, stop), name=f"slot-{number}")
        self.used.add(number)
        self.lanes[number] = Lane(run, number, self.clock(), thread, stop)
        thread.start()

    def cancel(self, run: Run) -> None:
        """Tell a run to end; it is waited for like any other."""
        for lane in self.lanes.values():
            if lane.run == run:
                lane.stop.set()

    def wait(self, watch: Interrupts, seconds: float) -> list[Finished[Run]]:
        """The runs that have ended, at the latest after so many seconds. Raises KeyboardInterrupt on a signal."""
        poll = select.poll()
        poll.register(self._bell[0], select.POLLIN)
        poll.register(watch.reader, select.POLLIN)
        found = self._ended()
        if not found:
            poll.poll(seconds * 1000)
            found = self._ended()
        if watch.seen:
            raise KeyboardInterrupt
        return found

    def _ended(self) -> list[Finished[Run]]:
        found: list[Finished[Run]] = []
        while True:
            try:
                number, proved, error = self._over.get_nowait()
            except Empty:
                return found
            with suppress(BlockingIOError):
                os.read(self._bell[0], 1)
            lane = self.lanes.pop(number)
            lane.thread.join()
            found.append(Finished(lane.run, number, proved, error, self.clock() - lane.began))

    def _work(self, number: int, work: Callable[[Slot], Proved], stop: threading.Event) -> None:
        proved, error = None, None
        try:
            proved = work(Slot(number, stop.is_set))
        except BaseException as raised:  # noqa: BLE001  # it is raised where somebody waits for it
            error = raised
        self._over.put((number, proved, error))
        os.write(self._bell[1], b"!")
