"""The log of a process: a file that it appends to by itself, so that it outlives us; bounded, and read from its end."""

from __future__ import annotations

import os
from pathlib import Path

_BLOCK = 1 << 20


def open_log(path: Path) -> int:
    """Opens a log for appending, made if need be, for this user only: what agents print may hold secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def trim(fd: int, limit: int) -> int:
    """Cuts the middle out of a log longer than limit bytes; returns how many bytes that were.

    Its first quarter and its last half are kept. The file is truncated and its end appended again: everybody who
    writes has it open for appending, so all go on behind. What is written between the last reading and the
    truncation is lost with the middle. Punching a hole instead would lose nothing, but leave a file of any apparent size,
    full of zeros, and isn't there on every file system.
    """
    size = os.fstat(fd).st_size
    if size <= limit:
        return 0
    head, keep = limit // 4, limit // 2
    end = _read_at(fd, size - keep, keep)
    # Whoever writes goes on meanwhile: what came since is kept, but for what comes in the very moment of the cut.
    while (now := os.fstat(fd).st_size) > size:
        end += _read_at(fd, size, now - size)
        size = now
    end = end[end.find(b"\n", 0, 4096) + 1 :]
    cut = size - head - len(end)
    os.ftruncate(fd, head)
    _write(fd, b"\n[gt: %d bytes of output are left out here]\n" % cut + end)
    return cut


def tail(log: Path, limit: int) -> str:
    """The last limit bytes of a log as text, from the start of a line on when it is cut; "" if there is no log.

    Bytes that aren't UTF-8 are replaced. Control characters stay: who shows them to a terminal makes them harmless.
    """
    try:
        fd = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        size = os.fstat(fd).st_size
        start = max(0, size - limit)
        data = _read_at(fd, start, min(size, limit))
    finally:
        os.close(fd)
    if start and (line := data.find(b"\n")) >= 0 and line + 1 < len(data):
        data = data[line + 1 :]
    elif start:
        # One long line: at least don't begin inside a character.
        data = data[next((i for i, byte in enumerate(data[:4]) if byte & 0xC0 != 0x80), 0) :]
    return data.decode("utf-8", "replace")


def _read_at(fd: int, offset: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0:
        part = os.pread(fd, min(count, _BLOCK), offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
        count -= len(part)
    return b"".join(parts)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
