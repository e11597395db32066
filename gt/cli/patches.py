"""What a commit changed, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from gt.cli.text import Cell, Styled, one_line
from gt.core.changes import Change
from gt.store.patches import Patch


def patch_lines(patch: Patch) -> Iterator[Cell]:
    """The object, and below it each field: what it was in red, what it became in green."""
    yield f"    {one_line(patch.name)}"
    for change in patch.changes:
        yield from change_lines(change, "      ")


def change_lines(change: Change, margin: str) -> Iterator[Cell]:
    """One field; of long texts only the lines that differ."""
    field = one_line(change.field)
    texts = [
        value for value in (change.old, change.new) if isinstance(value, str) and "\n" in value.rstrip("\n")
    ]
    if texts and all(isinstance(value, str | None) for value in (change.old, change.new)):
        yield f"{margin}{field}:"
        yield from (_styled(sign, f"{margin}  {sign} {line}") for sign, line in _differing(change))
        return
    for sign, value in (("-", change.old), ("+", change.new)):
        if value is not None:
            yield _styled(sign, f"{margin}{sign} {field}: {_said(value)}")


def changes_data(patches: Iterable[Patch]) -> list[dict[str, Any]]:
    """Every field that changed, as JSON; `old` or `new` is null where there was, or is, nothing."""
    return [
        {"kind": patch.kind, "id": patch.name, "field": change.field, "old": change.old, "new": change.new}
        for patch in patches
        for change in patch.changes
    ]


def _styled(sign: str, line: str) -> Styled:
    return Styled(line.rstrip(), "red" if sign == "-" else "green")


def _said(value: Any) -> str:
    return (
        one_line(value.rstrip("\n"))
        if isinstance(value, str)
        else one_line(json.dumps(value, ensure_ascii=False))
    )


def _differing(change: Change) -> Iterator[tuple[str, str]]:
    from difflib import SequenceMatcher

    old, new = (str(value or "").splitlines() for value in (change.old, change.new))
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (("-", one_line(line)) for line in old[a:b])
            yield from (("+", one_line(line)) for line in new[c:d])
