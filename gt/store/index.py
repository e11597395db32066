"""The index: what a ledger commit says, in sqlite, so that a read needs neither git's objects nor YAML.

It lies in the common git directory and may be deleted at any time. Nothing here is the truth: it is used only
while the commit that it names is the one asked for, and every failure ends in a fresh one, on disk or in memory.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gt.git.repo import Repo

if TYPE_CHECKING:
    from gt.store.fill import Progress

FORMAT = 2
"""Kept in the file's user_version; any other is thrown away."""

PATIENCE = 30.0
"""Seconds to wait for another process that is writing the index."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE tree (path TEXT PRIMARY KEY, oid TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file (path TEXT PRIMARY KEY, oid TEXT NOT NULL, doc TEXT, error TEXT) WITHOUT ROWID;
CREATE TABLE bead (
    path TEXT PRIMARY KEY, oid TEXT NOT NULL, id TEXT, error TEXT, phase TEXT, met INTEGER, priority INTEGER,
    created INTEGER, title TEXT, type TEXT, agent TEXT, base TEXT, parent TEXT, defer INTEGER, wake INTEGER,
    hold INTEGER, acted INTEGER, agents TEXT, doc TEXT);
CREATE TABLE edge (dst TEXT, kind TEXT, src TEXT, PRIMARY KEY (dst, kind, src)) WITHOUT ROWID;
CREATE TABLE label (src TEXT, label TEXT, PRIMARY KEY (src, label)) WITHOUT ROWID;
"""

SEARCHES = """
CREATE INDEX bead_id ON bead (id, met);
CREATE INDEX bead_phase ON bead (phase);
CREATE INDEX bead_open ON bead (priority, created, id) WHERE phase = 'open';
CREATE INDEX bead_parent ON bead (parent) WHERE parent IS NOT NULL;
CREATE INDEX bead_acted ON bead (acted, agents) WHERE acted IS NOT NULL;
CREATE INDEX bead_error ON bead (path) WHERE error IS NOT NULL;
CREATE INDEX edge_src ON edge (src, kind, dst);
"""


class Unusable(Exception):
    """No index on disk can serve: its place can't be written, or others kept it busy."""


