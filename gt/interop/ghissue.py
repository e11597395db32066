"""One issue of GitHub, as `gh` prints it, as the data of a Bead. docs/import.md has the table.

What has another form than `gh` gives it is refused: such a file wasn't made by `gh`, or was damaged since.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import field
from typing import Any

from gt.core import checks as c
from gt.core.arrival import Remark, What
from gt.core.bead import CloseReason, Phase
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.interop import ghlabels
from gt.interop.jsonitems import Item
from gt.interop.plain import plain, title

Data = dict[str, Any]

NOBODY = "unknown"
"""Who did what nobody is named for."""

REASONS = {
    "completed": CloseReason.DONE,
    "not_planned": CloseReason.WONTFIX,
    "duplicate": CloseReason.DUPLICATE,
}
"""How an issue was closed, by its `stateReason`."""

ENDED = {"duplicate": CloseReason.DUPLICATE, "wontfix": CloseReason.WONTFIX, "invalid": CloseReason.WONTFIX}
"""How it was closed, by a label, where no `stateReason` says it."""

_PLACE = re.compile(r"https?://([^/\s]+/[^/\s]+/[^/\s]+)/(issues|pull)/\d+")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as a note, and what of it a note has no place for."""

    note: Data
    more: Data


@dataclass(frozen=True, slots=True)
class Linked:
    """An issue that another one names."""

    number: int
    place: str
    url: str
    open: bool

    @property
    def text(self) -> str:
        return self.url or f"#{self.number}"

    def elsewhere(self, place: str) -> bool:
        """Whether it is of another repository than this one, as far as both are known."""
        return bool(self.place and place and self.place.lower() != place.lower())

    def stops(self, place: str) -> bool:
        """Whether it is open, and of another repository."""
        return self.open and self.elsewhere(place)


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue that was read."""

    line: int
    item: int
    number: int
    place: str
    """Host, owner and repository; empty if that isn't known."""
    pull: bool
    """Whether it is a pull request."""
    url: str
    created: int | None
    by: str
    spec: Data
    status: Data | None
    """None for one that is open."""
    comments: tuple[Comment, ...]
    """The oldest first."""
    record: Data
    """What has no place here."""
    digests: dict[str, str]
    """Of each field whose change is news."""
    linked: tuple[tuple[str, Linked], ...] = ()
    """The issues that its fields `parent` and `blockedBy` name, with the field."""
    unseen: int = 0
    """How many more block it than the file names."""
    typed: bool = True
    """Whether it says what type it is."""
    remarks: list[Remark] = field(default_factory=list)

    @property
    def id(self) -> str:
        """What it is called there."""
        return f"#{self.number}"

    @property
    def mark(self) -> object:
        """What tells it from another repository's of that number, as far as it is known."""
        return self.place if self.created is None else self.created


def issue(item: Item, types: tuple[str, ...], now: int) -> Issue:
    """The issue that this item is; `types` are those that the town knows. Raises Wrong, which names the field."""
    r = c.Reader(item.data)
    nothing: list[str] = []
    nobody: tuple[tuple[Linked, ...], int] = ((), 0)
    number = r.need("number", _number)
    name = r.need("title", title)
    labels = [each for each in r.take("labels", _names("name"), nothing) if each.strip()]
    people = r.take("assignees", _names("login"), nothing)
    body = r.take("body", _text, "")
    ended = r.take("state", _state, "open") == "closed"
    reason = r.take("stateReason", plain, "").lower()
    created, closed = r.take("createdAt", _time, None), r.take("closedAt", _time, None)
    by = r.take("author", lambda value, key: _name(value, key, "login"), "") or NOBODY
    milestone = r.take("milestone", lambda value, key: _name(value, key, "title"), "")
    told = r.take("issueType", lambda value, key: _name(value, key, "name"), "")
    url = r.take("url", plain, "")
    parent = r.take("parent", _linked, None)
    blockers, unseen = r.take("blockedBy", _blockers, nobody)
    found = _PLACE.match(url)
    comments, hidden, wrong = _comments(r.take("comments", c.items, []))
    left = {
        key: value for key, value in r.left.items() if value is not False and value not in (None, "", [], {})
    }
    record = left | {key: value for key, value in (("assignees", people), ("milestone", milestone)) if value}
    if hidden:
        record["comments"] = hidden
    made = Issue(
        line=item.line,
        item=item.number,
        number=number,
        place=found[1] if found else "",
        pull=found is not None and found[2] == "pull",
        url=url,
        created=created,
        by=by,
        spec={"title": name, "body": body, "labels": sorted({*labels})},
        status=_closed(reason, labels, closed, created, now) if ended else None,
        comments=comments,
        record=record,
        digests=_digests(
            item.data,
            title=name,
            body=body,
            labels=sorted(labels),
            state=ended,
            assignees=sorted(people),
            milestone=milestone,
            parent=parent and parent.text,
            blockedBy=sorted(each.text for each in blockers),
            comments=[[each.note["id"], each.note["text"]] for each in comments],
        ),
        linked=(*([("parent", parent)] if parent else []), *(("blockedBy", each) for each in blockers)),
        unseen=unseen,
        typed=bool(told or ghlabels.kinds(labels, types)),
    )
    if item.mended:
        _changed(made, "", "has half characters, which UTF-8 can't hold: they are U+FFFD here")
    for why in wrong:
        _changed(made, "comments", why)
    made.spec["type"] = _type(made, told, labels, types)
    levels = ghlabels.priorities(labels)
    made.spec["priority"] = levels[0] if len(levels) == 1 else 2
    if len(levels) > 1:
        said = " and ".join(map(str, levels))
        _changed(made, "labels", f"name the priorities {said}: 2 here")
    return made


