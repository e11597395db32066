"""The export of bd (Beads), one JSON object a line, as Beads of ours.

A line that can't be taken is told and left out; the rest is taken. What bd knows and gt doesn't stays with the
Bead, under its key `bd`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

from gt.core.arrival import ABSENT, Arrival, Incoming, Remark, What, dangling
from gt.core.bead import Bead, Phase
from gt.core.ready import satisfied
from gt.core.schema import bead_from
from gt.core.values import dataclass
from gt.errors import Malformed, Refused
from gt.interop import bdrecord, jsonl
from gt.interop.bdedges import Tied, tied
from gt.interop.bdentry import Entry, moment
from gt.interop.cargo import Asked
from gt.interop.meeting import meet
from gt.interop.names import Names, identity
from gt.store import codec
from gt.store.snapshot import Snapshot

KIND = "bd"

SMALL = 8 * 1024
"""Bytes of a line whose Bead fits into its file for certain."""


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is an export of bd."""
    record = jsonl.first(head)
    return (
        "_type" in record
        or "_schema" in record
        or ("id" in record and {"title", "status"} & record.keys() != set())
    )


@dataclass(frozen=True, slots=True)
class Records:
    """An export that was read: what each record says, and what is to be said of those that are left out."""

    read: int
    entries: tuple[Entry, ...]
    deleted: frozenset[str]
    remarks: tuple[Remark, ...]
    asked: Asked

    def arrive(self, snapshot: Snapshot) -> Arrival:
        """The records that aren't here yet, as Beads."""
        names = Names(KIND, snapshot, snapshot.meta().prefix, self.asked.source)
        names.give(each.id for each in self.entries)
        remarks = list(self.remarks)
        met = meet(self.entries, names, lambda entry, bead: _judged(entry, bead, self.asked.source))
        remarks += met.remarks
        new = [replace(each, remarks=list(each.remarks)) for each in met.new]
        made: list[Incoming] = []
        for name, bound in tied(new, names, snapshot).items():
            bead = self._bead(name, bound, remarks)
            if bead is not None:
                made.append(Incoming(bound.entry.line, bound.entry.id, bead))
                remarks += bound.entry.remarks
        remarks += dangling(made, snapshot.find, lambda name: self._absent(names.theirs[name]))
        remarks += _waiting(made, names)
        return Arrival(
            read=self.read,
            beads=tuple(each.bead for each in made),
            here=met.here,
            remarks=tuple(sorted(remarks, key=lambda remark: remark.line)),
            names={each.id: each.bead.id for each in made}
            | {id_: bead.id for id_, bead in names.here.items()},
            kept=dict(sorted(Counter(key for each in new for key in each.left).items())),
        )

    def _absent(self, theirs: str) -> str:
        return f"{theirs} {'was deleted there' if theirs in self.deleted else ABSENT}"

    def _bead(self, name: str, bound: Tied, remarks: list[Remark]) -> Bead | None:
        """The Bead of a record; None, with a remark, for one that no Bead can hold."""
        entry = bound.entry
        links = {kind: sorted(to) for kind, to in sorted(bound.links.items())}
        spec = entry.data["spec"] | {"needs": list(bound.needs), "parent": bound.parent, "links": links}
        spec["hold"] = spec["hold"] or bound.hold
        uid = identity(KIND, self.asked.source, entry.id, entry.created)
        own: dict[str, Any] = entry.data["bd"]
        if self.asked.source:
            own = {**own, "source": self.asked.source}
        try:
            bead = bead_from({**entry.data, "id": name, "uid": uid, "spec": spec, "bd": own}, entry.id)
            if entry.size > SMALL:
                codec.encode(bead)
        except Malformed as error:
            why = error.why
        except Refused as error:
            why = error.message
        else:
            return bead
        remarks.append(Remark(entry.line, entry.id, What.DROPPED, "", f"no Bead can hold it: {why}"))
        return None


def read(stream: IO[bytes], asked: Asked) -> Records:
    """All records of an export. What can't be taken is in the remarks."""
    remarks: list[Remark] = []
    newest: dict[str, jsonl.Line] = {}
    count = 0
    for line in jsonl.lines(stream):
        if line.wrong:
            remarks.append(Remark(line.number, "", What.DROPPED, "", line.wrong))
            continue
        kind = line.data.get("_type", "issue")
        name = line.data.get("id")
        if kind == "issue" and name is None and "_schema" in line.data:
            continue
        count += 1
        if kind != "issue":
            why = f"is a {str(kind)[:40]}, for which there is no place here"
            remarks.append(
                Remark(line.number, str(line.data.get("key", ""))[:200], What.DROPPED, "_type", why)
            )
        elif not isinstance(name, str) or not 0 < len(name) <= 200 or not name.isprintable():
            remarks.append(Remark(line.number, "", What.DROPPED, "id", "has no id that can be used"))
        else:
            newest[name] = _newer(newest.get(name), line, name, remarks)
    deleted = {name: line for name, line in newest.items() if line.data.get("status") == "tombstone"}
    for name, line in deleted.items():
        remarks.append(Remark(line.number, name, What.DROPPED, "", "is a tombstone: it was deleted there"))
    entries = tuple(
        bdrecord.entry(line, name, asked.types) for name, line in newest.items() if name not in deleted
    )
    return Records(count, entries, frozenset(deleted), tuple(remarks), asked)


def _newer(known: jsonl.Line | None, line: jsonl.Line, name: str, remarks: list[Remark]) -> jsonl.Line:
    """Of two records of one id the one that was changed last; else the one further down."""
    if known is None:
        return line
    old, new = (known, line) if moment(known.data) <= moment(line.data) else (line, known)
    why = f"is there again on line {new.number}, which is newer or further down"
    remarks.append(Remark(old.number, name, What.DROPPED, "", why))
    return new


def _judged(each: Entry, found: Bead, source: str) -> tuple[What, str]:
    """What becomes of a record for which this is here already, and why that should be looked at."""
    if found.uid != identity(KIND, source, each.id, each.created):
        why = f"{found.id} here is another {each.id}, created at another time"
        return What.DROPPED, f"{why} (name another tracker with --source)"
    own = found.extra["bd"]
    if own.get("digest") == each.digest:
        return What.NOTICED, ""
    record = own.get("record")
    before = moment(record) if isinstance(record, dict) else (0, 0)
    if each.updated < before:
        return What.NOTICED, ""
    return What.NOTICED, f"has changed there since it was imported as {found.id}: what is here stays"


def _waiting(made: list[Incoming], names: Names) -> Iterator[Remark]:
    """A remark for each open Bead that needs one that was closed, but not as done: there it would start."""
    beads = {each.bead.id: each.bead for each in made}
    for each in made:
        for need in sorted(each.bead.spec.needs) if each.bead.phase is Phase.OPEN else ():
            other = beads.get(need)
            if other and other.status.closed and not satisfied(other):
                why = f"{names.theirs[need]} was closed as {other.status.closed.reason}: it waits until a person decides"
                yield Remark(each.line, each.id, What.NOTICED, "needs", why)
