"""What labels of issues say of type and priority, where they say one thing."""

from __future__ import annotations

import re
from collections.abc import Iterable

KINDS = {
    "bug": "bug", "defect": "bug", "regression": "bug",
    "feature": "feature", "enhancement": "feature", "feature request": "feature",
    "epic": "epic",
    "chore": "chore", "maintenance": "chore", "dependencies": "chore",
    "decision": "decision", "adr": "decision",
    "spike": "spike", "investigation": "spike", "research": "spike",
    "task": "task",
}  # fmt: skip
"""The type here for what a label says, in lower case, with spaces between words."""

LEVELS = {
    "critical": 0, "urgent": 0, "highest": 0,
    "high": 1,
    "medium": 2, "normal": 2,
    "low": 3,
    "lowest": 4,
}  # fmt: skip
"""The priority here for a word that a label has beside `priority`."""

_KIND = re.compile(r"(?:type|kind)\s*[:/]\s*(.+)")
_BEFORE = re.compile(r"(?:priority|prio)(?:\s*[:/]\s*|\s+)(.+)")
_BEHIND = re.compile(r"(.+)\s+(?:priority|prio)")
_NUMBER = re.compile(r"p([0-4])")


def _said(label: str) -> str:
    return " ".join(re.sub(r"[-_]", " ", label.strip().lower()).split())


def kinds(labels: Iterable[str], types: tuple[str, ...]) -> tuple[str, ...]:
    """The types that they name, each once: one of the town's (`types`), or what is called otherwise here."""
    found: dict[str, None] = {}
    for label in labels:
        said = _said(label)
        inner = _KIND.fullmatch(said)
        word = inner[1] if inner else said
        own = next((each for each in types if _said(each) == word), None)
        kind = own or KINDS.get(word)
        if kind:
            found[kind] = None
    return tuple(found)


def priorities(labels: Iterable[str]) -> tuple[int, ...]:
    """The priorities that they name, each once: `P1`, `priority: 1`, `priority/high`, `low priority`."""
    found = {level for level in map(_priority, labels) if level is not None}
    return tuple(sorted(found))


def _priority(label: str) -> int | None:
    said = _said(label)
    if number := _NUMBER.fullmatch(said):
        return int(number[1])
    beside = _BEFORE.fullmatch(said) or _BEHIND.fullmatch(said)
    if not beside:
        return None
    number = _NUMBER.fullmatch(beside[1])
    if number or beside[1] in ("0", "1", "2", "3", "4"):
        return int(number[1] if number else beside[1])
    return LEVELS.get(beside[1])
