"""The journal: the objects that gt wrote last, kept where no git looks.

A git that prunes without a period of grace (`git gc --prune=now`) may remove an object that was written after it
had looked at the refs, though a ref names it by then. What it took is found again here; see `mending`.

A ring of segments, appended to under a lock of the newest one's. A record is a mark, a length, a checksum and the
objects: what a crash cut short is passed over.
"""

from __future__ import annotations

import os
import random
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Busy
from gt.git import durable
from gt.git.loose import Deflated
from gt.git.repo import Repo
from gt.lock import lock_now

MARK = b"\xab\x9cgt-journal-1\n"
"""Begins each record; the checksum settles whether it was one, and not the content of an object."""

SEGMENT = 1 << 20
"""Bytes from which on the next segment is begun: some 250 commits of a ledger."""

SEGMENTS = 16
"""How many there are at most, unless a single record is larger than a segment."""

TAIL = 1 << 16
"""Bytes at the end of the newest segment in which a writer looks after its neighbours: some 16 commits."""

PATIENCE = 30.0
"""Seconds to wait for another process that appends, which takes one some milliseconds."""

PAUSE = (0.001, 0.004)
"""Seconds between two tries for the lock, drawn evenly."""


@dataclass(frozen=True, slots=True)
class Record:
    """The objects of one flush, in the order they were added: a commit comes last."""

    objects: tuple[Deflated, ...]


def append(repo: Repo, objects: Sequence[Deflated], drop: Callable[[], object]) -> None:
    """Write a record, durably; `drop` is called before the oldest records are forgotten, and may raise.

    Raises Busy when another process keeps the journal for itself.
    """
    fd = _locked(repo, drop)
    try:
        durable.write_all(fd, _format(objects))
        os.fsync(fd)
    finally:
        os.close(fd)


def records(repo: Repo) -> Iterator[Record]:
    """All that is kept, latest first."""
    for number in sorted(_numbers(repo), reverse=True):
        with suppress(FileNotFoundError):
            yield from reversed(tuple(_parse(_place(repo, number).read_bytes())))


def tail(repo: Repo) -> Iterator[Record]:
    """The last few records."""
    newest = max(_numbers(repo), default=None)
    if newest is None:
        return
    try:
        with open(_place(repo, newest), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            data = file.read()
    except FileNotFoundError:
        return
    yield from _parse(data)


def segments(repo: Repo) -> tuple[Path, ...]:
    """The files of the ring, oldest first; only the last is ever appended to."""
    return tuple(_place(repo, number) for number in sorted(_numbers(repo)))


def state(repo: Repo) -> tuple[tuple[str, int], ...]:
    """What tells whether anything was added: the names of the segments, with their sizes in bytes."""
    try:
        return tuple(sorted((entry.name, entry.stat().st_size) for entry in os.scandir(_folder(repo))))
    except FileNotFoundError:
        return ()


def _locked(repo: Repo, drop: Callable[[], object]) -> int:
    """The newest segment, with room in it, open and ours until it is closed."""
    deadline = time.monotonic() + PATIENCE
    while True:
        newest = max(_numbers(repo), default=0)
        if newest == 0:
            _begin(repo, 1)
            continue
        with suppress(FileNotFoundError):
            fd = os.open(_place(repo, newest), os.O_RDWR | os.O_APPEND | durable.BINARY)
            try:
                ours = lock_now(fd)
                if ours and os.fstat(fd).st_size < SEGMENT and newest == max(_numbers(repo), default=0):
                    return fd
                if ours and newest == max(_numbers(repo), default=0):
                    _turn(repo, newest, drop)
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)
            if not ours:
                _wait(repo, newest, deadline)


def _turn(repo: Repo, newest: int, drop: Callable[[], object]) -> None:
    """Begin the next segment, and drop the oldest."""
    oldest = sorted(_numbers(repo))[: 1 - SEGMENTS]
    if oldest:
        drop()
    for number in oldest:
        os.unlink(_place(repo, number))
    _begin(repo, newest + 1)


def _begin(repo: Repo, number: int) -> None:
    path = _place(repo, number)
    durable.make_dir(repo, path.parent)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | durable.BINARY, 0o666)
    except FileExistsError:
        return
    try:
        durable.share(repo, fd, writable=True)
    finally:
        os.close(fd)
    durable.sync_dir(path.parent)


def _wait(repo: Repo, newest: int, deadline: float) -> None:
    if time.monotonic() >= deadline:
        from gt.lock import holders, process_hint

        path = _place(repo, newest)
        raise Busy(f"{path} is held by another gt", hint=process_hint(holders(path)))
    time.sleep(random.uniform(*PAUSE))


def _format(objects: Sequence[Deflated]) -> bytes:
    body = b"".join(
        b"%s %s %d\n%s" % (each.oid.encode(), each.kind.encode(), len(each.data), each.data)
        for each in objects
    )
    return b"%s%08x%08x%s" % (MARK, len(body), zlib.crc32(body), body)


def _parse(data: bytes) -> Iterator[Record]:
    at = data.find(MARK)
    while at >= 0:
        start = at + len(MARK) + 16
        try:
            size, checksum = int(data[start - 16 : start - 8], 16), int(data[start - 8 : start], 16)
        except ValueError:
            size, checksum = 0, -1
        end = start + size
        if end <= len(data) and zlib.crc32(memoryview(data)[start:end]) == checksum:
            yield Record(tuple(_objects(data, start, end)))
            at = data.find(MARK, end)
        else:
            at = data.find(MARK, at + 1)


def _objects(data: bytes, at: int, end: int) -> Iterator[Deflated]:
    while at < end:
        line = data.index(b"\n", at)
        oid, kind, size = data[at:line].decode("ascii").split(" ")
        at = line + 1 + int(size)
        yield Deflated(oid, kind, data[line + 1 : at])


def _folder(repo: Repo) -> Path:
    return repo.gt_dir / "journal"


def _place(repo: Repo, number: int) -> Path:
    return _folder(repo) / f"{number}.log"


def _numbers(repo: Repo) -> tuple[int, ...]:
    try:
        names = os.listdir(_folder(repo))
    except FileNotFoundError:
        return ()
    stems = (name.removesuffix(".log") for name in names if name.endswith(".log"))
    return tuple(int(stem) for stem in stems if stem.isdecimal())
