"""A file of JSON objects from anybody: the items of an array, or objects that follow one another.

Knows nothing of what an item says. What can't be read is refused, with the line and the number of the item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from gt.core.values import dataclass
from gt.errors import Malformed
from gt.interop import jsonl

MAX_FILE = 256 * 1024 * 1024
"""Bytes of a file."""

_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Item:
    """One object."""

    line: int
    """Where it begins, counted from 1."""
    number: int
    """Which of them it is, counted from 1."""
    data: dict[str, Any]
    mended: bool
    """Whether it had half characters, which are now U+FFFD."""


def items(stream: IO[bytes], name: str) -> Iterator[Item]:
    """Every object of a file, in its order; `name` is what errors call it. Raises Malformed."""
    raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise Malformed(name, f"has more than {MAX_FILE} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(name, f"is not UTF-8 at byte {error.start}") from None
    line, seen = 1, 0
    for number, (start, data) in enumerate(_values(text, name), 1):
        line, seen = line + text.count("\n", seen, start), start
        if not isinstance(data, dict):
            raise Malformed(f"{name}:{line}", f"item {number} is no JSON object")
        half = jsonl.has_half(data)
        yield Item(line, number, jsonl.mend(data) if half else data, half)


def begins(head: bytes) -> dict[str, Any] | None:
    """The first object of a file that begins so; empty where there is none, None for what is no such file."""
    text = head.decode("utf-8-sig", "replace").lstrip()
    if not re.match(r"\{|\[\s*(\{|\]\s*(\[|\{|\Z))", text):
        return None
    try:
        found, _ = jsonl.DECODER.raw_decode(text, text.find("{") if "{" in text else len(text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _values(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Each value, with where it begins."""
    at = _after(text, 0)
    count = 0
    while at < len(text):
        inside = text[at] == "["
        at = _after(text, at + 1) if inside else at
        if inside and text[at : at + 1] == "]":
            at = _after(text, at + 1)
            continue
        while True:
            count += 1
            value, end = _value(text, at, name, count)
            yield at, value
            at = _after(text, end)
            if not inside:
                break
            if text[at : at + 1] not in (",", "]"):
                raise _wrong(text, at, name, f"after item {count}: neither a comma nor the end of the list")
            last = text[at] == "]"
            at = _after(text, at + 1)
            if last:
                break


def _after(text: str, at: int) -> int:
    """Where the white space that begins there ends."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, name: str, count: int) -> tuple[Any, int]:
    try:
        value, end = jsonl.DECODER.raw_decode(text, at)
        jsonl.check_depth(value, jsonl.MAX_DEPTH)
    except json.JSONDecodeError as error:
        raise _wrong(text, error.pos, name, f"item {count} is no JSON: {error.msg}") from None
    except RecursionError:
        raise _wrong(text, at, name, f"item {count} is nested deeper than {jsonl.MAX_DEPTH} levels") from None
    except ValueError as error:
        raise _wrong(text, at, name, f"item {count} {error}") from None
    return value, end


def _wrong(text: str, at: int, name: str, why: str) -> Malformed:
    return Malformed(f"{name}:{text.count(chr(10), 0, at) + 1}", why)
