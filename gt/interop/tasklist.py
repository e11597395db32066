"""Task lists in Markdown: which tasks a text has, what lies below each, and what lies outside of the lists.

Knows text alone. What begins a task, and what belongs to it, is said in docs/import.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gt.core import checks as c
from gt.errors import Malformed
from gt.interop.plain import title

MAX_TASKS = 10_000
MAX_DEPTH = 100
"""Tasks inside tasks."""

TASK = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\](?:[ \t]+(.*)|[ \t]*)")
_BLOCK = re.compile(
    r"[ \t]*(?:#{1,6}(?:[ \t]|$)|>|(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)|[-*_=]{3,}[ \t]*$|`{3}|~{3}|<!--)"
)
"""How a line begins that doesn't go on with the paragraph above it."""
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})(.*)")


@dataclass(slots=True)
class Task:
    """A task, and the lines below it that are its own."""

    line: int
    title: str
    done: bool
    above: int | None
    """Which task of the list it is a child of."""
    indent: int
    depth: int
    body: list[str] = field(default_factory=list)
    parts: bool = False
    """Whether it has children."""

    @property
    def text(self) -> str:
        """The body, without blank lines around it; it ends in a newline if it has several lines."""
        kept = "\n".join(line.rstrip() for line in self.body).strip("\n")
        return kept + "\n" if "\n" in kept else kept


@dataclass(slots=True)
class Outside:
    """Lines that belong to no task."""

    first: int
    last: int
    start: str
    """The first of them that isn't blank."""


@dataclass(slots=True)
class Lists:
    """What a text has, each in its order."""

    tasks: list[Task] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)
    nameless: list[int] = field(default_factory=list)
    """The lines of tasks that say nothing."""
    unclosed: int = 0
    """The line of a code block or comment without an end; 0 if there is none."""


def parse(text: str, name: str) -> Lists:
    """The task lists of a text; `name` is what errors call it. Raises Malformed, with line and field."""
    reader = _Reader(name)
    for number, row in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        reader.line(number, row)
    if reader.until:
        reader.found.unclosed = reader.since
    return reader.found


class _Reader:
    """Reads line by line. `open` has the tasks that the next line may belong to, the outermost first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found = Lists()
        self.open: list[int] = []
        self.until = ""
        """What ends the code block or comment that is being read."""
        self.since = 0
        self.blank = True
        """Whether the line above is blank, or begins something else than a paragraph."""

    def line(self, number: int, row: str) -> None:
        if self.until:
            self.text(number, row)
            if self.ends(row):
                self.until, self.blank = "", True
        elif not row.strip():
            self.text(number, "")
            self.blank = True
        elif task := TASK.fullmatch(row):
            self.task(number, _width(task[1]), task[2] != " ", (task[3] or "").strip())
        else:
            block = _BLOCK.match(row)
            if self.blank or block:
                self.leave(_width(row))
            self.text(number, row)
            self.blank = block is not None and row.lstrip()[:1] in "#`~<"
            self.begins(number, row)

    def leave(self, indent: int) -> None:
        """Close the tasks whose text would be indented deeper."""
        while self.open and self.found.tasks[self.open[-1]].indent + 2 > indent:
            self.open.pop()

    def task(self, number: int, indent: int, done: bool, said: str) -> None:
        self.leave(indent)
        self.blank = False
        if not said:
            self.found.nameless.append(number)
            return
        tasks = self.found.tasks
        if len(tasks) >= MAX_TASKS:
            raise Malformed(f"{self.name}:{number}", f"has more than {MAX_TASKS} tasks")
        if len(self.open) >= MAX_DEPTH:
            raise Malformed(f"{self.name}:{number}", f"is nested deeper than {MAX_DEPTH} levels")
        try:
            title(said, "title")
        except c.Wrong as wrong:
            raise Malformed(f"{self.name}:{number}", str(wrong)) from None
        above = self.open[-1] if self.open else None
        if above is not None:
            tasks[above].parts = True
        self.open.append(len(tasks))
        tasks.append(Task(number, said, done, above, indent, len(self.open)))

    def text(self, number: int, row: str) -> None:
        """A line that begins no task."""
        if self.open:
            owner = self.found.tasks[self.open[-1]]
            owner.body.append(_cut(row, owner.indent + 2))
        elif row.strip():
            last = self.found.outside[-1] if self.found.outside else None
            task = self.found.tasks[-1].line if self.found.tasks else 0
            if last and last.first > task:
                last.last = number
            else:
                self.found.outside.append(Outside(number, number, row.strip()))

    def begins(self, number: int, row: str) -> None:
        """Note what goes on until its end, whatever the lines look like."""
        fence = _FENCE.fullmatch(row)
        if fence and not (fence[1][0] == "`" and "`" in fence[2]):
            self.until, self.since = fence[1], number
        elif row.lstrip().startswith("<!--") and "-->" not in row:
            self.until, self.since = "-->", number

    def ends(self, row: str) -> bool:
        if self.until == "-->":
            return "-->" in row
        said = row.strip()
        return said.startswith(self.until) and not said.strip(self.until[0])


def _width(row: str) -> int:
    """How many columns of white space a line begins with."""
    return len(row[: len(row) - len(row.lstrip(" \t"))].expandtabs(4))


def _cut(row: str, columns: int) -> str:
    """The line without so much of the white space it begins with."""
    rest = row.lstrip(" \t")
    return " " * max(0, _width(row) - columns) + rest
