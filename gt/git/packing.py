"""Many objects written as one pack: two files to sync, where loose they would be thousands.

The pack is made here, whole objects without deltas; git itself checks it, indexes it and puts it in place.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable

from gt.git import durable
from gt.git.repo import Repo
from gt.git.run import git

KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}

SYNC = ("-c", "core.fsync=pack,pack-metadata", "-c", "core.fsyncMethod=fsync")
"""Config under which git syncs what it writes, whatever the user's says."""


def store(repo: Repo, objects: Iterable[tuple[str, bytes]]) -> None:
    """Write (kind, content) objects, each once; all are durable when this returns.

    A crash leaves at most a `tmp_pack_` file, which git prune sweeps up, or a pack that nothing refers to yet.
    """
    git(repo, *SYNC, "index-pack", "--stdin", stdin=_pack(repo.object_format, tuple(objects)))
    durable.sync_dir(repo.common_dir / "objects" / "pack")


def _pack(object_format: str, objects: tuple[tuple[str, bytes], ...]) -> bytes:
    """The pack's bytes, as gitformat-pack tells: a header, the entries, a digest of all before it."""
    parts = [b"PACK\0\0\0\2", len(objects).to_bytes(4, "big")]
    for kind, data in objects:
        parts.append(_head(KINDS[kind], len(data)))
        parts.append(zlib.compress(data, 1))
    body = b"".join(parts)
    return body + hashlib.new(object_format, body, usedforsecurity=False).digest()


def _head(kind: int, size: int) -> bytes:
    """Kind and size of an entry: four bits of the size beside the kind, then seven a byte, lowest first."""
    head = bytearray()
    byte = kind << 4 | size & 15
    size >>= 4
    while size:
        head.append(byte | 128)
        byte = size & 127
        size >>= 7
    head.append(byte)
    return bytes(head)
