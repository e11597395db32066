"""The comments of bd's records as notes."""

from __future__ import annotations

import hashlib
from typing import Any

from gt.core.when import format_time
from gt.interop.bdentry import NOBODY, Data, instant


def notes_of(comments: Any) -> tuple[list[Data], list[Any], list[str]]:
    """The notes, the oldest first; what no note has a place for; and why a comment became none, for each such."""
    notes: dict[str, Data] = {}
    rest: list[Any] = []
    wrong: list[str] = []
    for each in comments if isinstance(comments, list) else [comments]:
        note, more = _note(each)
        if note is None:
            rest.append(each)
            wrong.append("one can't be read")
        elif notes.setdefault(note["id"], note) != note:
            rest.append(each)
            wrong.append("one has the id of another")
        elif more:
            rest.append({"id": each.get("id"), **more})
    return sorted(notes.values(), key=lambda note: str(note["at"])), rest, wrong


def _note(comment: Any) -> tuple[Data | None, Data]:
    """A comment as a note, None if it can't be one; and what it says that a note has no place for.

    A comment's id is a number in old exports and text in new ones; where it is missing one is made of the rest.
    """
    if not isinstance(comment, dict):
        return None, {}
    more = dict(comment)
    more.pop("issue_id", None)
    name, said, at = more.pop("id", None), more.pop("text", None), instant(more.pop("created_at", None))
    by = more.pop("author", None) or NOBODY
    if not isinstance(said, str) or not isinstance(by, str) or "\n" in by or at is None:
        return None, {}
    if isinstance(name, bool) or not isinstance(name, int | str) or "\n" in str(name):
        name = hashlib.sha256(f"{at}\0{by}\0{said}".encode()).hexdigest()[:12]
    return {"id": f"bd-{name}", "at": format_time(at[0]), "by": by, "text": said}, more
