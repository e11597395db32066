"""Packed objects, read by dulwich; imported only once an object isn't loose."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from dulwich.object_format import get_object_format
from dulwich.object_store import BaseObjectStore, DiskObjectStore
from dulwich.objects import ObjectID, hex_to_sha
from dulwich.pack import Pack

OFS_DELTA, REF_DELTA = 6, 7
"""What a packed object is besides a kind of its own: its difference from another one."""

KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


class Packs:
    """The packs of some object directories; notices packs that other processes add and remove."""

    def __init__(self, folders: Sequence[Path], object_format: str) -> None:
        self._stores = [_Store(folder, object_format) for folder in folders]

    def load(self, oid: str) -> tuple[str, bytes] | None:
        """Kind and content of an object, None if no pack has it.

        Raises whatever dulwich does on a pack that it can't read; git then has the last word.
        """
        for store in self._stores:
            try:
                number, data = store.get_raw(ObjectID(oid.encode()))
            except KeyError:
                continue
            return KINDS[number], data
        return None

    def has(self, oid: str) -> bool:
        """Whether some pack has it."""
        return any(store.contains_packed(ObjectID(oid.encode())) for store in self._stores)

    def size(self, oid: str) -> int | None:
        """An object's size in bytes, told by the pack before it is inflated; None if no pack has it.

        Raises as `load` does.
        """
        for store in self._stores:
            try:
                return store.size_of(oid)
            except KeyError:
                continue
        return None

    def close(self) -> None:
        """Unmap all packs."""
        for store in self._stores:
            store.close()


class _Store(DiskObjectStore):
    """One object directory, without its alternates: dulwich opens those as sha1, whatever they are."""

    def __init__(self, folder: Path, object_format: str) -> None:
        super().__init__(os.fspath(folder), object_format=get_object_format(object_format))

    @property
    def alternates(self) -> list[BaseObjectStore]:
        return cast("list[BaseObjectStore]", [])

    def size_of(self, oid: str) -> int:
        """The size of a packed object; raises KeyError for one that isn't packed here."""
        sha = hex_to_sha(ObjectID(oid.encode()))
        return self._lookup_in_packs(lambda pack: _size_at(pack, pack.index.object_offset(sha)))


def _size_at(pack: Pack, at: int) -> int:
    """What the object at this offset says of its size. https://git-scm.com/docs/gitformat-pack"""
    data = pack.data._contents  # noqa: SLF001  # its public readers inflate the object
    assert data is not None
    kind, size, shift = data[at] >> 4 & 7, data[at] & 15, 4
    while data[at] & 0x80:
        at += 1
        size |= (data[at] & 0x7F) << shift
        shift += 7
    at += 1
    if kind == OFS_DELTA:
        while data[at] & 0x80:
            at += 1
        at += 1
    elif kind == REF_DELTA:
        at += pack.data.object_format.oid_length
    else:
        return size
    # A difference begins with two sizes: its base's, and the one that is asked for.
    start = zlib.decompressobj().decompress(data[at : at + 64], 20)
    return _number(start, _number(start, 0)[1])[0]


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
