"""File locks that die with their holder.

Knows the kernel's whole-file locks and who holds one; knows nothing of what is locked, nor of git.
"""

from __future__ import annotations

import errno
import os
import random
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Busy

POLL = (0.002, 0.008)
"""Seconds between two looks at a held lock, drawn evenly. Everybody draws from the same range, however long
they have waited: with a growing pause the newest would win. Short enough that the lock isn't idle for long
(a ledger write holds it for some 5 ms), long enough that fifty waiters don't starve the holder of a CPU."""

TRY_FOR = 0.05
"""Seconds for which `try_hold` insists: another gt's `is_free` takes a lock for an instant to look at it."""


@dataclass(frozen=True, slots=True)
class Held:
    """Proof of holding the lock file `path`, through the open descriptor `fd`.

    A child that is given `fd` (`pass_fds`) holds the lock too, until it and all that inherited it are gone.
    """

    path: Path
    fd: int


@contextmanager
def hold(path: Path, timeout: float = 30.0) -> Iterator[Held]:
    """Hold the lock file `path`, waiting up to `timeout` seconds for it; raises Busy after that.

    The file and its directory are made when missing and never removed.
    """
    held = _acquire(path, timeout)
    if held is None:
        pids = holders(path)
        who = f"process {', '.join(map(str, pids))}" if pids else "another process"
        raise Busy(f"{path} is held by {who}; waited {timeout:g} s", hint=process_hint(pids))
    try:
        yield held
    finally:
        release(held)


def try_hold(path: Path) -> Held | None:
    """The lock, if nobody holds it: the caller gives it back with `release`. None if it is held."""
    return _acquire(path, TRY_FOR)


def release(held: Held) -> None:
    """Give the lock back, once. Where a child inherited the descriptor, the child keeps the lock."""
    # Only closed, never unlocked: an unlock would take the lock from the children too.
    os.close(held.fd)


def is_free(path: Path) -> bool | None:
    """Whether nobody holds the lock (True also without a file); None if that can't be told.

    Others who look at the same time are in nobody's way: a look takes a lock that can be shared.
    """
    try:
        fd = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    except OSError:
        return None
    try:
        return lock_now(fd, shared=True)
    except OSError:
        return None
    finally:
        os.close(fd)


def holders(path: Path) -> tuple[int, ...]:
    """The processes that hold this lock, ours excepted; empty where /proc can't tell.

    A process that merely has the file open, to look or to wait, isn't one: the answer may be killed.
    """
    try:
        wanted = os.stat(path)
        pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    except OSError:
        return ()
    return tuple(pid for pid in pids if pid != os.getpid() and _has_locked(pid, wanted))


def openers(path: Path) -> tuple[int, ...]:
    """The processes that have this file open, ours excepted; empty where /proc can't tell."""
    try:
        wanted = os.stat(path)
        pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    except OSError:
        return ()
    return tuple(pid for pid in pids if pid != os.getpid() and any(_open_at(pid, wanted)))


def process_hint(pids: Collection[int]) -> str | None:
    """The command that shows these processes, stopped ones too; None for none."""
    return " ".join(("ps", *map(str, pids))) if pids else None


def lock_now(fd: int, *, shared: bool = False) -> bool:
    """Take the lock of the open file `fd`, which stays the caller's; False if another holds it.

    `shared`: together with all others who want it so, where the system has such locks.

    Raises OSError where the file system has no such locks: there is no softer kind to fall back to.
    """
    # The very lock that filelock takes there; importing it for this one call would cost a write a third of its time.
    try:
        from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
    except ImportError:
        return _lock_without_flock(fd)
    try:
        flock(fd, (LOCK_SH if shared else LOCK_EX) | LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _lock_without_flock(fd: int) -> bool:
    # Its lock on a descriptor, rather than its FileLock, because only that can be handed to a child, never
    # falls back to an existence lock, and leaves the pace of polling to us.
    from filelock import lock_descriptor

    return lock_descriptor(fd, blocking=False)


def _acquire(path: Path, timeout: float) -> Held | None:
    deadline = time.monotonic() + timeout
    while True:
        held = _attempt(path)
        if held is not None or time.monotonic() >= deadline:
            return held
        time.sleep(random.uniform(*POLL))


def _attempt(path: Path) -> Held | None:
    fd = _open(path)
    try:
        if lock_now(fd) and _is_at(fd, path):
            return Held(path, fd)
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    return None


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT
    with suppress(FileNotFoundError):
        return os.open(path, flags, 0o666)
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, flags, 0o666)


def _is_at(fd: int, path: Path) -> bool:
    """Whether the path still names the file we locked, and not one that took its place."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _has_locked(pid: int, wanted: os.stat_result) -> bool:
    for fd in _open_at(pid, wanted):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                if "FLOCK" in info.read():
                    return True
        except OSError as error:
            _pass_over(error)
    return False


def _open_at(pid: int, wanted: os.stat_result) -> Iterator[str]:
    """The descriptors that a process has on this file."""
    try:
        fds = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return
    for fd in fds:
        try:
            if os.path.samestat(os.stat(f"/proc/{pid}/fd/{fd}"), wanted):
                yield fd
        except OSError as error:
            _pass_over(error)


def _pass_over(error: OSError) -> None:
    """Processes end and are others': anything else is no reason to look away."""
    if error.errno not in (errno.ENOENT, errno.EACCES, errno.ESRCH, errno.EPERM):
        raise error
