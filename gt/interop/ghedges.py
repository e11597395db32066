"""What issues say of one another (`parent`, `blockedBy`) as parents, needs and links of Beads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gt.core.arrival import Remark, What
from gt.interop.bdedges import PARENT, tied
from gt.interop.bdentry import Edge, Entry
from gt.interop.ghissue import Data, Issue, Linked
from gt.interop.names import Names

OVER = "was-blocked-by"
"""The kind of a link to what was closed already: it blocks nothing there."""


def bound(new: Sequence[Issue], known: Callable[[int], bool], names: Names) -> list[Issue]:
    """These new issues with parent, needs and links in their specs; `known` are those in the file or here.

    What has no place here stays in the record, and is told if it would make a difference.
    """
    held: dict[str, bool] = {}
    records: dict[str, Data] = {}
    entries: list[Entry] = []
    for each in new:
        edges: list[Edge] = []
        rest: dict[str, list[str]] = {}
        for key, linked in each.linked:
            kind = _kind(each, key, linked, known)
            if kind:
                edges.append(Edge(f"#{linked.number}", kind, (0, 0)))
            else:
                rest.setdefault(key, []).append(linked.text)
        held[each.id] = _held(each)
        records[each.id] = each.record | rest
        entries.append(_entry(each, edges))
    ties = tied(entries, names, names.snapshot)
    made: list[Issue] = []
    for each in new:
        tie = ties[names.of(each.id)]
        links = {kind: sorted(to) for kind, to in sorted(tie.links.items())}
        spec = {**each.spec, "needs": list(tie.needs), "parent": tie.parent, "links": links}
        spec["hold"] = held[each.id]
        remarks = [replace(remark, field=_field(remark)) for remark in tie.entry.remarks]
        made.append(replace(each, spec=spec, record=records[each.id], remarks=[*each.remarks, *remarks]))
    return made


def _kind(each: Issue, key: str, linked: Linked, known: Callable[[int], bool]) -> str:
    """The kind of edge; empty for none."""
    if linked.elsewhere(each.place) or not (linked.open or known(linked.number)):
        return ""
    if key == "parent":
        return PARENT
    return "blocks" if linked.open else OVER


def _held(each: Issue) -> bool:
    """Whether it waits for something that can't be seen here; says so of an issue that is open."""
    if each.status:
        return False
    away = [linked.text for key, linked in each.linked if key != "parent" and linked.stops(each.place)]
    if each.unseen:
        away.append(f"{each.unseen} more that the file doesn't name")
    if away:
        why = f"waits for what can't be seen here ({', '.join(away)}): held, until a person says otherwise"
        each.remarks.append(Remark(each.line, each.id, What.CHANGED, "blockedBy", why))
    return bool(away)


def _entry(each: Issue, edges: list[Edge]) -> Entry:
    """What the edges of all trackers are worked out of."""
    return Entry(
        line=each.line,
        id=each.id,
        updated=(0, 0),
        created=each.created or 0,
        digest="",
        live=each.status is None,
        data={},
        edges=edges,
        size=0,
    )


def _field(remark: Remark) -> str:
    return "parent" if remark.why.startswith(PARENT) else "blockedBy"
