"""The only place where agents and gates are started: in a session of their own, to an end that leaves nothing behind.

Knows processes, not Beads. On Linux every descendant is found and ended; where the kernel can't tell (macOS) only
the process group is.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gt.fleet import adoption, processes
from gt.fleet.interrupts import Interrupts, interrupts
from gt.fleet.job import Ended, Job, Spent, Why
from gt.fleet.output import open_log, tail, trim
from gt.fleet.processes import MARK, Process, Row, boot_id, start_time
from gt.fleet.reaping import KILL_LIMIT, Gone, Kin, end, reap
from gt.fleet.surroundings import environment
from gt.lock import holders

__all__ = ["Ended", "Job", "Why", "boot_id", "environment", "reap", "run", "start_time", "tail"]

LEFTOVER_GRACE = 2.0
"""Seconds that what outlives its agent gets between TERM and KILL, at most."""

SETTLE = 0.1
"""Seconds in which it may end by itself: the last stage of a pipeline often does."""

BURY_EVERY = 5.0
"""Seconds between two looks for dead orphans, whose pids would run short else."""

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts while the machine sleeps: a deadline passes on a laptop that is shut, too."""


@dataclass(slots=True)
class _Running:
    """A job under way."""

    job: Job
    pid: int
    log: int
    watch: Interrupts
    began: float
    locks: tuple[Path, ...]
    spent: Spent = field(default_factory=Spent)
    pidfd: int | None = None
    buried_at: float = field(default_factory=time.monotonic)

    def exited(self) -> bool:
        """Whether the agent is dead. It stays a zombie, so that its pid, group and session can't become another's."""
        if self.spent.status is not None:
            return True
        if not hasattr(os, "waitid"):
            return self.spent.add(self.pid, main=True)
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            # Where SIGCHLD is ignored the kernel buries children itself.
            return True

    def wait(self, seconds: float) -> None:
        """Sleeps until the agent exits, a signal arrives, or the time is over."""
        poll = select.poll()
        poll.register(self.watch.reader, select.POLLIN)
        if self.pidfd is not None:
            poll.register(self.pidfd, select.POLLIN)
        else:
            seconds = min(seconds, 0.02)
        poll.poll(seconds * 1000)
        self.watch.drain()

    def interrupted(self) -> bool:
        return bool(self.watch.seen) or (self.job.cancelled is not None and self.job.cancelled())

    def tend(self) -> None:
        """What has to be done all the time: bounding the log, burying orphans."""
        trim(self.log, self.job.log_limit)
        now = time.monotonic()
        if now >= self.buried_at + BURY_EVERY:
            self.buried_at = now
            self.bury()

    def bury(self) -> None:
        """Waits for the orphans that have died."""
        rows = processes.table()
        for pid in adoption.orphans(rows):
            if rows[pid].zombie:
                self.spent.add(pid)

    def roots(self, rows: Mapping[int, Row]) -> set[int]:
        """Where the job's processes are found: its session, its orphans, its marker, its lock."""
        beside = adoption.others(self.pid)
        found = {pid for pid, row in rows.items() if self.pid in (pid, row.session)}
        # An orphan whose session is neither job's could be from any: the last job to end takes it.
        if not beside:
            found |= adoption.orphans(rows)
        strangers = rows.keys() - processes.tree(rows, beside)
        if self.job.marker:
            found |= processes.marked(strangers, self.job.marker)
        for path in self.locks:
            found |= strangers.intersection(holders(path))
        return found


def run(job: Job) -> Ended:
    """Runs the job to its end and ends whatever it leaves; returns how it ended, also when it could not be started.

    TERM, INT and HUP are held while it runs (in the main thread), and end the job as interrupted: the caller sees
    `why` and goes on from there; a second signal cuts the grace short. If this process is killed, the job lives
    on, with its log and the descriptors it was to keep: `reap` is for that. Meanwhile start no daemon from this
    process: it would be taken for an orphan of the job.
    """
    began = time.clock_gettime(_CLOCK)
    with interrupts() as watch, adoption.adopting():
        started = _start(job, watch, began)
        if isinstance(started, Ended):
            return started
        try:
            return _supervise(started)
        finally:
            if started.pidfd is not None:
                os.close(started.pidfd)
            os.close(started.log)
            left = adoption.forget(started.pid)
            if left:
                end(Kin(partial(_still, left)), LEFTOVER_GRACE, patience=SETTLE)
                started.bury()


def _still(wanted: frozenset[Process], rows: Mapping[int, Row]) -> set[int]:
    """The pids of those that are there yet: what a job that began meanwhile leaves is none of them."""
    return {each.pid for each in wanted if each.pid in rows and rows[each.pid].process == each}