class Index:
    """One connection. While pinned, it answers for the one commit that `tip` names."""

    db: sqlite3.Connection

    def __init__(self, place: str | Path) -> None:
        self.db = sqlite3.connect(place, timeout=PATIENCE, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        self.db.close()

    def __del__(self) -> None:
        if hasattr(self, "db"):  # not where connecting failed
            self.close()

    def tip(self) -> str | None:
        """The commit it speaks of, None while it speaks of none."""
        if self.db.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
            return None
        row = self.db.execute("SELECT value FROM meta WHERE key = 'tip'").fetchone()
        return str(row[0]) if row else None

    def pin(self) -> str | None:
        """Hold on to what it says now, whatever other processes write; returns its tip."""
        self.unpin()
        self.db.execute("BEGIN")
        return self.tip()

    def unpin(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def bring_to(self, repo: Repo, wanted: Callable[[], str], progress: Progress | None = None) -> str:
        """Pin it at the wanted commit, which is asked for again once no one else writes; returns that commit."""
        for _ in range(20):
            if self.pin() == wanted():
                return wanted()
            self.unpin()
            self._refresh(repo, wanted, progress)
        raise Unusable("the ledger moved at every look")

    def _refresh(self, repo: Repo, wanted: Callable[[], str], progress: Progress | None) -> None:
        from gt.git.objects import Objects
        from gt.store.fill import fill

        self.db.execute("PRAGMA journal_mode = WAL")
        # Losing what was written last costs a rebuild; but what a power cut leaves must be whole, not a mixture.
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("BEGIN IMMEDIATE")
        try:
            tip = wanted()
            if self.tip() != tip:
                fresh = self._make_tables()
                with Objects(repo) as odb:
                    fill(self.db, odb, tip, progress)
                if fresh:
                    self._run(SEARCHES)
            self.db.execute("COMMIT")
        except BaseException:
            self.unpin()
            raise

    def _make_tables(self) -> bool:
        """Whether there were none yet: then the caller makes the indexes, once the tables are full."""
        if self.db.execute("PRAGMA user_version").fetchone()[0] == FORMAT:
            return False
        for (name,) in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            self.db.execute(f'DROP TABLE "{name}"')
        self._run(TABLES)
        self.db.execute(f"PRAGMA user_version = {FORMAT}")
        return True

    def _run(self, statements: str) -> None:
        for statement in statements.split(";\n"):
            self.db.execute(statement)


def open_at(repo: Repo, wanted: Callable[[], str], progress: Progress | None = None) -> tuple[Index, str]:
    """An index pinned at the wanted commit, and that commit; the one on disk if it can be had, else one in memory."""
    try:
        return _on_disk(repo, wanted, progress)
    except (sqlite3.Error, OSError, Unusable):
        return in_memory(repo, wanted(), progress)


def renew(repo: Repo, wanted: Callable[[], str]) -> None:
    """Make the index on disk again, under the next name, and remove the one that was in use."""
    os.makedirs(repo.gt_dir, exist_ok=True)
    generation = newest(repo.gt_dir) + 1
    index = Index(place(repo.gt_dir, generation))
    try:
        index.bring_to(repo, wanted)
    finally:
        index.close()
    _retire(repo.gt_dir, generation)


def mend(repo: Repo, tip: str) -> Index:
    """An index of this commit in place of one that turned out to be broken while it was read."""
    return in_memory(repo, tip)[0]


def in_memory(repo: Repo, tip: str, progress: Progress | None = None) -> tuple[Index, str]:
    """An index of this commit that no other process sees."""
    index = Index(":memory:")
    return index, index.bring_to(repo, lambda: tip, progress)


def _on_disk(repo: Repo, wanted: Callable[[], str], progress: Progress | None) -> tuple[Index, str]:
    for number in (newest(repo.gt_dir), None):
        os.makedirs(repo.gt_dir, exist_ok=True)
        generation = newest(repo.gt_dir) + 1 if number is None else number
        index = Index(place(repo.gt_dir, generation))
        try:
            tip = index.bring_to(repo, wanted, progress)
        except sqlite3.DatabaseError as error:
            index.close()
            if number is None or is_elsewhere(error):
                raise
        except BaseException:
            index.close()
            raise
        else:
            if number is None:
                _retire(repo.gt_dir, generation)
            return index, tip
    raise Unusable("no index on disk")


def is_elsewhere(error: sqlite3.DatabaseError) -> bool:
    """Whether the trouble is around the file (busy, read-only, full), not in it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
    )


# A broken index is never deleted in place and made again under its name: a process that still has the old file
# open would then share a write-ahead log with the new one. The next one gets the next name.


def place(gt_dir: Path, generation: int) -> Path:
    """Where an index lies: index.db, and after each broken one index-1.db, index-2.db."""
    return gt_dir / (f"index-{generation}.db" if generation else "index.db")


def newest(gt_dir: Path) -> int:
    """The number of the index in use."""
    try:
        names = os.listdir(gt_dir)
    except FileNotFoundError:
        return 0
    numbers = [name[6:-3] for name in names if name.startswith("index-") and name.endswith(".db")]
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def retired(gt_dir: Path) -> tuple[Path, ...]:
    """The files of indexes that another has taken the place of."""
    current = newest(gt_dir)
    found = []
    for path in sorted(gt_dir.glob("index*.db*")):
        stem, dot, _ = path.name.partition(".db")
        number = stem.removeprefix("index").removeprefix("-") or "0"
        if dot and number.isdecimal() and int(number) < current:
            found.append(path)
    return tuple(found)


def _retire(gt_dir: Path, current: int) -> None:
    for generation in range(max(0, current - 5), current):
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{place(gt_dir, generation)}{suffix}")
