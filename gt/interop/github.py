"""Issues of GitHub as `gh issue list --json ...` prints them, as Beads.

A file in which anything is wrong is refused whole, naming the issue and the field.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import IO, Any

from gt.core import checks as c
from gt.core.arrival import ABSENT, Arrival, Incoming, Remark, What, dangling
from gt.core.bead import API_VERSION, Bead, Phase
from gt.core.schema import bead_from
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.errors import Malformed, Refused
from gt.interop import jsonitems
from gt.interop.cargo import Asked
from gt.interop.ghedges import bound
from gt.interop.ghissue import Comment, Data, Issue, issue
from gt.interop.meeting import meet, news
from gt.interop.names import Names, identity
from gt.store import codec
from gt.store.snapshot import Snapshot

KIND = "github"

MAX_ISSUES = 100_000


def recognises(head: bytes) -> bool:
    """Whether a file that begins so was printed by `gh`: a list of objects, or an object that has a number and a title."""
    first = jsonitems.begins(head)
    if first is None:
        return False
    return {"number", "title"} <= first.keys() or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


@dataclass(frozen=True, slots=True)
class Issues:
    """What was read from a file."""

    read: int
    issues: tuple[Issue, ...]
    remarks: tuple[Remark, ...]
    asked: Asked

    def arrive(self, snapshot: Snapshot) -> Arrival:
        """The issues that aren't here yet, as Beads."""
        names = Names(KIND, snapshot, snapshot.meta().prefix, self.asked.source)
        names.give(each.id for each in self.issues)
        remarks = list(self.remarks)
        met = meet(self.issues, names, _judged)
        remarks += met.remarks
        new = [replace(each, remarks=list(each.remarks)) for each in met.new]
        made: list[Incoming] = []
        kept: Counter[str] = Counter()
        numbers = {each.number for each in self.issues}
        above = {linked.number for each in self.issues for key, linked in each.linked if key == "parent"}

        def known(number: int) -> bool:
            return number in numbers or (bool(names.of(f"#{number}")) and f"#{number}" in names.here)

        for each in bound(new, known, names):
            if each.number in above and not each.typed:
                each.spec["type"] = "epic"
            bead, said = self._bead(each, names.of(each.id))
            made.append(Incoming(each.line, each.id, bead))
            remarks += [*each.remarks, *said]
            kept.update(each.record.keys())
        remarks += dangling(made, snapshot.find, lambda name: f"{names.theirs[name]} {ABSENT}")
        return Arrival(
            read=self.read,
            beads=tuple(each.bead for each in made),
            here=met.here,
            remarks=tuple(sorted(remarks, key=lambda remark: remark.line)),
            names={each.id: each.bead.id for each in made}
            | {each.id: names.here[each.id].id for each in self.issues if each.id in names.here},
            kept=dict(sorted(kept.items())),
        )

    def _bead(self, each: Issue, name: str) -> tuple[Bead, list[Remark]]:
        """The Bead of an issue, with as many of its comments as it can hold: the newest. Raises Malformed."""
        comments = each.comments
        try:
            return self._fitting(each, name, comments), []
        except Refused:
            self._bare(each, name)
        low, high = 0, len(comments)  # so many of the newest fit, and so many don't
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self._fitting(each, name, comments[len(comments) - middle :])
                low = middle
            except Refused:
                high = middle
        out = len(comments) - low
        why = f"the oldest {out} of {len(comments)} are left out, for one Bead can't hold them all"
        bead = self._fitting(each, name, comments[out:])
        return bead, [Remark(each.line, each.id, What.CHANGED, "comments", why)]

    def _bare(self, each: Issue, name: str) -> None:
        """Raise Malformed, which names the largest field, for what no Bead can hold even without its comments."""
        try:
            self._fitting(each, name, ())
        except Refused as error:
            parts = {**each.spec, **each.record}
            largest = max(parts, key=lambda key: len(str(parts[key])))
            why = f"{largest}: {error.message}"
            raise _malformed(self.asked.name, each.line, each.item, each.number, why) from None

    def _fitting(self, each: Issue, name: str, comments: tuple[Comment, ...]) -> Bead:
        own: Data = {"id": each.id, "digests": each.digests}
        own |= {"url": each.url} if each.url else {}
        own |= {} if each.created is None else {"createdAt": format_time(each.created)}
        own |= {"source": self.asked.source} if self.asked.source else {}
        record = dict(each.record)
        more = [{"id": said.note["id"], **said.more} for said in comments if said.more]
        if more:
            record["comments"] = [*record.get("comments", []), *more]
        data: dict[str, Any] = {
            "apiVersion": API_VERSION,
            "kind": "Bead",
            "id": name,
            "uid": identity(KIND, self.asked.source, each.id, each.mark),
            "created": {
                "at": format_time(self.asked.now if each.created is None else each.created),
                "by": each.by,
            },
            "spec": each.spec,
            "status": each.status or {"phase": Phase.OPEN.value},
            "notes": [said.note for said in comments],
            KIND: {**dict(sorted(own.items())), "record": dict(sorted(record.items()))},
        }
        bead = bead_from(data, each.id)
        codec.encode(bead)
        return bead


def read(stream: IO[bytes], asked: Asked) -> Issues:
    """All issues of a file. Raises Malformed, naming issue and field, unless all of it is as `gh` prints it."""
    found: dict[int, Issue] = {}
    remarks: list[Remark] = []
    count = 0
    for item in jsonitems.items(stream, asked.name):
        count += 1
        if count > MAX_ISSUES:
            raise Malformed(f"{asked.name}:{item.line}", f"has more than {MAX_ISSUES} issues")
        number = item.data.get("number")
        try:
            each = issue(item, asked.types, asked.now)
        except c.Wrong as wrong:
            raise _malformed(asked.name, item.line, item.number, number, str(wrong)) from None
        if each.pull:
            why = "is a pull request, no issue"
            remarks.append(Remark(each.line, each.id, What.DROPPED, "url", why))
            continue
        known = found.setdefault(each.number, each)
        if known is not each and (known.digests, known.url) != (each.digests, each.url):
            why = f"number: is the number of item {known.item} as well, which says something else"
            raise _malformed(asked.name, item.line, item.number, number, why)
    return Issues(count, tuple(found.values()), tuple(remarks), asked)


def _malformed(name: str, line: int, item: int, number: Any, why: str) -> Malformed:
    good = isinstance(number, int) and not isinstance(number, bool)
    called = f" (#{number})" if good else ""
    return Malformed(f"{name}:{line}", f"item {item}{called}: {why}", hint="gt help import")


def _judged(each: Issue, bead: Bead) -> tuple[What, str]:
    """What becomes of an issue for which this is here already, and why that should be looked at."""
    own = bead.extra[KIND]
    if not _same(each, own):
        return What.DROPPED, f"{bead.id} here is another repository's {each.id} (name this one with --source)"
    return What.NOTICED, news(bead, own, each.digests, ended=each.status is not None)


def _same(each: Issue, own: Data) -> bool:
    """Whether it is the issue that was imported with this number, as far as both say what they are."""
    created = own.get("createdAt")
    if created is not None and each.created is not None:
        return bool(created == format_time(each.created))
    url = str(own.get("url", ""))
    return not (url and each.place) or f"/{each.place}/".lower() in url.lower()
