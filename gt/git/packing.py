"""Many objects written as one pack: two files to sync, where loose they would be thousands.

The pack is made here, whole objects without deltas; git itself checks it, indexes it and puts it in place.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gt.git import durable
from gt.git.repo import Repo
from gt.git.run import GitFailed, git

KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}

SYNC = ("-c", "core.fsync=pack,pack-metadata", "-c", "core.fsyncMethod=fsync")
"""Config under which git syncs what it writes, whatever the user's says."""


ATTEMPTS = 20
"""How often a pack is written again that vanished under git's hands."""

WHY = "gt: until a ref leads to it"
"""What the `.keep` file of such a pack says."""


def store(repo: Repo, objects: Iterable[tuple[str, bytes]]) -> Path:
    """Write (kind, content) objects, each once; all are durable when this returns.

    The file that is returned keeps a git that packs or prunes away from them, until it is removed. A crash leaves at
    most a `tmp_pack_` file, which git prune sweeps up, or such a kept pack; see `abandoned`.
    """
    folder = repo.common_dir / "objects" / "pack"
    data = _pack(repo.object_format, tuple(objects))
    for left in reversed(range(ATTEMPTS)):
        try:
            said = git(repo, *SYNC, "index-pack", "--stdin", f"--keep={WHY}", stdin=data).text
        except GitFailed as error:
            # Another git that prunes takes what it thinks forgotten, also while it is written.
            if not left or "No such file" not in error.stderr:
                raise
        else:
            break
    durable.sync_dir(folder)
    return folder / f"pack-{said.rpartition(chr(9))[2]}.keep"


def abandoned(repo: Repo, before: int) -> tuple[Path, ...]:
    """The files that keep a pack for a gt that died before that time, in seconds since the epoch."""
    found = []
    for path in sorted((repo.common_dir / "objects" / "pack").glob("*.keep")):
        with suppress(OSError):
            if path.stat().st_mtime <= before and path.read_text("utf-8", "replace").strip() == WHY:
                found.append(path)
    return tuple(found)


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
