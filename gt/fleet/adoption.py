"""Orphans come to us: while a job runs, this process adopts what its descendants leave behind.

Knows which children of this process are a job's, which are its own, and which are orphans. Linux only; elsewhere
there are no orphans to be seen.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gt.fleet import processes
from gt.fleet.processes import Process, Row
from gt.git import daemons

_PR_SET_CHILD_SUBREAPER = 36
_PR_GET_CHILD_SUBREAPER = 37


@dataclass(slots=True)
class _Household:
    """What is shared by all jobs that this process runs at the same time, each in its thread."""

    gate: threading.Lock = field(default_factory=threading.Lock)
    """Held from the fork of a job until it is entered in `mains`: till then it looks like an orphan."""
    mains: set[int] = field(default_factory=set)
    passed_over: bool = False
    """Whether a job has ended beside another: whose the orphans were that it saw nobody could tell."""
    runs: int = 0
    was: bool = False
    before: frozenset[Process] = frozenset()


_house = _Household()


@contextmanager
def adopting() -> Iterator[None]:
    """Makes this process a child subreaper for as long as one such context is open; no git goes to the background then."""
    with daemons.kept_out():
        _begin()
        try:
            yield
        finally:
            _end()


def _begin() -> None:
    with _house.gate:
        if _house.runs == 0:
            _house.was = _subreaper()
            _house.before = frozenset(
                row.process for row in processes.table().values() if row.parent == os.getpid()
            )
            _become_subreaper(on=True)
        _house.runs += 1


def _end() -> None:
    with _house.gate:
        _house.runs -= 1
        if _house.runs == 0:
            _become_subreaper(on=_house.was)


@contextmanager
def birth() -> Iterator[set[int]]:
    """To be held while a job is forked; the pid is to be added to the set that it gives."""
    with _house.gate:
        yield _house.mains


def forget(pid: int) -> frozenset[Process]:
    """The job with this pid has been waited for. Returns the orphans of jobs that ended beside it, if it was the last.

    Two that end at the same time each see the other: what both left behind is told to the one that comes here last.
    """
    with _house.gate:
        _house.mains.discard(pid)
        if _house.mains or not _house.passed_over:
            return frozenset()
        _house.passed_over = False
        rows = processes.table()
        return frozenset(rows[pid].process for pid in _orphans(rows, set(), _house.before))


def others(pid: int) -> set[int]:
    """The pids of the jobs that run beside this one, which ends."""
    with _house.gate:
        found = _house.mains - {pid}
        _house.passed_over |= bool(found)
        return found


def orphans(rows: Mapping[int, Row]) -> set[int]:
    """The children of this process that are neither its own nor a job: descendants of jobs, their parents dead.

    A job leads a session of its own, and nothing that descends from it can come back into ours; so a child in our
    session is one that this process started by itself.
    """
    # The look is older than the list: a job that was born in between is in the list, and not in the look.
    with _house.gate:
        jobs, before = set(_house.mains), _house.before
    return _orphans(rows, jobs, before)


def _orphans(rows: Mapping[int, Row], jobs: set[int], before: frozenset[Process]) -> set[int]:
    me, session = os.getpid(), os.getsid(0)
    return {
        pid
        for pid, row in rows.items()
        if row.parent == me and row.session != session and pid not in jobs and row.process not in before
    }


def _subreaper() -> bool:
    import ctypes

    value = ctypes.c_int(0)
    try:
        failed = ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(value), 0, 0, 0)
    except AttributeError:
        return False
    return not failed and bool(value.value)


def _become_subreaper(*, on: bool) -> None:
    import ctypes

    try:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)
    except AttributeError:
        return
