"""One record of bd as the data of a Bead: each field where it has a place here, the rest kept beside it.

Edges are told apart only; what becomes of them takes the whole file. docs/import.md has the table.
"""

from __future__ import annotations

import re
from typing import Any

from gt.core.arrival import Remark, What
from gt.core.bead import API_VERSION, CloseReason, Phase
from gt.core.checks import MAX_LINE
from gt.core.when import format_time
from gt.interop.bdcomments import notes_of
from gt.interop.bdentry import DERIVED, NOBODY, Data, Edge, Entry, fingerprint, instant, moment
from gt.interop.jsonl import Line

KINDS = {
    "enhancement": "feature", "feat": "feature", "story": "feature", "user-story": "feature",
    "dec": "decision", "adr": "decision",
    "investigation": "spike", "timebox": "spike",
    "molecule": "epic", "milestone": "epic", "ms": "epic",
}  # fmt: skip
"""Types that have another name here."""

NO_WORK = frozenset({"merge-request", "gate", "message", "event", "agent", "role", "rig"})
"""Types that are no work: bd never hands them out."""

FLAGS = ("pinned", "ephemeral", "wisp", "is_template")
"""What bd never hands out either."""

_SAYS = {
    CloseReason.DUPLICATE: re.compile(r"(duplicate|duplicated|dup|dupe)\b"),
    CloseReason.WONTFIX: re.compile(
        r"(won'?t[ -]?(fix|do)|wontfix|not planned|not a bug|rejected|declined|invalid|by design"
        r"|works as (designed|intended)|wrong (repo|project))\b"
    ),
    CloseReason.OBSOLETE: re.compile(
        r"(obsolete|obsoleted|superseded|outdated|stale|moot|abandoned|cancell?ed|orphaned|spurious"
        r"|no longer|not needed|never mind)\b"
    ),
}
"""How a close reason begins that isn't `done`."""


def entry(line: Line, name: str, types: tuple[str, ...]) -> Entry:
    """The record on this line, which has the id `name`; `types` are those that the town knows."""
    return _Reader(line, name).entry(types)


