"""Task lists in Markdown (`- [ ] text`) as Beads: the tasks inside a task are its children, ticked ones are closed.

Of a file that anything is wrong with nothing is taken.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import IO, Any

from gt.core import checks as c
from gt.core.arrival import Arrival, Incoming, Remark, What
from gt.core.bead import API_VERSION, Bead, CloseReason, Phase
from gt.core.schema import bead_from
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.errors import Malformed, Refused
from gt.interop.cargo import Asked
from gt.interop.meeting import meet, news
from gt.interop.names import Names, identity
from gt.interop.tasklist import TASK, Lists, Task, parse
from gt.store import codec
from gt.store.snapshot import Snapshot

KIND = "markdown"

STDIN = "stdin"

MAX_FILE = 16 * 1024 * 1024
"""Bytes of a file."""

MAX_NAME = 300
"""Characters of what a task is called in the report; of a longer path the end is a digest."""

_TASK_LINE = re.compile(rf"^{TASK.pattern}\r?$", re.MULTILINE)


def recognises(head: bytes) -> bool:
    """Whether a file that begins so has a task list."""
    return b"\0" not in head and _TASK_LINE.search(head.decode("utf-8-sig", "replace")) is not None


@dataclass(frozen=True, slots=True)
class Named:
    """A task, and what it is called."""

    id: str
    """Its title behind those of the tasks it is in; the second of one name has a number."""
    above: str
    """The id of the task it is in; empty if it is in none."""
    task: Task

    @property
    def line(self) -> int:
        return self.task.line

    @property
    def digests(self) -> dict[str, str]:
        """Of what may be news."""
        said = {"body": self.task.text, "state": "done" if self.task.done else "open"}
        return {key: hashlib.sha256(value.encode()).hexdigest()[:8] for key, value in said.items()}


@dataclass(frozen=True, slots=True)
class Tasks:
    """What was read from a file."""

    tasks: tuple[Named, ...]
    remarks: tuple[Remark, ...]
    asked: Asked

    @property
    def source(self) -> str:
        """What the list is known by."""
        return self.asked.source or posixpath.basename(self.asked.name)

    @property
    def file(self) -> str:
        """Where it lies, as far as that is no secret."""
        name = posixpath.normpath(self.asked.name)
        return posixpath.basename(name) if posixpath.isabs(name) else name

    def arrive(self, snapshot: Snapshot) -> Arrival:
        """The tasks that aren't here yet, as Beads."""
        names = Names(KIND, snapshot, snapshot.meta().prefix, self.source)
        names.give(each.id for each in self.tasks)
        remarks = list(self.remarks)
        met = meet(self.tasks, names, lambda task, bead: (What.NOTICED, self._news(task, bead)))
        remarks += met.remarks
        made = [Incoming(each.line, each.id, self._bead(each, names)) for each in met.new]
        return Arrival(
            read=len(self.tasks),
            beads=tuple(each.bead for each in made),
            here=met.here,
            remarks=tuple(sorted(remarks, key=lambda remark: remark.line)),
            names={each.id: each.bead.id for each in made}
            | {theirs: bead.id for theirs, bead in names.here.items()},
        )

    def _news(self, each: Named, bead: Bead) -> str:
        """What should be looked at of a task that is here already; empty if nothing."""
        own = bead.extra[KIND]
        where = own.get("file", self.file)
        if not self.asked.source and where != self.file:
            return f"is here as {bead.id}, from {where}: if that is another list, name this one with --source"
        return news(bead, own, each.digests, ended=each.task.done)

    def _bead(self, each: Named, names: Names) -> Bead:
        """Raises Malformed, with the task's line, for what no Bead can hold."""
        task, now = each.task, format_time(self.asked.now)
        own: dict[str, Any] = {"id": each.id, "file": self.file, "digests": each.digests}
        own |= {"source": self.asked.source} if self.asked.source else {}
        status: dict[str, Any] = {"phase": Phase.OPEN.value}
        if task.done:
            how = {"reason": CloseReason.DONE.value, "note": "", "at": now, "by": self.asked.actor}
            status = {"phase": Phase.CLOSED.value, "closed": how}
        data = {
            "apiVersion": API_VERSION,
            "kind": "Bead",
            "id": names.of(each.id),
            "uid": identity(KIND, self.source, each.id, ""),
            "created": {"at": now, "by": self.asked.actor},
            "spec": {
                "title": task.title,
                "type": "epic" if task.parts else "task",
                "body": task.text,
                "parent": names.of(each.above) if each.above else None,
            },
            "status": status,
            KIND: dict(sorted(own.items())),
        }
        try:
            bead = bead_from(data, each.id)
            codec.encode(bead)
        except Refused as error:
            raise Malformed(f"{self.asked.name}:{task.line}", f"body: {error.message}") from None
        return bead


def read(stream: IO[bytes], asked: Asked) -> Tasks:
    """The tasks of a file. Raises Refused for a list without a name, and Malformed, with line and field."""
    if asked.name == STDIN and not asked.source:
        why = "a task list from stdin needs a name, by which it is known when it is imported again"
        raise Refused(why, hint="gt import - --source todo")
    raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise Malformed(asked.name, f"has more than {MAX_FILE} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Malformed(f"{asked.name}:{line}", f"is not UTF-8 at byte {error.start}") from None
    found = parse(text, asked.name)
    for task in found.tasks:
        try:
            c.text(task.text, "body")
        except c.Wrong as wrong:
            raise Malformed(f"{asked.name}:{task.line}", str(wrong)) from None
    named = _named(found.tasks)
    return Tasks(named, tuple(_remarks(found, named)), asked)


def _named(tasks: list[Task]) -> tuple[Named, ...]:
    named: list[Named] = []
    taken: set[str] = set()
    turns: dict[str, int] = {}
    for task in tasks:
        above = "" if task.above is None else named[task.above].id
        name = path = _short(f"{above} > {task.title}" if above else task.title)
        while name in taken:
            turns[path] = turns.get(path, 1) + 1
            name = f"{path} ({turns[path]})"
        taken.add(name)
        named.append(Named(name, above, task))
    return tuple(named)


def _short(path: str) -> str:
    if len(path) <= MAX_NAME:
        return path
    return f"{path[: MAX_NAME - 20]}... {hashlib.sha256(path.encode()).hexdigest()[:16]}"


def _remarks(found: Lists, named: tuple[Named, ...]) -> list[Remark]:
    remarks = [Remark(line, "", What.DROPPED, "", "is a task without text") for line in found.nameless]
    for each in found.outside:
        to = f", up to line {each.last}" if each.last > each.first else ""
        start = each.start if len(each.start) <= 40 else each.start[:37] + "..."
        why = f"is outside of task lists{to}: {start}"
        remarks.append(Remark(each.first, "", What.DROPPED, "", why))
    if found.unclosed:
        why = "a code block or comment has no end: all below is taken as its text"
        remarks.append(Remark(found.unclosed, "", What.NOTICED, "", why))
    open_above = {each.above for each in named if not each.task.done}
    for one in named:
        if one.task.done and one.id in open_above:
            why = "is done, and a task in it is not: that stays open"
            remarks.append(Remark(one.task.line, one.id, What.NOTICED, "", why))
    return remarks
