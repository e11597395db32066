"""The tables of docs/why.md, and what differs from one town to the next taken out of what gt says."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gt.lock import hold

PAGE = Path(__file__).resolve().parents[3] / "docs" / "why.md"
ROW = re.compile(
    r"^\| (?P<situation>[^|]+) \| (?P<says>[^|]+) \| (?P<moves>[^|]+) \| (?P<call>[^|]+) \|$", re.MULTILINE
)
HEADS = ("situation", "---")
NOTHING = "-"


@dataclass(frozen=True)
class Row:
    """A line of a table: what there is, what `gt why` says of it, what moves it, and the call for a person."""

    situation: str
    says: str
    moves: str
    call: str

    def __str__(self) -> str:
        return f"| {self.situation} | {self.says} | {self.moves} | {self.call} |"


def rows() -> dict[str, Row]:
    """All of them, by what the situation is. Raises AssertionError where two are about the same."""
    found = [Row(**match.groupdict()) for match in ROW.finditer(PAGE.read_text())]
    told = [row for row in found if row.situation not in HEADS]
    assert len({row.situation for row in told}) == len(told), "a situation is there twice"
    return {row.situation: row for row in told}


def write(row: Row) -> None:
    """Put the row in the place of the one about the same situation; several processes may, at once."""
    with hold(Path(tempfile.gettempdir()) / "gt-why-page.lock"):
        text = PAGE.read_text()
        old = str(rows()[row.situation])
        new = PAGE.with_name(".why.md")
        new.write_text(text.replace(old, str(row)))
        new.replace(PAGE)


def code(line: str) -> str:
    """A line as code, in a cell."""
    assert "|" not in line, "a cell can't have that"
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def cell(lines: Sequence[str]) -> str:
    return "<br>".join(map(code, lines)) or NOTHING


VARYING = (
    (re.compile(r"\bp-[0-9a-f]{12}\b"), "PAGE"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT[\d:]+Z"), "TIME"),
    (re.compile(r"\b\d+-[0-9a-hjkmnp-tv-z]{4}\b"), "TOKEN"),
    (re.compile(r"\b[0-9a-f]{12}(?:[0-9a-f]{28})?\b"), "COMMIT"),
    (re.compile(r"(?<![\w.~*/:])/[^\s,:;)']*[^\s,:;)'.]"), "PATH"),
    (re.compile(r"\b(?:\d+[smh] ?)+(?= of work)"), "TIME"),
    (re.compile(r"(?<=after )\d+ s\b"), "TIME"),
)


NAMES = ("OTHER", "THIRD", "FOURTH")
"""Other Beads, as they are named one after the other."""


def usual(lines: Sequence[str], bead: str) -> list[str]:
    """Lines without what is different each time; the Bead that was asked about is BEAD."""
    others = [
        name for name in dict.fromkeys(re.findall(r"\bgt-[0-9a-z]{8}\b", "\n".join(lines))) if name != bead
    ]
    names = {bead: "BEAD", **dict(zip(others, NAMES, strict=False))}
    return [_plain(line, names) for line in lines]


def _plain(line: str, names: Mapping[str, str]) -> str:
    for bead, name in names.items():
        line = line.replace(bead, name)
    for pattern, name in VARYING:
        line = pattern.sub(name, line)
    return line