class _Reader:
    """Takes one key after the other out of a record. What it says of each goes into `remarks`."""

    def __init__(self, line: Line, name: str) -> None:
        self.line = line
        self.name = name
        self.left = {
            key: value
            for key, value in line.data.items()
            if key not in DERIVED and value is not False and value not in (None, "", [], {})
        }
        self.kept: Data = {}
        """What a place here doesn't hold as it was."""
        self.remarks: list[Remark] = []

    def changed(self, key: str, why: str) -> None:
        self.remarks.append(Remark(self.line.number, self.name, What.CHANGED, key, why))

    def entry(self, types: tuple[str, ...]) -> Entry:
        updated = moment(self.line.data)
        if self.line.mended:
            self.changed("", "has half characters, which UTF-8 can't hold: they are U+FFFD here")
        del self.left["id"]
        born = self.time("created_at")
        created = updated[0] if born is None else born
        if born is None:
            self.changed("created_at", f"is missing, or no time: {format_time(created)} here")
        by = self.one_line("created_by") or NOBODY
        closed, status, hold, defer = self.status(created)
        kind, hold_kind = self.kind(types)
        why = hold or ("" if closed else hold_kind or self.flag())
        spec: Data = {"title": self.title(), "type": kind, "priority": self.priority()}
        spec |= {"body": self.body(), "acceptance": self.text("acceptance_criteria"), "labels": self.labels()}
        spec |= {"defer": defer, "hold": bool(why)}
        if why:
            self.changed("hold", f"{why}: held here, until a person says otherwise")
        notes = self.notes()
        edges = self.edges()
        for key in ("created_at", "updated_at"):
            self.keep(key)
        left = tuple(self.left)
        digest = fingerprint(self.line.data)
        own = {"id": self.name, "digest": digest, "record": dict(sorted((self.left | self.kept).items()))}
        data = {
            "apiVersion": API_VERSION,
            "kind": "Bead",
            "created": {"at": format_time(created), "by": by},
            "spec": spec,
            "status": status,
            "notes": notes,
            "bd": own,
        }
        return Entry(
            line=self.line.number,
            id=self.name,
            updated=updated,
            created=born or 0,
            digest=digest,
            live=not closed,
            data=data,
            edges=edges,
            size=self.line.size,
            remarks=self.remarks,
            left=left,
        )

    # One field each

    def keep(self, key: str) -> Any:
        """Take a value that has its place here, and keep it as it was all the same."""
        value = self.left.pop(key, None)
        if value is not None:
            self.kept[key] = value
        return value

    def time(self, key: str) -> int | None:
        found = instant(self.left.get(key))
        return found[0] if found else None

    def text(self, key: str) -> str:
        value = self.left.pop(key, "")
        if isinstance(value, str):
            return value
        self.kept[key] = value
        self.changed(key, "is no text: kept as it is, beside the Bead")
        return ""

    def one_line(self, key: str) -> str:
        value = self.text(key)
        if "\n" not in value and len(value) <= MAX_LINE:
            return value
        self.kept[key] = value
        self.changed(key, f"isn't one line of at most {MAX_LINE} characters: kept as it is, beside the Bead")
        return ""

    def title(self) -> str:
        value = self.text("title")
        line = " ".join(value.split("\n")) if "\n" in value else value
        if not line.strip():
            self.changed("title", "is empty: its id stands there instead")
            return self.name
        if len(line) > MAX_LINE:
            line = line[: MAX_LINE - 3] + "..."
        if line != value:
            self.kept["title"] = value
            self.changed(
                "title", f"isn't one line of at most {MAX_LINE} characters: made one, kept whole as well"
            )
        return line

    def body(self) -> str:
        parts = [self.text("description")]
        for key, heading in (("design", "Design"), ("notes", "Notes")):
            said = self.text(key)
            if said:
                parts.append(f"## {heading}\n\n{said}")
        return "\n\n".join(part for part in parts if part)

    def priority(self) -> int:
        # Where it is left out it is 0: bd wrote no zeros for long.
        value = self.left.pop("priority", 0)
        if isinstance(value, int) and not isinstance(value, bool) and value in range(5):
            return int(value)
        said = str(value).upper().removeprefix("P")
        number = int(said) if said.removeprefix("-").isdecimal() and len(said) < 9 else 2
        number = min(max(number, 0), 4)
        self.kept["priority"] = value
        self.changed("priority", f"is {str(value)[:40]}: {number} here")
        return number

    def labels(self) -> list[str]:
        value = self.left.pop("labels", [])
        listed = value if isinstance(value, list) else [value]
        good = [
            each
            for each in listed
            if isinstance(each, str) and each.strip() and "\n" not in each and len(each) <= MAX_LINE
        ]
        if len(good) != len(listed) or value is not listed:
            self.kept["labels"] = value
            self.changed("labels", "not all are short lines of text: the others are kept beside the Bead")
        return good

    def kind(self, types: tuple[str, ...]) -> tuple[str, str]:
        """The type here, and why a Bead of this type is to be held, if so."""
        value = self.left.pop("issue_type", "task")
        if value in types:
            return str(value), ""
        found = KINDS.get(value, "task") if isinstance(value, str) else "task"
        self.kept["issue_type"] = value
        self.changed("issue_type", f"is {str(value)[:40]}: {found} here")
        no_work = isinstance(value, str) and value in NO_WORK
        return found, f"is of type {value}, which is no work" if no_work else ""

    def flag(self) -> str:
        """Why bd doesn't hand it out, though it is open."""
        return next((f"is {key}" for key in FLAGS if self.left.get(key) is True), "")

    def status(self, created: int) -> tuple[bool, Data, str, str | None]:
        """Whether it has ended, its status here, why it is to be held (if so), and until when it is deferred."""
        value = self.left.pop("status", "")
        defer = self.time("defer_until")
        if "defer_until" in self.left:
            self.keep("defer_until")
        until = None if defer is None else format_time(defer)
        if value in ("closed", "done"):
            return True, self.closing(created), "", until
        hold = ""
        if value not in ("open", ""):
            self.kept["status"] = value
        if value in ("in_progress", "hooked"):
            self.changed("status", f"is {value}: open here, for nobody holds it")
        elif value == "deferred":
            hold = "" if until else "is deferred without a date"
        elif value != "open":
            hold = f"is {str(value)[:40] or 'of no status'}"
        return False, {"phase": Phase.OPEN.value}, hold, until

    def closing(self, created: int) -> Data:
        at = self.time("closed_at")
        self.keep("closed_at")
        note = self.text("close_reason")
        reason = next(
            (each for each, says in _SAYS.items() if says.match(note.strip().lower())), CloseReason.DONE
        )
        when = max(moment(self.line.data)[0], created) if at is None else at
        closed = {"reason": reason.value, "note": note, "at": format_time(when), "by": NOBODY}
        return {"phase": Phase.CLOSED.value, "closed": closed}

    def notes(self) -> list[Data]:
        notes, rest, wrong = notes_of(self.left.pop("comments", []))
        if rest:
            self.kept["comments"] = rest
        for why in wrong:
            self.changed("comments", f"{why}: kept as it is, beside the Bead")
        return notes

    def edges(self) -> list[Edge]:
        value = self.left.pop("dependencies", [])
        found: list[Edge] = []
        rest: list[Any] = []
        for each in value if isinstance(value, list) else [value]:
            good = isinstance(each, dict) and each.get("issue_id", self.name) == self.name
            to, kind = (
                (_word(each.get("depends_on_id")), _word(each.get("type", "blocks"))) if good else ("", "")
            )
            if to and kind:
                found.append(Edge(to, kind, instant(each.get("created_at")) or (0, 0)))
                rest.append({key: told for key, told in each.items() if key != "issue_id" and told != ""})
            else:
                rest.append(each)
                self.changed(
                    "dependencies", "one can't be read, or is another's: kept as it is, without effect"
                )
        if rest:
            self.kept["dependencies"] = rest
        return found


def _word(value: Any) -> str:
    """The value if it can be an id or a kind, else nothing."""
    return value if isinstance(value, str) and len(value) <= 200 and value.isprintable() else ""