def _start(job: Job, watch: Interrupts, began: float) -> _Running | Ended:
    if not job.argv:
        return Ended("not-started", message="can't start: the command is empty")
    opened: list[int] = []
    try:
        log = open_log(job.log)
        opened.append(log)
        stdin = os.open(job.stdin or os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        opened.append(stdin)
        with adoption.birth() as mains:
            child = subprocess.Popen(
                job.argv,
                cwd=job.cwd,
                env={**job.env, MARK: job.marker} if job.marker else dict(job.env),
                stdin=stdin,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=job.keep_fds,
            )
            mains.add(child.pid)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        for fd in opened:
            os.close(fd)
        return Ended("not-started", message=_why_not(job, error))
    # It is waited for here, with its resources: to the module its fate is settled.
    child.returncode = 0
    os.close(stdin)
    running = _Running(job, child.pid, log, watch, began, _inherited(job.keep_fds))
    try:
        running.pidfd = os.pidfd_open(child.pid)
    except (AttributeError, OSError):
        running.pidfd = None
    return running


def _why_not(job: Job, error: Exception) -> str:
    program = job.argv[0]
    if isinstance(error, OSError):
        missing = f" ({error.filename})" if error.filename and str(error.filename) != program else ""
        return f"can't start {program}: {error.strerror or error}{missing}"
    return f"can't start {program}: {error}"


def _inherited(fds: tuple[int, ...]) -> tuple[Path, ...]:
    try:
        return tuple(Path(os.readlink(f"/proc/self/fd/{fd}")) for fd in fds)
    except OSError:
        return ()


def _supervise(it: _Running) -> Ended:
    why: Why = "interrupted"
    try:
        if it.job.on_start is not None:
            it.job.on_start(it.pid)
        why = _watch(it)
    finally:
        # Also when progress() raises: an agent that nobody watches must not go on.
        gone = _finish(it, why)
    it.watch.heeded = why == "interrupted"
    status = it.spent.status
    code = None if status is None else os.waitstatus_to_exitcode(status)
    return Ended(
        why=why,
        code=code if code is not None and code >= 0 else None,
        signal=-code if code is not None and code < 0 else None,
        seconds=time.clock_gettime(_CLOCK) - it.began,
        cpu_seconds=it.spent.cpu,
        max_rss_kib=it.spent.rss,
        leftovers_killed=sum(1 for process in gone.told if process.pid != it.pid),
        message=_remark(it, why, len(gone.left)),
    )


def _remark(it: _Running, why: Why, left: int) -> str:
    if left:
        return f"{left} of its processes could not be killed"
    if why == "interrupted":
        return f"interrupted by {it.watch.seen[0].name}" if it.watch.seen else "cancelled"
    return ""


def _watch(it: _Running) -> Why:
    """Waits for the end of the agent, or for a reason to end it."""
    job = it.job
    last = job.progress() if job.progress is not None else None
    moved = it.began
    tick = max(0.01, min(0.2, job.deadline / 4, (job.stall or job.deadline) / 4))
    while not it.exited():
        now = time.clock_gettime(_CLOCK)
        if it.interrupted():
            return "interrupted"
        if now >= it.began + job.deadline:
            return "deadline"
        if job.progress is not None and job.stall is not None:
            state = job.progress()
            if state != last:
                last, moved = state, now
            elif now >= moved + job.stall:
                return "stall"
        it.tend()
        it.wait(min(tick, it.began + job.deadline - now))
    return "exit"


def _finish(it: _Running, why: Why) -> Gone:
    """Ends all that is left of the job, and waits for the agent."""
    grace, patience = it.job.grace, 0.0
    if why == "exit":
        grace, patience = min(grace, LEFTOVER_GRACE), SETTLE
    signals = max(1, len(it.watch.seen))
    if processes.SEES:
        gone = end(
            Kin(it.roots),
            grace,
            patience=patience,
            hurry=lambda: len(it.watch.seen) > signals,
            between=it.tend,
        )
        it.bury()
    else:
        gone = Gone(frozenset(), frozenset())
        _end_group(it, grace)
    it.spent.add(it.pid, main=True)
    return gone


def _end_group(it: _Running, grace: float) -> None:
    """Where processes can't be listed: what is left in the agent's process group, and no more."""
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, KILL_LIMIT)):
        try:
            os.killpg(it.pid, number)
        except (ProcessLookupError, PermissionError):
            # macOS refuses to signal a group of zombies.
            return
        until = time.monotonic() + seconds
        while time.monotonic() < until and not it.exited():
            it.wait(0.05)
