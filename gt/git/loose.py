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
from typing import NamedTuple

from gt.errors import Malformed
from gt.git import durable
from gt.git.repo import Repo

HEADER = 64
"""Bytes that hold any object's header, which is `kind`, a blank, its size in decimal and a NUL."""

ATTEMPTS = 100
"""How often a directory or a file that git gc removes under our hands is made again."""


class Deflated(NamedTuple):
    """An object as its file holds it."""

    oid: str
    kind: str
    data: bytes


def name_of(repo: Repo, kind: str, data: bytes) -> str:
    """The id of an object."""
    digest = hashlib.new(repo.object_format, usedforsecurity=False)
    digest.update(b"%s %d\0" % (kind.encode(), len(data)))
    digest.update(data)
    return digest.hexdigest()


def path_in(folder: Path, oid: str) -> Path:
    """Where the object is, or would be, in an object directory."""
    return folder / oid[:2] / oid[2:]


def is_there(folder: Path, oid: str) -> bool:
    """Whether an object directory has it as a file."""
    return os.path.isfile(f"{folder}/{oid[:2]}/{oid[2:]}")


def load(folder: Path, oid: str) -> tuple[str, bytes] | None:
    """Kind and content of an object; None if it isn't there. Raises Malformed if it is damaged."""
    try:
        # Read as often as anything here: its path is not put together by parts.
        with open(f"{folder}/{oid[:2]}/{oid[2:]}", "rb") as file:
            packed = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return inflate(oid, packed)


def inflate(oid: str, packed: bytes) -> tuple[str, bytes]:
    """Kind and content of what a file holds. Raises Malformed if it is damaged."""
    try:
        header, _, data = zlib.decompress(packed).partition(b"\0")
        kind, size = _header(header)
    except (zlib.error, ValueError):
        raise Malformed(oid, "is damaged", hint="git fsck") from None
    if size != len(data):
        raise Malformed(oid, "is cut short", hint="git fsck")
    return kind, data


def deflate(oid: str, kind: str, data: bytes) -> Deflated:
    """An object as a file would hold it."""
    return Deflated(oid, kind, zlib.compress(b"%s %d\0" % (kind.encode(), len(data)) + data, 1))


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


def store(repo: Repo, folder: Path, objects: Iterable[Deflated]) -> None:
    """Write objects; all are durable when this returns."""
    written = [(each, _write(repo, folder, each)) for each in objects if not _freshen(folder, each.oid)]
    for each, temporary in written:
        _publish(repo, folder, each, temporary)
    for place in {path_in(folder, each.oid).parent for each, _ in written}:
        with suppress(FileNotFoundError):  # git packed what was in it
            durable.sync_dir(place)


def _header(header: bytes) -> tuple[str, int]:
    kind, _, size = header.partition(b" ")
    return kind.decode("ascii"), int(size)


def _freshen(folder: Path, oid: str) -> bool:
    """Whether the object is there already; its new time keeps a pruning git from removing it."""
    try:
        os.utime(path_in(folder, oid))
        # A power cut may have left it empty: then it is written again.
        return os.path.getsize(path_in(folder, oid)) > 0
    except OSError:
        return False


def _write(repo: Repo, folder: Path, wanted: Deflated) -> Path:
    """The object in a temporary file of the object directory, on disk."""
    # `tmp_obj_` is what git prune sweeps up after a crash.
    temporary = folder / f"tmp_obj_{wanted.oid[:12]}{os.urandom(6).hex()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | durable.BINARY, 0o444)
    try:
        durable.share(repo, fd, writable=False)
        durable.write_all(fd, wanted.data)
        os.fsync(fd)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    finally:
        os.close(fd)
    return temporary


def _publish(repo: Repo, folder: Path, wanted: Deflated, temporary: Path) -> None:
    target = path_in(folder, wanted.oid)
    for _ in range(ATTEMPTS):
        try:
            os.replace(temporary, target)
        except FileNotFoundError:
            # A pruning git takes the directory while it is empty, and temporary files that it thinks forgotten.
            durable.make_dir(repo, target.parent)
            if not temporary.exists():
                temporary = _write(repo, folder, wanted)
        else:
            return
    raise FileNotFoundError(target)
