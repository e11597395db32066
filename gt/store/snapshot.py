"""A Snapshot: the ledger at one commit, as values. Reads come from the index; inside an update, from git's objects."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from gt.core import ids
from gt.core.bead import Bead, Phase
from gt.core.schema import bead_from, page_from
from gt.core.state import LedgerMeta, TownState
from gt.errors import Malformed, NotFound
from gt.store.index import Index
from gt.store.layout import META, STATE, not_ours, readable
from gt.store.records import meta_from, state_from

if TYPE_CHECKING:
    from gt.core.page import Page

Row = tuple[Any, ...]

LIVE = tuple(phase for phase in Phase if not phase.over)

_CANDIDATES = """
SELECT path, doc FROM bead AS b INDEXED BY bead_open
WHERE phase = 'open' AND NOT hold AND (defer IS NULL OR defer <= :now) AND (wake IS NULL OR wake <= :now)
  AND NOT EXISTS (
    SELECT 1 FROM edge LEFT JOIN bead AS need ON need.id = edge.dst
    WHERE edge.src = b.id AND edge.kind = 'needs' AND need.met IS NOT 1
      AND edge.dst NOT IN (SELECT value FROM json_each(:landed)))
ORDER BY priority, created, id
"""


class Snapshot:
    """The ledger at `tip`; unchanged by whatever others write while it is open. A context manager.

    `mend` gives another index of the same commit, should this one turn out to be broken.
    """

    def __init__(self, tip: str, index: Index, mend: Callable[[], Index]) -> None:
        self.tip = tip
        self._index = index
        self._mend = mend
        self._objects: Callable[[str], Bead | None] | None = None

    def read_from(self, objects: Callable[[str], Bead | None]) -> None:
        """From now on look single Beads up so: an update reads what it changes from git's objects."""
        self._objects = objects

    def sound(self, path: str) -> str | None:
        """The blob at this path, if it is known to be readable."""
        sql = (
            "SELECT oid FROM bead WHERE path = :path AND error IS NULL"
            " UNION ALL SELECT oid FROM file WHERE path = :path AND error IS NULL"
        )
        return next((str(oid) for (oid,) in self._rows(sql, {"path": path})), None)

    def blobs(self) -> tuple[tuple[str, str], ...]:
        """The path and the blob of every Bead that can be read, by path."""
        sql = "SELECT path, oid FROM bead WHERE error IS NULL ORDER BY path"
        return tuple((path, oid) for path, oid in self._rows(sql))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index; nothing can be read any more."""
        self._index.close()

    def _each(self, sql: str, args: Any = ()) -> Iterator[Row]:
        """Rows as they come; on a broken index, the rest of them from a new one."""
        seen = 0
        try:
            for row in self._index.db.execute(sql, args):
                yield row
                seen += 1
        except sqlite3.ProgrammingError:  # a bug, such as reading on after close()
            raise
        except sqlite3.DatabaseError:
            self._index = self._mend()
            for i, row in enumerate(self._index.db.execute(sql, args)):
                if i >= seen:
                    yield row

    def _rows(self, sql: str, args: Any = ()) -> list[Row]:
        return list(self._each(sql, args))

    def _each_bead(self, where: str, args: Any = ()) -> Iterator[Bead]:
        sql = f"SELECT path, doc FROM bead AS b WHERE error IS NULL AND {where}"  # noqa: S608  (values are bound)
        for path, doc in self._each(sql, args):
            yield _bead(path, doc)

    def _beads(self, where: str, args: Any = ()) -> tuple[Bead, ...]:
        return tuple(self._each_bead(where, args))

    # One Bead

    def find(self, bead: str) -> Bead | None:
        """The Bead of this id, None if there is none. Raises Malformed if it can't be read."""
        if not ids.is_id(bead):
            return None
        if self._objects:
            return self._objects(bead)
        for path, doc, error in self._rows("SELECT path, doc, error FROM bead WHERE id = ?", (bead,)):
            if error:
                raise unreadable(path, error)
            return _bead(path, doc)
        return None

    def get(self, bead: str) -> Bead:
        """The Bead of this id. Raises NotFound, or Malformed if it can't be read."""
        found = self.find(bead)
        if found is None:
            raise NotFound("Bead", bead, hint="gt list --all")
        return found

    def matching(self, start: str) -> tuple[str, ...]:
        """The ids, at most 50, that begin so; unreadable Beads too."""
        sql = "SELECT id FROM bead WHERE id >= ? AND id < ? ORDER BY id LIMIT 50"
        return tuple(row[0] for row in self._rows(sql, (start, start + "\x7f")))

    def resolve(self, abbreviation: str) -> str:
        """The one id that begins so, with or without the town's prefix. Raises NotFound or Ambiguous."""
        return ids.resolve(abbreviation, self.meta().prefix, self.matching)

    # Many Beads; the unreadable ones are in `problems`

    def live(self) -> tuple[Bead, ...]:
        """All Beads that have not ended, by id."""
        return self.in_phase(*LIVE)

    def in_phase(self, *phases: Phase) -> tuple[Bead, ...]:
        """All Beads in one of these phases, by id."""
        return self._beads(f"phase IN ({_marks(phases)}) ORDER BY id", tuple(phases))

    def over_since(self, at: int) -> tuple[Bead, ...]:
        """The Beads that are over and of which an attempt ended, or landed, after that time."""
        return self._beads("acted IS NOT NULL AND acted > ? ORDER BY id", (at,))

    def over_by(self, agent: str) -> Iterator[Bead]:
        """The Beads that are over and that this agent attempted, those with the latest end or landing first."""
        where = "acted IS NOT NULL AND instr(agents, ?) ORDER BY acted DESC"
        return self._each_bead(where, (f"\n{agent}\n",))

    def children(self, bead: str) -> tuple[Bead, ...]:
        """The Beads whose parent this is, in order of creation."""
        return self._beads("parent = ? ORDER BY created, id", (bead,))

    def needed_by(self, bead: str) -> tuple[Bead, ...]:
        """The Beads that need this one, by id."""
        return self.linked_to(bead, "needs")

    def linked_to(self, bead: str, kind: str) -> tuple[Bead, ...]:
        """The Beads that point to this one by a link of this kind (`needs`, `link:discovered-from`), by id."""
        inner = "SELECT src FROM edge WHERE dst = ? AND kind = ?"
        return self._beads(f"id IN ({inner}) ORDER BY id", (bead, kind))

    def with_linked(self, bead: str, kind: str) -> tuple[str, ...]:
        """The id itself, those of the Beads that point to it by links of this kind, of those that point to these, and so on."""
        found = {bead: None}
        left = [bead]
        while left:
            new = [each.id for each in self.linked_to(left.pop(), kind) if each.id not in found]
            found.update(dict.fromkeys(new))
            left += new
        return tuple(found)

    def referring(self, bead: str) -> tuple[Bead, ...]:
        """The Beads that name this one: as a need, as the parent, by a link of any kind; by id."""
        inner = "SELECT src FROM edge WHERE dst = :bead UNION SELECT id FROM bead WHERE parent = :bead"
        return self._beads(f"id IN ({inner}) ORDER BY id", {"bead": bead})

    def candidates(self, now: int, landed: Collection[str] = ()) -> Iterator[Bead]:
        """Every ready Bead and some that aren't, most urgent first, one at a time.

        Left for the caller to judge: parents, the pause, agents. `landed` are Beads known to have landed
        though the ledger doesn't say so yet.
        """
        args = {"now": now, "landed": json.dumps(sorted(landed))}
        for path, doc in self._each(_CANDIDATES, args):
            yield _bead(path, doc)

    def listing(
        self,
        *,
        phases: Collection[Phase] = (),
        type: str | None = None,  # noqa: A002
        label: str | None = None,
        agent: str | None = None,
        parent: str | None = None,
        text: str | None = None,
        limit: int | None = None,
    ) -> tuple[Bead, ...]:
        """Beads that fit all filters, most urgent first. `text` is looked for in id, title, body, notes and extras."""
        where, args = ["1"], []
        if phases:
            where.append(f"phase IN ({_marks(phases)})")
            args += [phase.value for phase in phases]
        for column, value in (("type", type), ("agent", agent), ("parent", parent)):
            if value is not None:
                where.append(f"{column} = ?")
                args.append(value)
        if label is not None:
            where.append("id IN (SELECT src FROM label WHERE label = ?)")
            args.append(label)
        end = f" LIMIT {int(limit)}" if limit is not None and text is None else ""
        found = self._each_bead(f"{' AND '.join(where)} ORDER BY priority, created, id{end}", args)
        if text is not None:
            found = islice((bead for bead in found if _has(bead, text)), limit)
        return tuple(found)

    def submitted_on(self) -> tuple[tuple[str, str], ...]:
        """Each target that a submitted Bead is to land on, with each commit of it that such a Bead began at."""
        began = "json_extract(doc, '$.status.submission.base', '$.status.submission.basecommit')"
        rows = self._rows(f"SELECT DISTINCT {began} FROM bead WHERE phase = 'submitted'")  # noqa: S608  (constant)
        return tuple((base, commit) for base, commit in (json.loads(row[0]) for row in rows))

    def every(self) -> Iterator[Bead]:
        """All Beads by id, one at a time: so many as there are, they needn't be in memory at once."""
        return self._each_bead("id IS NOT NULL ORDER BY id")

    def edges(self) -> tuple[dict[str, str], dict[str, list[str]]]:
        """The parent of each Bead that has one, and what each needs that needs something, by id."""
        parents: dict[str, str] = dict(self._rows("SELECT id, parent FROM bead WHERE parent IS NOT NULL"))
        needs: dict[str, list[str]] = {}
        for bead, need in self._rows("SELECT src, dst FROM edge WHERE kind = 'needs' ORDER BY src, dst"):
            needs.setdefault(bead, []).append(need)
        return parents, needs

    def counts(self) -> dict[Phase, int]:
        """How many Beads are in each phase."""
        sql = "SELECT phase, count(*) FROM bead WHERE phase IS NOT NULL GROUP BY phase"
        found: dict[str, int] = dict(self._rows(sql))
        return {phase: found.get(phase.value, 0) for phase in Phase}

    # The rest of the branch

    def pages(self) -> tuple[Page, ...]:
        """All calls for a human, oldest first; the unreadable ones are in `problems`."""
        rows = self._rows(
            "SELECT path, doc FROM file WHERE path > 'pages/' AND path < 'pages0' AND error IS NULL"
        )
        pages = [page_from(json.loads(doc), path) for path, doc in rows]
        return tuple(sorted(pages, key=lambda page: (page.at, page.id)))

    def state(self) -> TownState:
        """The town's state. Raises Malformed if it can't be read: it may say that the town is paused."""
        data = self._file(STATE)
        return TownState() if data is None else state_from(data, STATE)

    def meta(self) -> LedgerMeta:
        """What the ledger says of itself. Raises Refused for a branch that isn't gt's, or too new for this gt."""
        data = self._file(META)
        if data is None:
            raise not_ours()
        return readable(meta_from(data, META))

    def problems(self) -> tuple[Malformed, ...]:
        """Every file that can't be read, by path."""
        sql = (
            "SELECT path, error FROM bead WHERE error IS NOT NULL"
            " UNION ALL SELECT path, error FROM file WHERE error IS NOT NULL ORDER BY path"
        )
        found = [unreadable(path, error) for path, error in self._rows(sql)]
        try:
            self.state()
        except Malformed as error:
            if all(error.where != each.where for each in found):
                found.append(error)
        return tuple(found)

    def _file(self, path: str) -> dict[str, Any] | None:
        for doc, error in self._rows("SELECT doc, error FROM file WHERE path = ?", (path,)):
            if error:
                raise unreadable(path, error)
            data: dict[str, Any] = json.loads(doc)
            return data
        return None


def unreadable(path: str, why: str) -> Malformed:
    """The error for a file of the ledger that can't be read."""
    import shlex  # for the rare hint only

    return Malformed(path, why, hint=f"git show {shlex.quote(f'beads:{path}')}")


@lru_cache(maxsize=4096)  # who looks again and again finds most as they were
def _bead(path: str, doc: str) -> Bead:
    return bead_from(json.loads(doc), path)


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)


def _has(bead: Bead, text: str) -> bool:
    wanted = text.casefold()
    spec = bead.spec
    return any(
        wanted in each.casefold()
        for each in (
            bead.id,
            spec.title,
            spec.body,
            spec.acceptance,
            *(note.text for note in bead.notes),
            *_texts(bead.extra),  # such as the id that an imported one had
        )
    )


def _texts(data: Any) -> Iterator[str]:
    """All text in plain data, keys excepted."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
