"""What a process does to the world, told just before it does it: the points at which tests kill it.

Imported when Python starts in a process to be killed, so it imports next to nothing.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
EVENTS = frozenset(
    {
        *("os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"),
        *("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.kill", "sqlite3.connect"),
    }
)
"""Audit events that are effects, whatever their arguments."""

Tell = Callable[[str], None]
"""Told what is about to be done."""


def watch(tell: Tell) -> None:
    """Have every effect of this process told from now on; an audit hook can't be taken away again."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if _is_effect(event, args):
            tell(f"{event} {args!r}")

    sys.addaudithook(hook)


def watch_bytes(tell: Tell) -> None:
    """As `watch`, for what raises no audit event: bytes written in two halves, syncs, statements of sqlite."""
    import sqlite3

    real_write, real_fsync, real_connect = os.write, os.fsync, sqlite3.connect

    def write(fd: int, data: Any) -> int:
        tell(f"os.write {len(data)} bytes")
        half = real_write(fd, memoryview(data)[: len(data) // 2])
        tell(f"os.write the rest, after {half} bytes")
        return half + real_write(fd, memoryview(data)[half:])

    def fsync(fd: int) -> None:
        tell(f"os.fsync {os.readlink(f'/proc/self/fd/{fd}')}")
        real_fsync(fd)

    def connect(*args: Any, **more: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = real_connect(*args, **more)
        made.set_trace_callback(lambda sql: None if sql.startswith("SELECT") else tell(f"sqlite {sql}"))
        return made

    os.write, os.fsync, sqlite3.connect = write, fsync, connect  # type: ignore[assignment]


def _is_effect(event: str, args: tuple[Any, ...]) -> bool:
    if event != "open":
        return event in EVENTS and "__pycache__" not in str(args[:1])
    flags = args[2] if len(args) > 2 else 0
    return isinstance(flags, int) and bool(flags & WRITES) and "__pycache__" not in str(args[0])
