"""Ending processes so that none is left: TERM, a grace, then everything frozen and killed.

Knows how to find what belongs together, not why it must end.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from gt.core.values import dataclass
from gt.fleet import processes
from gt.fleet.processes import Process, Row
from gt.lock import holders

KILL_LIMIT = 5.0
"""Seconds of killing after which what still lives (stuck in the kernel, forking faster than we look) is given up."""

Roots = Callable[[Mapping[int, Row]], Iterable[int]]
"""From one look at all processes to the pids that are to end, without their descendants."""


class Kin:
    """A set of processes that grows with every look: its roots, their descendants, and all that ever was in it.

    Remembering matters: when a parent dies its children are handed to another, and the tree no longer shows them.
    """

    def __init__(self, roots: Roots) -> None:
        self._roots = roots
        self._spared = set(processes.lineage(os.getpid()))
        self._known: set[Process] = set()
        self.refused: set[Process] = set()
        """Those that we may not signal."""
        self._last: tuple[set[Process], set[Process]] | None = None
        self.over = False
        """Whether none is left. One look doesn't tell: who was seen dead in it may have left a child it came too late for."""

    def look(self) -> set[Process]:
        """What is alive now."""
        rows = processes.table()
        known = {one.pid for one in self._known if one.pid in rows and rows[one.pid].process == one}
        # A spared process is not a root either: what else descends from it is none of this.
        roots = (known | set(self._roots(rows))) - self._spared
        found = {rows[pid] for pid in processes.tree(rows, roots) - self._spared}
        self._known |= {row.process for row in found}
        alive = {row.process for row in found if not row.zombie} - self.refused
        dead = {row.process for row in found if row.zombie}
        self.over = self._last == (alive, dead) and not alive
        self._last = alive, dead
        return alive

    def send(self, to: Iterable[Process], number: signal.Signals) -> None:
        """Signals each of them that still lives."""
        for process in to:
            try:
                processes.send(process, number)
            except PermissionError:
                self.refused.add(process)


@dataclass(frozen=True, slots=True)
class Gone:
    """What became of a kin."""

    told: frozenset[Process]
    """Those that were sent a signal."""
    left: frozenset[Process]
    """Those of them that live on: not ours to kill, or stuck in the kernel."""


def end(
    kin: Kin,
    grace: float,
    *,
    patience: float = 0.0,
    hurry: Callable[[], bool] = bool,
    between: Callable[[], object] = bool,
) -> Gone:
    """Ends all of kin. Times in seconds: patience is what they get to end by themselves, grace from TERM to KILL.

    hurry is asked whether to cut the grace short; between is called at every look.
    """
    for _ in _looks(kin, patience, between):
        if kin.over:
            return Gone(frozenset(), frozenset())
    told: set[Process] = set()
    for left in _looks(kin, grace, between):
        if kin.over or hurry():
            break
        fresh = left - told
        kin.send(fresh, signal.SIGTERM)
        kin.send(fresh, signal.SIGCONT)
        told |= fresh
    for left in _looks(kin, KILL_LIMIT, between):
        if kin.over:
            break
        told |= left | _kill(kin, left)
    return Gone(frozenset(told), frozenset(left | kin.refused))


def _kill(kin: Kin, left: set[Process]) -> set[Process]:
    """Kills, frozen first, so that none forks a child between being seen and its death; returns whom."""
    frozen: set[Process] = set()
    for _ in range(8):
        kin.send(left - frozen, signal.SIGSTOP)
        frozen |= left
        left = kin.look()
        if left <= frozen:
            break
    kin.send(frozen | left, signal.SIGKILL)
    return frozen | left


def _looks(kin: Kin, seconds: float, between: Callable[[], object]) -> Iterator[set[Process]]:
    """Looks again and again, for the second time at once, then ever more slowly, for so many seconds; at least once."""
    until = time.monotonic() + seconds
    pause = 0.0
    while True:
        between()
        yield kin.look()
        left = until - time.monotonic()
        if left <= 0:
            return
        if pause:
            time.sleep(min(pause, left))
        pause = min(max(0.002, 2 * pause), 0.1)


def reap(marker: str, lock: Path, pid: int | None, started: int | None, *, grace: float = 2.0) -> int:
    """Ends what is left of an attempt that is over, and returns how many processes that were.

    Found are: the process with this pid if it started then (pass None for a lease of another boot; 0 and None
    are unknown), who carries
    the marker in its environment, who holds a flock on the lock file, and all their descendants. This process
    and its ancestors are never touched; nor is anything found by its name.
    """
    seen: set[int] = set()

    def roots(rows: Mapping[int, Row]) -> set[int]:
        nonlocal seen
        found = processes.marked(rows, marker) if marker else set()
        if pid and started and pid in rows and rows[pid].process.started == started:
            found.add(pid)
        # Seen twice: somebody who probes the free lock holds it for a moment, too.
        holding = set(holders(lock))
        found |= holding & seen
        seen = holding
        return found

    kin = Kin(roots)
    kin.look()
    if seen:
        time.sleep(0.02)
    return len(end(kin, grace).told)