def _changed(made: Issue, key: str, why: str) -> None:
    made.remarks.append(Remark(made.line, made.id, What.CHANGED, key, why))


def _type(made: Issue, told: str, labels: list[str], types: tuple[str, ...]) -> str:
    kinds = (told and ghlabels.kinds([told], types)) or ghlabels.kinds(labels, types)
    if len(kinds) > 1:
        _changed(made, "labels", f"name the types {' and '.join(kinds)}: task here")
    elif told and not ghlabels.kinds([told], types):
        made.record["issueType"] = told
        _changed(made, "issueType", f"is {told[:40]}: {kinds[0] if kinds else 'task'} here")
    return kinds[0] if len(kinds) == 1 else "task"


def _closed(reason: str, labels: list[str], closed: int | None, created: int | None, now: int) -> Data:
    by_label = {ENDED[label.lower()] for label in labels if label.lower() in ENDED}
    guess = by_label.pop() if len(by_label) == 1 else CloseReason.DONE
    at = next(each for each in (closed, created, now) if each is not None)
    how = {"reason": REASONS.get(reason, guess).value, "note": "", "at": format_time(at), "by": NOBODY}
    return {"phase": Phase.CLOSED.value, "closed": how}


def _digests(data: Data, **said: Any) -> dict[str, str]:
    """Eight hexadecimal digits of what each field says that is there."""
    return {
        key: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]
        for key, value in sorted(said.items())
        if key in data
    }


# What a field may be


def _number(value: Any, key: str) -> int:
    if not 0 < c.number(value, key) < 10**12:
        raise c.Wrong(key, "must be the number of an issue")
    return int(value)


def _state(value: Any, key: str) -> str:
    said = plain(value, key).lower()
    if said not in ("open", "closed"):
        raise c.Wrong(key, f"must be OPEN or CLOSED, not {said[:40]!r}")
    return said


def _time(value: Any, key: str) -> int | None:
    # Go's zero time: there is none.
    return None if isinstance(value, str) and value.startswith("0001-01-01") else c.time(value, key)


def _text(value: Any, key: str) -> str:
    return c.text(value, key).replace("\r\n", "\n")


def _name(value: Any, key: str, inner: str) -> str:
    """What something is called: `gh` gives objects, of which little else matters here."""
    if isinstance(value, str):
        return plain(value, key)
    if not isinstance(value, dict):
        raise c.Wrong(key, f"must be an object with a {inner}")
    said = value.get(inner)
    return "" if said is None else plain(said, f"{key}.{inner}")


def _names(inner: str) -> Callable[[Any, str], list[str]]:
    return lambda value, key: [
        _name(each, f"{key}[{i}]", inner) for i, each in enumerate(c.items(value, key))
    ]


def _linked(value: Any, key: str) -> Linked:
    try:
        r = c.Reader(value)
        number, url = r.need("number", _number), r.take("url", plain, "")
        found = _PLACE.match(url)
        return Linked(number, found[1] if found else "", url, r.take("state", _state, "open") == "open")
    except c.Wrong as wrong:
        raise wrong.below(key) from None


def _blockers(value: Any, key: str) -> tuple[tuple[Linked, ...], int]:
    """Those that are named, and how many aren't."""
    if not isinstance(value, dict):
        raise c.Wrong(key, "must be an object with nodes")
    listed = c.items(value.get("nodes") or [], f"{key}.nodes")
    found = tuple(_linked(each, f"{key}.nodes[{place}]") for place, each in enumerate(listed))
    total = value.get("totalCount")
    count = len(found) if total is None else c.number(total, f"{key}.totalCount")
    return found, max(0, count - len(found))


def _comments(value: list[Any]) -> tuple[tuple[Comment, ...], list[Data], list[str]]:
    """Those that become notes, the others as they were, and what is to be said of these."""
    notes: dict[str, Comment] = {}
    hidden: list[Data] = []
    for place, each in enumerate(value):
        key = f"comments[{place}]"
        try:
            found = _comment(c.Reader(each), place)
        except c.Wrong as wrong:
            raise wrong.below(key) from None
        if found.more.get("isMinimized") is True or found.note["id"] in notes:
            hidden.append(each)
        else:
            notes[found.note["id"]] = found
    said = [f"{len(hidden)} hidden or there twice: kept beside the Bead, as no notes"] if hidden else []
    ordered = sorted(notes.values(), key=lambda each: str(each.note["at"]))
    return tuple(ordered), hidden, said


def _comment(r: c.Reader, place: int) -> Comment:
    said = r.need("body", _text)
    at = r.need("createdAt", c.time)
    by = r.take("author", lambda value, key: _name(value, key, "login"), "") or NOBODY
    name = r.take("id", plain, "") or f"{at}-{place}"
    more = {
        key: value for key, value in r.left.items() if value is not False and value not in (None, "", [], {})
    }
    return Comment(
        {"id": f"github-{name}"[: c.MAX_LINE], "at": format_time(at), "by": by, "text": said}, more
    )
