"""What is to be run, how it ended, and what it used: the values of `launch`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from gt.core.values import dataclass

Why = Literal["exit", "deadline", "stall", "interrupted", "not-started"]

LOG_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """What to run, and until when. Times are in seconds."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    """The whole environment; the marker is added to it."""
    log: Path
    """Gets stdout and stderr, appended."""
    deadline: float
    """From now."""
    stdin: Path | None = None
    stall: float | None = None
    """How long progress may stay the same."""
    grace: float = 10.0
    """From TERM to KILL."""
    keep_fds: tuple[int, ...] = ()
    """Descriptors to inherit; a flock on one of them is held by the job, and whoever holds it is the job's."""
    marker: str = ""
    """The value of GT_LEASE; no other job may have the same at the same time. Empty: none."""
    progress: Callable[[], object] | None = None
    """Any change of its value is progress; must be cheap. Needed for a stall to be seen."""
    log_limit: int = LOG_LIMIT
    """Bytes of log above which its middle is cut out."""
    cancelled: Callable[[], bool] | None = None
    """Asked at every tick whether to interrupt the job: for jobs run in threads, which get no signals."""
    on_start: Callable[[int], None] | None = None
    """Called with the pid, once it runs."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended. Of code and signal at most one is given; neither when it never ran."""

    why: Why
    code: int | None = None
    signal: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of all its processes that were waited for."""
    max_rss_kib: int = 0
    """Of the largest single process."""
    leftovers_killed: int = 0
    """How many of its processes, itself aside, had to be ended."""
    message: str = ""
    """Why it was not started, what interrupted it, or what could not be killed; else empty."""


def signal_name(number: int) -> str:
    """A signal as it is told of; those for real time have but a number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@dataclass(slots=True)
class Spent:
    """Resources used by processes that were waited for."""

    status: int | None = None
    cpu: float = 0.0
    rss: int = 0

    def add(self, pid: int, *, main: bool = False) -> bool:
        """Waits for a child that is dead; False when it isn't, or isn't ours."""
        try:
            done, status, usage = os.wait4(pid, os.WNOHANG)
        except ChildProcessError:
            return False
        if done == 0:
            return False
        self.cpu += usage.ru_utime + usage.ru_stime
        self.rss = max(self.rss, usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1))
        if main:
            self.status = status
        return True
