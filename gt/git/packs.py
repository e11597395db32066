"""Packed objects, read by dulwich; imported only once an object isn't loose."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from dulwich.object_format import get_object_format
from dulwich.object_store import BaseObjectStore, DiskObjectStore
from dulwich.objects import ObjectID

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
