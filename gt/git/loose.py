"""Loose objects: one zlib file each, written durably and read without a process.

Git reads them as its own; unlike dulwich's writer this one syncs, needs no lock file that a crash could
leave behind for ever, and shrugs when another process writes the same object or removes its directory.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gt.errors import Malformed
from gt.git import durable
from gt.git.repo import Repo

HEADER = 64
"""Bytes that hold any object's header, which is `kind`, a blank, its size in decimal and a NUL."""

ATTEMPTS = 100
"""How often a fan-out directory that git gc removes under our hands is made again."""


def name_of(repo: Repo, kind: str, data: bytes) -> str:
    """The id of an object."""
    digest = hashlib.new(repo.object_format, usedforsecurity=False)
    digest.update(b"%s %d\0" % (kind.encode(), len(data)))
    digest.update(data)
    return digest.hexdigest()


def path_in(folder: Path, oid: str) -> Path:
    """Where the object is, or would be, in an object directory."""
    return folder / oid[:2] / oid[2:]


def load(folder: Path, oid: str) -> tuple[str, bytes] | None:
    """Kind and content of an object; None if it isn't there. Raises Malformed if it is damaged."""
    try:
        packed = path_in(folder, oid).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        header, _, data = zlib.decompress(packed).partition(b"\0")
        kind, size = _header(header)
    except (zlib.error, ValueError):
        raise Malformed(oid, "is damaged", hint="git fsck") from None
    if size != len(data):
        raise Malformed(oid, "is cut short", hint="git fsck")
    return kind, data


def size(folder: Path, oid: str) -> int | None:
    """An object's size in bytes, from its header alone; None if it isn't there."""
    try:
        with open(path_in(folder, oid), "rb") as file:
            start = file.read(2 * HEADER)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return _header(zlib.decompressobj().decompress(start, HEADER).partition(b"\0")[0])[1]
    except (zlib.error, ValueError):
        raise Malformed(oid, "is damaged", hint="git fsck") from None


def store(repo: Repo, folder: Path, objects: Iterable[tuple[str, str, bytes]]) -> None:
    """Write (id, kind, content) objects; all are durable when this returns."""
    written = [
        (oid, _write(repo, folder, oid, kind, data))
        for oid, kind, data in objects
        if not _freshen(folder, oid)
    ]
    for oid, temporary in written:
        _publish(repo, folder, oid, temporary)
    for place in {path_in(folder, oid).parent for oid, _ in written}:
        with suppress(FileNotFoundError):  # git packed what was in it
            durable.sync_dir(place)


def _header(header: bytes) -> tuple[str, int]:
    kind, _, size = header.partition(b" ")
    return kind.decode("ascii"), int(size)


def _freshen(folder: Path, oid: str) -> bool:
    """Whether the object is there already; its new time keeps a pruning git from removing it."""
    try:
        os.utime(path_in(folder, oid))
    except OSError:
        return False
    # A power cut may have left it empty: then it is written again.
    return os.path.getsize(path_in(folder, oid)) > 0


def _write(repo: Repo, folder: Path, oid: str, kind: str, data: bytes) -> Path:
    """The object in a temporary file of the object directory, on disk."""
    # `tmp_obj_` is what git prune sweeps up after a crash.
    temporary = folder / f"tmp_obj_{oid[:12]}{os.urandom(6).hex()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    try:
        durable.share(repo, fd, writable=False)
        durable.write_all(fd, zlib.compress(b"%s %d\0" % (kind.encode(), len(data)) + data, 1))
        os.fsync(fd)
    except BaseException:
        os.unlink(temporary)
        raise
    finally:
        os.close(fd)
    return temporary


def _publish(repo: Repo, folder: Path, oid: str, temporary: Path) -> None:
    target = path_in(folder, oid)
    for _ in range(ATTEMPTS):
        try:
            os.replace(temporary, target)
        except FileNotFoundError:
            durable.make_dir(repo, target.parent)
        else:
            return
    raise FileNotFoundError(target)
