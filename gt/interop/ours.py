"""gt's own export: a line for the ledger itself, its state, each Bead and each page, by id.

Nothing of a Bead is left out, and what is read must be whole: a file that was cut or edited by a merge is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from gt.core.arrival import Arrival, Incoming, Remark, What, dangling
from gt.core.bead import API_VERSION, Bead, Phase
from gt.core.data import bead_data, page_data
from gt.core.page import Page
from gt.core.schema import bead_from, page_from
from gt.core.state import FORMAT, TownState
from gt.core.values import dataclass
from gt.errors import Malformed, Refused
from gt.interop import jsonl
from gt.interop.cargo import Asked
from gt.store import codec, records
from gt.store.layout import UPGRADE
from gt.store.snapshot import Snapshot

KIND = "Export"

SMALL = 8 * 1024
"""Bytes of a line whose Bead fits into its file for certain."""

Data = dict[str, Any]


def exported(snapshot: Snapshot) -> Iterator[Data]:
    """The ledger as data, a line each, one at a time; files that can't be read are left out (`problems` has them)."""
    pages = snapshot.pages()
    meta = records.meta_data(snapshot.meta())
    counts = {"beads": sum(snapshot.counts().values()), "pages": len(pages)}
    yield {**meta, "kind": KIND, **counts}
    yield records.state_data(snapshot.state())
    for bead in snapshot.every():
        yield bead_data(bead)
    for page in sorted(pages, key=lambda page: page.id):
        yield page_data(page)


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is an export of gt."""
    return jsonl.first(head).get("apiVersion") == API_VERSION


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that was read."""

    read: int
    beads: tuple[Incoming, ...]
    pages: tuple[tuple[int, Page], ...]
    """Each with its line."""
    state: tuple[int, TownState] | None

    def arrive(self, snapshot: Snapshot) -> Arrival:
        """The Beads and pages that aren't here, and the state where the town here has none yet."""
        new: list[Incoming] = []
        remarks: list[Remark] = []
        for each in self.beads:
            remark = _met(each, snapshot)
            if remark is None:
                new.append(each)
            elif remark.why:
                remarks.append(remark)
        for each in new:
            remarks += _unsettled(each)
        remarks += dangling(new, snapshot.find)
        pages, more = self._pages(snapshot)
        state, most = self._state(snapshot)
        return Arrival(
            read=self.read,
            beads=tuple(each.bead for each in new),
            pages=pages,
            state=state,
            here=len(self.beads) - len(new) - sum(remark.what is What.DROPPED for remark in remarks),
            remarks=tuple(sorted((*remarks, *more, *most), key=lambda remark: remark.line)),
        )

    def _pages(self, snapshot: Snapshot) -> tuple[tuple[Page, ...], list[Remark]]:
        here = {page.id: page for page in snapshot.pages()}
        why = "is another than the page here: what is here stays"
        remarks = [
            Remark(line, page.id, What.NOTICED, "", why)
            for line, page in self.pages
            if here.get(page.id, page) != page
        ]
        return tuple(page for _, page in self.pages if page.id not in here), remarks

    def _state(self, snapshot: Snapshot) -> tuple[TownState | None, list[Remark]]:
        here = snapshot.state()
        if self.state is None or self.state[1] == here:
            return None, []
        line, state = self.state
        if here == TownState():
            return state, []
        why = "the town's state is another than here: what is here stays"
        return None, [Remark(line, "", What.NOTICED, "", why)]


def read(stream: IO[bytes], asked: Asked) -> Exported:
    """All of an export. Raises Malformed, naming the line, unless it is whole and every line of it is good."""
    found = _Reading(asked.name)
    for line in jsonl.lines(stream):
        found.take(line)
    found.check()
    beads = tuple(sorted(found.beads.values(), key=lambda each: each.id))
    return Exported(len(beads) + len(found.pages), beads, tuple(found.pages.values()), found.state)


class _Reading:
    """What was read so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.beads: dict[str, Incoming] = {}
        self.pages: dict[str, tuple[int, Page]] = {}
        self.state: tuple[int, TownState] | None = None
        self.header: Data | None = None

    def take(self, line: jsonl.Line) -> None:
        where = f"{self.name}:{line.number}"
        if line.wrong or line.mended:
            raise Malformed(where, line.wrong or "has half a character")
        if line.data.get("apiVersion") != API_VERSION:
            raise Malformed(where, f"is not of {API_VERSION} (a newer gt wrote this?)", hint=UPGRADE)
        kind = line.data.get("kind")
        if kind == "Bead":
            self.bead(line, where)
        elif kind == "Page":
            page = page_from(line.data, where)
            if self.pages.setdefault(page.id, (line.number, page))[1] != page:
                raise Malformed(where, f"{page.id} is there twice, with another content")
        elif kind == "TownState" and self.state is None:
            self.state = line.number, records.state_from(line.data, where)
        elif kind == KIND and self.header is None:
            self.header = line.data
            if records.meta_from(line.data, where).min_reader > FORMAT:
                raise Refused(f"{self.name} was written by a newer gt", hint=UPGRADE)
        else:
            raise Malformed(where, f"kind: there is no place here for {kind!r}"[:200])

    def bead(self, line: jsonl.Line, where: str) -> None:
        bead = bead_from(line.data, where)
        if line.size > SMALL:
            try:
                codec.encode(bead)
            except Refused as error:
                raise Malformed(where, error.message) from None
        known = self.beads.setdefault(bead.id, Incoming(line.number, bead.id, bead))
        if known.bead != bead:
            raise Malformed(where, f"{bead.id} is there twice, as on line {known.line} with another content")

    def check(self) -> None:
        """Raise Malformed if something is missing."""
        for key, found in (("beads", self.beads), ("pages", self.pages)):
            told = self.header.get(key) if self.header else None
            if told is not None and told != len(found):
                why = f"says that it has {told} {key}, and has {len(found)}: was it cut, or edited?"
                raise Malformed(self.name, why)


def _met(each: Incoming, snapshot: Snapshot) -> Remark | None:
    """None for a Bead that isn't here; else a remark, which says nothing (no `why`) of one that is here as it is."""
    try:
        here = snapshot.find(each.bead.id)
    except Malformed as error:
        return Remark(each.line, each.id, What.DROPPED, "", f"what is here can't be read: {error}")
    if here is None:
        return None
    if here.uid != each.bead.uid:
        return Remark(each.line, each.id, What.DROPPED, "", "another Bead has this id here: that one stays")
    why = "" if here == each.bead else "is another than here: what is here stays"
    return Remark(each.line, each.id, What.NOTICED, "", why)


def _unsettled(each: Incoming) -> Iterator[Remark]:
    """What is on its way in another repository, perhaps."""
    bead: Bead = each.bead
    if bead.status.lease:
        why = f"is leased by {bead.status.lease.actor}, until its lease ends"
        yield Remark(each.line, each.id, What.NOTICED, "status.lease", why)
    if bead.status.submission and bead.phase is Phase.SUBMITTED:
        why = f"is submitted: its commit {bead.status.submission.commit[:12]} must be here to land"
        yield Remark(each.line, each.id, What.NOTICED, "status.submission", why)
    if bead.status.approvals:
        who = ", ".join(sorted({approval.by for approval in bead.status.approvals}))
        yield Remark(
            each.line, each.id, What.NOTICED, "status.approvals", f"is approved by {who}, says the file"
        )
