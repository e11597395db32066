"""A part of a text file that is gt's: between two marks, with a digest by which it is known to be unchanged.

Texts in, texts out. What isn't between the marks stays, byte for byte, whatever is put in or taken out; the
first mark names who wants the part, so that several tools that read one file may share it.
"""

from __future__ import annotations

import hashlib
import re

from gt.core.values import dataclass

MADE = ", file made"
"""In the first mark where gt made the file."""


@dataclass(frozen=True, slots=True)
class Comment:
    """How a comment begins and ends in a kind of file."""

    opening: str
    closing: str = ""


HTML = Comment("<!-- ", " -->")
HASH = Comment("# ")


class Edited(Exception):
    """What is between the marks isn't as gt wrote it, or a mark is missing."""


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    names: frozenset[str]
    made: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What gt has to say in a file."""

    body: str
    """Ends with a newline."""
    comment: Comment
    head: str = ""
    """What must come first in the file, above the mark: then the whole file is gt's."""

    def put(self, text: str | None, name: str) -> str:
        """The text (None: no file) with this part in it, wanted by `name` and by whoever wants it already.

        Raises Edited where somebody has changed it, or the whole file is to be gt's and is somebody else's.
        """
        found = self._find(text or "")
        if text is None:
            return self.head + self._section({name}, made=True)
        newline = _newline(text)
        if found is None:
            if self.head:
                raise Edited
            return text + newline + self._section({name}, made=False).replace("\n", newline)
        section = self._section(found.names | {name}, made=found.made).replace("\n", newline)
        before = self.head.replace("\n", newline) if self.head else text[: found.start]
        return before + section + text[found.end :]

    def take(self, text: str | None, name: str) -> str | None:
        """The text without this part, if nobody but `name` wants it; None: without the file. Raises Edited."""
        found = self._find(text or "")
        if text is None or found is None or name not in found.names:
            return text
        if found.names != {name}:
            first, rest = text[found.start :].split("\n", 1)
            names = _listed(found.names - {name})
            return text[: found.start] + re.sub(r"\(.*?\)", f"({names})", first, count=1) + "\n" + rest
        before, after = text[: found.start], text[found.end :]
        if self.head:
            return None
        if found.made:
            return before + after or None
        return re.sub(r"\r?\n\Z", "", before) + after

    def _section(self, names: set[str] | frozenset[str], *, made: bool) -> str:
        first = f"gt setup ({_listed(names)}): begin{MADE if made else ''}"
        last = f"gt setup: end {_digest(self.head, self.body)}"
        mark = self.comment
        return f"{mark.opening}{first}{mark.closing}\n{self.body}{mark.opening}{last}{mark.closing}\n"

    def _find(self, text: str) -> _Found | None:
        opening, closing = re.escape(self.comment.opening), re.escape(self.comment.closing)
        begins = list(
            re.finditer(rf"^{opening}gt setup \((.*?)\): begin({MADE})?{closing}\r?\n", text, re.MULTILINE)
        )
        ends = list(re.finditer(rf"^{opening}gt setup: end (\w+){closing}\r?\n", text, re.MULTILINE))
        if not begins and not ends:
            return None
        if len(begins) != 1 or len(ends) != 1 or ends[0].start() < begins[0].end():
            raise Edited
        begin, end = begins[0], ends[0]
        before = text[: begin.start()] if self.head else ""
        body = text[begin.end() : end.start()]
        if _digest(before.replace("\r\n", "\n"), body.replace("\r\n", "\n")) != end[1]:
            raise Edited
        if self.head and end.end() != len(text):
            raise Edited
        return _Found(begin.start(), end.end(), frozenset(begin[1].split(", ")), begin[2] is not None)


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _newline(text: str) -> str:
    """How lines end there."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def _digest(head: str, body: str) -> str:
    return hashlib.sha256(f"{head}\0{body}".encode()).hexdigest()[:12]
