"""What the kernel is asked for, git included: a witness that no audit hook is, where there is an strace."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

STRACE = shutil.which("strace")

RENAME = "?rename,?renameat,?renameat2"
LINK = "?link,?linkat"
SYNC = "?fsync,?fdatasync"
WRITE = "?pwrite64"
"""How sqlite writes."""

_SET_PTRACER = 0x59616D61
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += 0$")
_PATH = re.compile(r'"([^"]*)"|<([^>]*)>')


class Call(NamedTuple):
    """A call that succeeded: what was done, and to which paths."""

    name: str
    paths: tuple[str, ...]


def works() -> bool:
    """Whether there is an strace that may watch a process of ours."""
    return STRACE is not None and _run(lambda: None, "-e", "trace=none", log="/dev/null") == 0


def killed_at(calls: str, number: int, deed: Callable[[], object]) -> int:
    """Do the deed in a child; whichever process of it makes its n-th call of these is killed at that.

    Returns how the child ended: -9 if it was the child, 0 if nobody had so many calls.
    """
    return _run(
        deed, "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={number}", log="/dev/null"
    )


def traced(deed: Callable[[], object], log: Path) -> list[Call]:
    """Do the deed in a child; its renames, links and syncs, and those of the processes it starts, in order."""
    assert _run(deed, "-y", "-s", "4096", "-e", f"trace={RENAME},{LINK},{SYNC}", log=str(log)) == 0
    found = []
    for line in log.read_text(errors="replace").splitlines():
        if match := _CALL.match(line):
            paths = tuple(one or other for one, other in _PATH.findall(match[2]) if one or "(" not in other)
            found.append(Call(match[1].removesuffix("at2").removesuffix("at"), paths))
    return found


def _run(deed: Callable[[], object], *options: str, log: str) -> int:
    """How the child ended that did the deed while strace watched."""
    child = os.fork()
    if child == 0:
        _do(deed)
    assert STRACE is not None
    os.waitpid(child, os.WUNTRACED)
    with subprocess.Popen(
        [STRACE, "-f", "-qq", "-o", log, *options, "-p", str(child)], stderr=subprocess.PIPE
    ) as watching:
        while watching.poll() is None and not _is_watched(child):
            time.sleep(0.001)
        os.kill(child, signal.SIGCONT if watching.returncode is None else signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        watching.wait()
    return code


def _do(deed: Callable[[], object]) -> None:
    code = 1
    try:
        # Some kernels let only forebears watch; strace is a sister.
        ctypes.CDLL(None).prctl(_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        deed()
        code = 0
    finally:
        os._exit(code)


def _is_watched(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return "TracerPid:\t0\n" not in status
