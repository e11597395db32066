"""Bringing an index to a commit: descend where a tree changed, read the files that changed, replace their rows.

Knows the layout of the branch and the tables; whoever calls holds the write transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from gt.core import ids
from gt.core.bead import Bead, CloseReason, Phase
from gt.core.schema import bead_from, page_from
from gt.errors import GtError, Malformed
from gt.git.objects import Entry, Objects
from gt.store import codec
from gt.store.layout import (
    FILE,
    FOLDER,
    MAX_COMMIT,
    MAX_TREE,
    META,
    STATE,
    check_file,
    check_page,
    same_id,
    spoken,
)

Progress = Callable[[int, int], None]
"""Told how many files of how many have been read, while an index is built."""

BATCH = 4
"""From so many blobs on they are read by one `git cat-file --batch`: the size of a packed one takes a process."""

_write_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

INSERT_BEAD = f"INSERT INTO bead VALUES ({', '.join('?' * 19)})"  # noqa: S608  (no value is in it)


def fill(db: sqlite3.Connection, odb: Objects, tip: str, progress: Progress | None = None) -> None:
    """Make the tables say what the commit says. Bad files become rows with an error."""
    changes = _Changes(db, odb)
    changes.root(odb.commit(tip, MAX_COMMIT).tree)
    changes.read(progress)
    db.execute("INSERT OR REPLACE INTO meta VALUES ('tip', ?)", (tip,))


class _Changes:
    """What differs between the tables and a tree."""

    def __init__(self, db: sqlite3.Connection, odb: Objects) -> None:
        self.db = db
        self.odb = odb
        self.trees: dict[str, str] = dict(db.execute("SELECT path, oid FROM tree"))
        self.fresh = not self.trees
        self.wanted: dict[str, list[str]] = {}
        """Paths to read, by blob."""

    def root(self, oid: str) -> None:
        if not self.moved("", oid):
            return
        entries = {entry.name: entry for entry in self.odb.tree(oid, MAX_TREE)}
        for name in (META, STATE):
            self.files("", (entries[name],) if name in entries else (), (name, name + "\0"))
        if "beads" in entries:
            self.level("beads", entries["beads"], 2)
        else:
            self.drop("beads")
        if "pages" in entries:
            self.pages(entries["pages"])
        else:
            self.drop("pages")

    def moved(self, path: str, oid: str) -> bool:
        if self.trees.get(path) == oid:
            return False
        self.db.execute("INSERT OR REPLACE INTO tree VALUES (?, ?)", (path, oid))
        return True

    def drop(self, path: str) -> None:
        """Forget a path and all below it."""
        below = (path, path + "/", path + "0")
        self.db.execute("DELETE FROM tree WHERE path = ? OR path > ? AND path < ?", below)
        self.db.execute("DELETE FROM file WHERE path = ? OR path > ? AND path < ?", below)
        gone = self.db.execute(
            "SELECT path FROM bead WHERE path = ? OR path > ? AND path < ?", below
        ).fetchall()
        for (each,) in gone:
            self.forget(each)

    def forget(self, path: str) -> None:
        bead = path.rpartition("/")[2].removesuffix(".yaml")
        self.db.execute("DELETE FROM edge WHERE src = ?", (bead,))
        self.db.execute("DELETE FROM label WHERE src = ?", (bead,))
        self.db.execute("DELETE FROM bead WHERE path = ?", (path,))

    def level(self, path: str, folder: Entry, depth: int) -> None:
        """One level of the shards; at depth 0 the Beads themselves."""
        if folder.mode != FOLDER:
            self.drop(path)
            self.misplaced(path, folder)
            return
        if not self.moved(path, folder.oid):
            return
        entries = self.entries(path, folder)
        if entries is None:
            return
        if not self.fresh:
            self.db.execute(
                "DELETE FROM bead WHERE path = ?", (path,)
            )  # it may not have been a folder before
        if depth == 0:
            self.leaves(path, entries)
            return
        below = {}
        for entry in entries:
            inner = f"{path}/{spoken(entry.name)}"
            below[inner] = entry
            if len(entry.name) == 1 and entry.name in ids.ALPHABET:
                self.level(inner, entry, depth - 1)
            else:
                self.drop(inner)
                self.misplaced(inner, entry)
        if not self.fresh:
            self.prune(path, below)

    def prune(self, path: str, below: dict[str, Entry]) -> None:
        """Drop what an inner folder no longer has: shards, and what stood where no Bead belongs."""
        known = {inner for letter in ids.ALPHABET if (inner := f"{path}/{letter}") in self.trees}
        sql = "SELECT path FROM bead WHERE error IS NOT NULL AND path > ? AND path < ?"
        depth = path.count("/") + 1
        known.update(p for (p,) in self.db.execute(sql, (path + "/", path + "0")) if p.count("/") == depth)
        for gone in known - below.keys():
            self.drop(gone)

    def leaves(self, path: str, entries: tuple[Entry, ...]) -> None:
        known: dict[str, str] = {}
        if not self.fresh:
            known = dict(
                self.db.execute(
                    "SELECT path, oid FROM bead WHERE path > ? AND path < ?", (path + "/", path + "0")
                )
            )
        for entry in entries:
            inner = f"{path}/{spoken(entry.name)}"
            if known.pop(inner, None) == entry.oid and entry.mode == FILE:
                continue
            bead = entry.name.removesuffix(".yaml")
            if entry.mode != FOLDER and ids.is_id(bead) and ids.bead_path(bead) == inner:
                try:
                    check_file(inner, entry.mode)
                except Malformed as error:
                    self.bad(inner, entry.oid, error.why, bead)
                else:
                    self.wanted.setdefault(entry.oid, []).append(inner)
            else:
                self.misplaced(inner, entry)
        for gone in known:
            self.forget(gone)

    def pages(self, folder: Entry) -> None:
        if folder.mode != FOLDER:
            self.drop("pages")
            self.misplaced("pages", folder)
        elif self.moved("pages", folder.oid):
            entries = self.entries("pages", folder)
            if entries is not None:
                self.db.execute("DELETE FROM bead WHERE path = 'pages'")
                self.files("pages/", entries, ("pages/", "pages0"))

    def files(self, prefix: str, entries: tuple[Entry, ...], scope: tuple[str, str]) -> None:
        """Plain files outside the shards: read one by one, for they are few."""
        known = dict(self.db.execute("SELECT path, oid FROM file WHERE path >= ? AND path < ?", scope))
        for entry in entries:
            path = prefix + spoken(entry.name)
            if known.pop(path, None) == entry.oid:
                continue
            doc = error = None
            try:
                check_file(path, entry.mode)
                codec.check_size(self.odb.size(entry.oid), path)
                data = codec.load(self.odb.blob(entry.oid), path)
                if prefix:
                    check_page(page_from(data, path), path)
                doc = json.dumps(data, ensure_ascii=False)
            except GtError as refused:
                error = refused.why if isinstance(refused, Malformed) else refused.message
            row = (path, entry.oid, doc, error)
            self.db.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", row)
        for path in known:
            self.db.execute("DELETE FROM file WHERE path = ?", (path,))

    def entries(self, path: str, folder: Entry) -> tuple[Entry, ...] | None:
        """What is in a folder. One that can't be read becomes a row with an error: the rest stays usable."""
        try:
            return self.odb.tree(folder.oid, MAX_TREE)
        except Malformed as error:
            self.drop(path)
            self.bad(path, folder.oid, f"is a folder that can't be read: {error.message}", None)
            return None

    def misplaced(self, path: str, entry: Entry) -> None:
        self.bad(path, entry.oid, "is not where a Bead belongs", None)

    def bad(self, path: str, oid: str, why: str, bead: str | None) -> None:
        if not self.fresh:
            self.forget(path)
        row = (path, oid, bead, why)
        self.db.execute("INSERT OR REPLACE INTO bead (path, oid, id, error) VALUES (?, ?, ?, ?)", row)

    def read(self, progress: Progress | None) -> None:
        """Read the wanted blobs and write their rows."""
        beads: list[tuple[Any, ...]] = []
        edges: list[tuple[str, str, str]] = []
        labels: list[tuple[str, str]] = []
        total = sum(map(len, self.wanted.values()))
        done = 0
        for oid, data in self.contents():
            for path in self.wanted[oid]:
                done += 1
                if progress and (done % 500 == 0 or done == total > 500):
                    progress(done, total)
                try:
                    if data is None:
                        raise self.why_not(path, oid)
                    row, bead = _row(path, oid, data)
                except Malformed as error:
                    self.bad(path, oid, error.why, path.rpartition("/")[2].removesuffix(".yaml"))
                    continue
                if not self.fresh:
                    self.forget(path)
                beads.append(row)
                edges += _edges(bead)
                labels += [(bead.id, label) for label in bead.spec.labels]
        self.db.executemany(INSERT_BEAD, beads)
        self.db.executemany("INSERT OR IGNORE INTO edge VALUES (?, ?, ?)", edges)
        self.db.executemany("INSERT OR IGNORE INTO label VALUES (?, ?)", labels)

    def contents(self) -> Iterator[tuple[str, bytes | None]]:
        """The wanted blobs; None stands for one that is too large, or isn't there."""
        if len(self.wanted) >= BATCH:
            yield from self.odb.blobs(self.wanted, codec.MAX_BYTES)
            return
        for oid in self.wanted:
            try:
                yield oid, self.odb.blob(oid) if self.odb.size(oid) <= codec.MAX_BYTES else None
            except GtError:
                yield oid, None

    def why_not(self, path: str, oid: str) -> Malformed:
        try:
            codec.check_size(self.odb.size(oid), path)
        except Malformed as error:
            return error
        except GtError:
            pass
        return Malformed(path, "its content is missing from this clone")


