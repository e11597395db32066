"""Any other YAML, such as a person's edit: read by the C parser, and refused wherever YAML is more than plain data.

Knows events, not Beads. Scalars are resolved as in YAML 1.2's core schema, so `no` and `2026-12-01` are text.
"""

from __future__ import annotations

import re
from typing import Any

from gt.errors import GtError
from gt.store.canonical import MAX_DEPTH, MAX_KEY

MAX_NODES = 50_000
"""Scalars and collections in one file."""

_INT = re.compile(r"[-+]?[0-9]{1,30}\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?\Z")
_RADIX = re.compile(r"0o[0-7]{1,30}\Z|0x[0-9a-fA-F]{1,30}\Z")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Unreadable(Exception):
    """Why this text is not the plain data it should be; the border names the file."""


def parse(text: str) -> Any:
    """The data of one YAML document. Raises Unreadable, and GtError where the C parser isn't installed."""
    try:
        from _ruamel_yaml import CParser  # type: ignore[import-not-found]
    except ImportError:
        raise GtError(
            "ruamel.yaml's C parser is not installed", hint="pip install ruamel.yaml.clib"
        ) from None
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = CParser(text)
    try:
        return _Events(parser).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise Unreadable(f"{where}{error.problem or error.context or 'is not YAML'}") from None
    except YAMLError as error:
        raise Unreadable(" ".join(str(error).split())[:200]) from None
    finally:
        parser.dispose()


class _Events:
    """The parser's events, each looked at before it counts."""

    def __init__(self, parser: Any) -> None:
        self.parser = parser
        self.nodes = 0

    def document(self) -> Any:
        self.take("StreamStart")
        if self.parser.check_event() and self.name(self.parser.peek_event()) == "StreamEnd":
            raise Unreadable("is empty")
        start = self.take("DocumentStart")
        if start.version or start.tags:
            raise wrong(start, "a YAML directive is not allowed")
        data = self.node(self.parser.get_event(), MAX_DEPTH)
        self.take("DocumentEnd")
        end = self.parser.get_event()
        if self.name(end) != "StreamEnd":
            raise wrong(end, "a second document is not allowed")
        return data

    def take(self, name: str) -> Any:
        event = self.parser.get_event()
        if self.name(event) != name:
            raise wrong(event, f"unexpected {self.name(event)}")
        return event

    @staticmethod
    def name(event: Any) -> str:
        return type(event).__name__.removesuffix("Event")

    def node(self, event: Any, left: int) -> Any:
        name = self.name(event)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise wrong(event, f"more than {MAX_NODES} values")
        if name == "Alias":
            raise wrong(event, "an alias is not allowed")
        if event.anchor is not None:
            raise wrong(event, "an anchor is not allowed")
        if event.tag is not None:
            raise wrong(event, f"a tag is not allowed: {event.tag}"[:120])
        if name == "Scalar":
            return resolved(event) if event.style in (None, "") else event.value
        if not left:
            raise wrong(event, f"nested deeper than {MAX_DEPTH} levels")
        return self.mapping(left) if name == "MappingStart" else self.sequence(left)

    def sequence(self, left: int) -> list[Any]:
        items: list[Any] = []
        while self.name(event := self.parser.get_event()) != "SequenceEnd":
            items.append(self.node(event, left - 1))
        return items

    def mapping(self, left: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while self.name(event := self.parser.get_event()) != "MappingEnd":
            key = self.node(event, left - 1)
            if type(key) is not str:
                raise wrong(event, f"a key must be text, not {key!r}"[:120])
            if key == "<<" and event.style in (None, ""):
                raise wrong(event, "a merge key is not allowed")
            if len(key) > MAX_KEY:
                raise wrong(event, f"a key is longer than {MAX_KEY} characters")
            if key in data:
                raise wrong(event, f"the key {key!r} is there twice"[:120])
            data[key] = self.node(self.parser.get_event(), left - 1)
        return data


def wrong(event: Any, why: str) -> Unreadable:
    """An error that says where in the text the event was."""
    mark = event.start_mark
    return Unreadable(f"line {mark.line + 1}, column {mark.column + 1}: {why}")


def resolved(event: Any) -> Any:
    """What a plain scalar means in YAML 1.2's core schema, less infinities."""
    text = event.value
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _RADIX.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise wrong(event, f"a number is too large: {text}"[:120])
        return number
    return text
