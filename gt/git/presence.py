"""Whether objects are there: by the names of files and the indexes of packs, without dulwich.

Cheap enough to be asked of dozens of objects after every write.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from gt.git.folders import object_folders
from gt.git.repo import Repo

INDEX = b"\xfftOc\0\0\0\2"
"""How the index of a pack begins, of the version that git has written since 2007."""

NAMES = 8 + 4 * 256
"""Where the sorted names begin in it, after the count of those up to each first byte."""


def absent(repo: Repo, oids: Iterable[str]) -> tuple[str, ...]:
    """Those of these objects that aren't in the repository, nor where it borrows from."""
    places = tuple(map(os.fspath, object_folders(repo)))
    left = [oid for oid in dict.fromkeys(oids) if not _is_loose(places, oid)]
    if left:
        left = _unpacked(places, left)
        # Once more: a gc that unpacks an object writes it loose before it removes the pack.
        left = [oid for oid in left if not _is_loose(places, oid)]
    return _unknown(repo, left) if left else ()


def _is_loose(places: tuple[str, ...], oid: str) -> bool:
    for folder in places:
        try:
            # A power cut may have left it empty.
            if os.stat(f"{folder}/{oid[:2]}/{oid[2:]}").st_size:
                return True
        except OSError:
            continue
    return False


def _unpacked(places: tuple[str, ...], oids: list[str]) -> list[str]:
    with ExitStack() as stack:
        packs = [_opened(path, stack) for folder in places for path in _indexes(folder)]
        return [oid for oid in oids if not any(bytes.fromhex(oid) in pack for pack in packs if pack)]


def _indexes(folder: str) -> Iterator[str]:
    try:
        names = {entry.name: entry.path for entry in os.scandir(f"{folder}/pack")}
    except OSError:
        return
    for name, path in names.items():
        if name.endswith(".idx") and f"{name.removesuffix('.idx')}.pack" in names:
            yield path


def _opened(path: str, stack: ExitStack) -> _Names | None:
    """The names in a pack; None if it went away, or is written in another way."""
    try:
        with open(path, "rb") as file:
            data = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):
        return None
    return _Names(data) if data[:8] == INDEX and len(data) > NAMES else None


class _Names:
    """The sorted names in the index of a pack."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data

    def __contains__(self, name: bytes) -> bool:
        data, width, first = self._data, len(name), name[0]
        low = int.from_bytes(data[4 + 4 * first : 8 + 4 * first]) if first else 0
        high = int.from_bytes(data[8 + 4 * first : 12 + 4 * first])
        while low < high:
            middle = (low + high) // 2
            at = NAMES + middle * width
            found = data[at : at + width]
            if found == name:
                return True
            if found < name:
                low = middle + 1
            else:
                high = middle
        return False


def _unknown(repo: Repo, oids: list[str]) -> tuple[str, ...]:
    """Those that git doesn't find either: it has the last word."""
    from gt.git.run import git

    asked = "".join(f"{oid}\n" for oid in oids).encode()
    # Nothing of this is for a partial clone to fetch: gt made it.
    env = {"GIT_NO_LAZY_FETCH": "1"}
    lines = git(repo, "cat-file", "--batch-check", stdin=asked, env=env).lines
    return tuple(oid for oid, line in zip(oids, lines, strict=True) if line.endswith(" missing"))