def _row(path: str, oid: str, data: bytes) -> tuple[tuple[Any, ...], Bead]:
    plain = codec.load(data, path)
    bead = same_id(bead_from(plain, path), path)
    spec, status = bead.spec, bead.status
    met = bead.phase is Phase.LANDED or (
        status.closed is not None and status.closed.reason is CloseReason.DONE
    )
    doc = _write_json(plain)
    row = (
        path, oid, bead.id, None, bead.phase.value, met, spec.priority, bead.created.at, spec.title, spec.type,
        spec.agent, spec.base, spec.parent, spec.defer, status.wake, spec.hold, *_acts(bead), doc,
    )  # fmt: skip
    return row, bead


def _acts(bead: Bead) -> tuple[int | None, str | None]:
    """Of a Bead that is over and was attempted: when last an attempt ended or landed, and the agents, a line each."""
    attempts = bead.status.attempts
    if not attempts or not bead.phase.over:
        return None, None
    landed = bead.status.landed
    last, agents = attempts[0].end, attempts[0].agent
    if len(attempts) > 1:
        last = max(attempt.end for attempt in attempts)
        agents = "\n".join(sorted({attempt.agent for attempt in attempts}))
    return max(last, landed.at) if landed else last, f"\n{agents}\n"


def _edges(bead: Bead) -> Iterator[tuple[str, str, str]]:
    for need in bead.spec.needs:
        yield need, "needs", bead.id
    for kind, to in bead.spec.links.items():
        for other in to:
            yield other, f"link:{kind}", bead.id
