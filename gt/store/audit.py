"""Whether the index says what the ledger says, and the ledger says it as gt would write it: by reading everything again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.store import canonical, codec, index
from gt.store.snapshot import Snapshot

TABLES = {"tree": "path", "file": "path", "bead": "path", "edge": "dst, kind, src", "label": "src, label"}
"""The tables that are compared, each with the columns that order it."""

Told = Callable[[int, int], None]


def index_files(repo: Repo) -> tuple[Path, tuple[Path, ...]]:
    """Where the index in use lies, and the files of earlier ones."""
    current = index.place(repo.gt_dir, index.newest(repo.gt_dir))
    names: list[str] = []
    with suppress(FileNotFoundError):
        names = sorted(os.listdir(repo.gt_dir))
    old = [
        repo.gt_dir / n for n in names if n.startswith("index") and n.endswith(".db") and n != current.name
    ]
    return current, tuple(old)


def index_trouble(repo: Repo, tip: str, told: Told | None = None) -> str | None:
    """What is wrong with the index on disk, as a clause; None if it says just what this commit does, or isn't there.

    Makes a second one in memory, from git's objects. An index that lags behind says nothing wrong.
    """
    current, _ = index_files(repo)
    if not current.exists():
        return None
    fresh, _ = index.in_memory(repo, tip, told)
    with closing(fresh):
        try:
            with closing(index.Index(current)) as kept:
                if kept.pin() != tip:
                    return None
                damage = kept.db.execute("PRAGMA integrity_check(1)").fetchone()[0]
                if damage != "ok":
                    return f"is damaged: {damage}"
                return _difference(fresh.db, kept.db)
        except sqlite3.DatabaseError as error:
            return f"can't be read: {error}"


def _difference(fresh: sqlite3.Connection, kept: sqlite3.Connection) -> str | None:
    """The first row in which two indexes differ."""
    for table, order in TABLES.items():
        sql = f"SELECT * FROM {table} ORDER BY {order}"  # noqa: S608  (constants)
        ours, theirs = iter(fresh.execute(sql)), iter(kept.execute(sql))
        while True:
            right, there = next(ours, None), next(theirs, None)
            if right != there:
                row = right or there
                assert row is not None
                return f"doesn't say what the ledger says: in {table}, {row[0] or row[1]}"
            if right is None:
                break
    return None


def uncanonical(repo: Repo, snapshot: Snapshot) -> Iterator[str]:
    """The paths of Beads that can be read, and that gt would write otherwise: somebody edited them."""
    blobs = dict(snapshot.blobs())
    with Objects(repo) as odb:
        for (path, _), (_, data) in zip(
            blobs.items(), odb.blobs(blobs.values(), codec.MAX_BYTES), strict=True
        ):
            try:
                canonical.read((data or b"").decode())
            except (canonical.NotCanonical, UnicodeDecodeError):
                yield path
