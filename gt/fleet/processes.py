"""What the kernel says about processes: who is alive, whose child it is, what it carries and holds.

Knows /proc and nothing of attempts. Where there is no /proc (macOS) every look finds nothing, and says so by SEES.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator, Mapping

from gt.core.values import dataclass

SEES = os.path.exists("/proc/self/stat")
"""Whether this system shows its processes in /proc."""

MARK = "GT_LEASE"
"""The environment variable that marks the processes of an attempt."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process for ever: a pid alone may be given to another, a pid and its start may not."""

    pid: int
    started: int
    """Clock ticks from boot to its start."""


@dataclass(frozen=True, slots=True)
class Row:
    """One process as it is at this look."""

    process: Process
    parent: int
    session: int
    zombie: bool


def look(pid: int) -> Row | None:
    """The process with this pid, None when there is none or it can't be seen."""
    raw = _read(f"/proc/{pid}/stat")
    if not raw:
        return None
    # The program's name stands in brackets and may hold brackets and spaces itself.
    fields = raw[raw.rindex(b")") + 2 :].split()
    return Row(Process(pid, int(fields[19])), int(fields[1]), int(fields[3]), fields[0] in (b"Z", b"X"))


def table() -> dict[int, Row]:
    """All processes that can be seen, by pid."""
    if not SEES:
        return {}
    rows = (look(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return {row.process.pid: row for row in rows if row is not None}


def start_time(pid: int) -> int | None:
    """When the process with this pid started, in clock ticks since boot; None when there is none or it is dead."""
    row = look(pid)
    return None if row is None or row.zombie else row.process.started


def boot_id() -> str:
    """The random name of this boot of the kernel, "" where the system has none."""
    raw = _read("/proc/sys/kernel/random/boot_id")
    return raw.decode("ascii", "replace").strip() if raw is not None else _darwin_boot_id()


def _darwin_boot_id() -> str:
    import ctypes

    buffer = ctypes.create_string_buffer(64)
    size = ctypes.c_size_t(len(buffer))
    try:
        failed = ctypes.CDLL(None).sysctlbyname(b"kern.bootsessionuuid", buffer, ctypes.byref(size), None, 0)
    except (AttributeError, OSError):
        return ""
    return "" if failed else buffer.value.decode("ascii", "replace")


def tree(rows: Mapping[int, Row], roots: Iterable[int]) -> set[int]:
    """The roots that are in rows, with all their descendants."""
    children: dict[int, list[int]] = {}
    for pid, row in rows.items():
        children.setdefault(row.parent, []).append(pid)
    found: set[int] = set()
    todo = [pid for pid in roots if pid in rows]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo.extend(children.get(pid, ()))
    return found


def lineage(pid: int) -> Iterator[int]:
    """The pid, then its parent, and so on up to the first process of the system."""
    seen: set[int] = set()
    while pid > 0 and pid not in seen:
        seen.add(pid)
        yield pid
        row = look(pid)
        pid = 0 if row is None else row.parent


def mark_of(pid: int) -> str | None:
    """The value of GT_LEASE in the environment that this process was started with."""
    return variable_of(pid, MARK)


def variable_of(pid: int, name: str) -> str | None:
    """The value of a variable in the environment that this process was started with."""
    raw = _read(f"/proc/{pid}/environ") or b""
    key = name.encode() + b"="
    for item in raw.split(b"\0"):
        if item.startswith(key):
            return os.fsdecode(item[len(key) :])
    return None


def marked(pids: Iterable[int], mark: str) -> set[int]:
    """Those of pids which carry exactly this mark."""
    return {pid for pid in pids if mark_of(pid) == mark}


def send(process: Process, number: signal.Signals) -> bool:
    """Sends a signal to exactly this process; False when it is gone. Raises PermissionError.

    The pidfd is opened before the start time is compared, so a pid that was given away in between is not hit.
    """
    try:
        pidfd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):
        return _send_by_pid(process, number)
    try:
        row = look(process.pid)
        if row is None or row.process != process:
            return False
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(pidfd)
    return True


def _send_by_pid(process: Process, number: signal.Signals) -> bool:
    """For kernels and sandboxes without pidfd: compares, then sends; the gap is a few microseconds."""
    row = look(process.pid)
    if row is None or row.process != process:
        return False
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
