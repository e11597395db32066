"""Members of gt's own in a JSON file of somebody else's, comments and all: put in as text, and found again as text.

JSON has no place for a mark: what is exactly as gt writes it is gt's. The rest of the file stays as it is, byte for
byte; `put` takes nothing for done that `take` wouldn't undo.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from gt.core.values import dataclass

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|[^"/{}\[\],:\s]+|\s+|.', re.DOTALL)


class Theirs(Exception):
    """There is an entry of that name which isn't as gt writes it."""


class Unreadable(Exception):
    """The file is no JSON object, not even with comments, or has something else where the members belong."""


@dataclass(frozen=True, slots=True)
class Members:
    """What gt adds to an object, or a list, at the top of a file."""

    container: str
    """Under which name that is: `mcpServers`, `tasks`."""
    entries: dict[str, Any] | list[Any]
    beside: dict[str, Any]
    """What a file needs beside it that hasn't got it yet."""

    def put(self, text: str | None) -> str:
        """The text (None: no file) with the members; as it is where they are there. Raises Theirs or Unreadable."""
        if text is None:
            return self._new()
        data = _parse(text)
        held = data.get(self.container, type(self.entries)())
        if not isinstance(held, type(self.entries)):
            raise Unreadable
        if self._there(held):
            return text
        if self._names(held) & self._names(self.entries):
            raise Theirs
        newline = "\r\n" if "\r\n" in text else "\n"
        at = _opening(text, self.container if self.container in data else None)
        inner = self._lines() if self.container in data else self._wrapped(data)
        for tail in self._tails(text, at):
            new = text[:at] + (inner + tail).replace("\n", newline) + text[at:]
            if self._is(new, text) and self.take(new) == text:
                return new
        raise Unreadable

    def take(self, text: str | None) -> str | None:
        """The text without the members; None: without the file. Raises Theirs where they aren't as gt writes them."""
        if text is None or text.replace("\r\n", "\n") == self._new():
            return None
        data = _parse(text)
        held = data.get(self.container)
        if not isinstance(held, type(self.entries)) or not self._names(held) & self._names(self.entries):
            return text
        for at, written in self._ways(text, data):
            for newline in ("\n", "\r\n"):
                ours = written.replace("\n", newline)
                rest = text[:at] + text[at + len(ours) :]
                if text.startswith(ours, at) and self._is(text, rest):
                    return rest
        raise Theirs

    def _new(self) -> str:
        whole = {**self.beside, self.container: self.entries}
        return json.dumps(whole, indent=2) + "\n"

    def _lines(self) -> str:
        """The members as lines of their own, without what comes after."""
        printed = json.dumps(self.entries, indent=2).splitlines()[1:-1]
        return "\n" + "\n".join(f"  {line}" for line in printed)

    def _wrapped(self, data: dict[str, Any]) -> str:
        """The members in a container of their own."""
        needed = {key: value for key, value in self.beside.items() if key not in data}
        return "\n" + "\n".join(
            json.dumps({**needed, self.container: self.entries}, indent=2).splitlines()[1:-1]
        )

    def _tails(self, text: str, at: int) -> tuple[str, ...]:
        """What may come after the members: a comma where others follow."""
        rest = (token for token in _tokens(text, at) if not token.isspace() and token[:2] not in {"//", "/*"})
        if next(rest, "") not in {"}", "]"}:
            return (",",)
        return ("\n  ", "\n", " ", "") if text[at : at + 1] in {"}", "]"} else ("", "\n", " ", "\n  ")

    def _ways(self, text: str, data: dict[str, Any]) -> Iterator[tuple[int, str]]:
        """Where the members may stand, and as which text, the longest first."""
        less = {key: value for key, value in data.items() if key not in {*self.beside, self.container}}
        root = _opening(text, None)
        for base in (less, {**less, **{key: data[key] for key in self.beside if key in data}}):
            yield from ((root, self._wrapped(base) + tail) for tail in (",", "\n  ", "\n", " ", ""))
        inside = _opening(text, self.container)
        yield from ((inside, self._lines() + tail) for tail in (",", "\n  ", "\n", " ", ""))

    def _is(self, new: str, old: str) -> bool:
        """Whether one text says what the other says, and the members."""
        try:
            found, data = _parse(new), _parse(old)
        except Unreadable:
            return False
        held = data.get(self.container, type(self.entries)())
        both = {**self.entries, **held} if isinstance(self.entries, dict) else [*self.entries, *held]
        needed = {} if self.container in data else self.beside
        return found == {**needed, **data, self.container: both}

    def _there(self, held: Any) -> bool:
        if isinstance(self.entries, dict):
            return all(held.get(name) == value for name, value in self.entries.items())
        return all(entry in held for entry in self.entries)

    def _names(self, held: Any) -> set[str]:
        if isinstance(held, dict):
            return set(held)
        return {str(each["label"]) for each in held if isinstance(each, dict) and "label" in each}


def _tokens(text: str, at: int = 0) -> Iterator[str]:
    yield from (found[0] for found in _TOKEN.finditer(text, at))


def _parse(text: str) -> dict[str, Any]:
    """The object in a text that may have comments, and commas after the last of several. Raises Unreadable."""
    kept: list[str] = []
    for word in _tokens(text.removeprefix("\ufeff")):
        if word.isspace() or word[:2] in {"//", "/*"}:
            continue
        if word in {"}", "]"} and kept and kept[-1] == ",":
            kept.pop()
        kept.append(word)
    try:
        found = json.loads(" ".join(kept))
    except ValueError:
        raise Unreadable from None
    if not isinstance(found, dict):
        raise Unreadable
    return found


def _opening(text: str, name: str | None) -> int:
    """Where the inside of the object begins; with a name, that of its member. Raises Unreadable."""
    depth, key, at = 0, "", 0
    for found in _TOKEN.finditer(text):
        word = found[0]
        if word in {"{", "["}:
            if (name is None and depth == 0) or (name is not None and depth == 1 and key == json.dumps(name)):
                at = found.end()
                if name is None:
                    return at
            depth += 1
        elif word in {"}", "]"}:
            depth -= 1
        elif word.startswith('"') and depth == 1:
            key = word
        elif word == "," and depth == 1:
            key = ""
    if not at:
        raise Unreadable
    return at
