"""Lines of JSON from anybody: read one at a time, each within bounds, and each that can't be read told with its number.

Knows nothing of what a line says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import field
from io import BytesIO
from typing import IO, Any

from gt.core.values import dataclass

MAX_LINE = 2 * 1024 * 1024
"""Bytes of a line. A Bead has at most 256 KiB, which JSON's escapes can make six times longer."""

MAX_DEPTH = 20
"""Collections inside collections: what canonical YAML can hold, less where it comes to lie."""

MAX_KEY = 80
"""Characters of a key; escaped, so many fit into one of canonical YAML."""

MAX_LINES = 1_000_000

_MARKERS = (b"<<<<<<< ", b">>>>>>> ", b"||||||| ")
_HALF = re.compile("[\ud800-\udfff]")


class Unreadable(ValueError):
    """Why a line is not the plain data it should be."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that isn't blank."""

    number: int
    """Counted from 1."""
    data: dict[str, Any] = field(default_factory=dict)
    wrong: str = ""
    """Why it can't be read: then there is no data."""
    mended: bool = False
    """Whether it had half characters, which are now U+FFFD."""
    size: int = 0
    """In bytes."""


def lines(stream: IO[bytes]) -> Iterator[Line]:
    """Every line that isn't blank. A byte order mark and carriage returns don't count."""
    number = 0
    while raw := stream.readline(MAX_LINE + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > MAX_LINE and not raw.endswith(b"\n"):
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(MAX_LINE)
            yield Line(number, wrong=f"is longer than {MAX_LINE} bytes")
        elif number > MAX_LINES:
            yield Line(number, wrong=f"is one of more than {MAX_LINES} lines: the rest is not read")
            return
        elif raw.strip():
            yield _line(number, raw.strip())


def first(head: bytes) -> dict[str, Any]:
    """The first JSON object that a line in the head of a file holds; empty if there is none."""
    return next((line.data for line in lines(BytesIO(head)) if line.data), {})


def _line(number: int, raw: bytes) -> Line:
    if raw.startswith(_MARKERS) or raw == b"=======":
        return Line(number, wrong="is a conflict marker")
    try:
        text = raw.decode()
        data = DECODER.decode(text)
        if not isinstance(data, dict):
            raise Unreadable("is no JSON object")
        if text.count("[") + text.count("{") > MAX_DEPTH:
            check_depth(data, MAX_DEPTH)
        half = "\\u" in text and has_half(data)
    except UnicodeDecodeError as error:
        return Line(number, wrong=f"is not UTF-8 at byte {error.start}")
    except json.JSONDecodeError as error:
        return Line(number, wrong=f"is no JSON: {error.msg} at character {error.pos + 1}")
    except RecursionError:
        return Line(number, wrong=f"is nested deeper than {MAX_DEPTH} levels")
    except ValueError as error:
        return Line(number, wrong=str(error))
    return Line(number, mend(data) if half else data, mended=half, size=len(raw))


def check_depth(data: Any, left: int) -> None:
    """Raise Unreadable for collections nested deeper than so many levels."""
    if isinstance(data, dict | list):
        if not left:
            raise Unreadable(f"is nested deeper than {MAX_DEPTH} levels")
        for value in data.values() if isinstance(data, dict) else data:
            check_depth(value, left - 1)


def has_half(data: Any) -> bool:
    """Whether some text in it has half a character (a lone surrogate), which no UTF-8 can hold."""
    if isinstance(data, str):
        return not data.isascii() and _HALF.search(data) is not None
    if isinstance(data, dict):
        return any(has_half(key) or has_half(value) for key, value in data.items())
    return isinstance(data, list) and any(map(has_half, data))


def mend(data: Any) -> Any:
    """The same with U+FFFD in place of each half character."""
    if isinstance(data, str):
        return _HALF.sub("\ufffd", data)
    if isinstance(data, dict):
        return {mend(key): mend(value) for key, value in data.items()}
    return [mend(value) for value in data] if isinstance(data, list) else data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unreadable(f"has the key {twice[:40]!r} twice")
    if data and len(max(data, key=len)) > MAX_KEY:
        raise Unreadable(f"has a key longer than {MAX_KEY} characters")
    return data


def _whole(digits: str) -> int:
    if len(digits) > 30:
        raise Unreadable("has a number of more than 30 digits")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Unreadable(f"has a number that is too large: {digits[:40]}")
    return number


def _constant(name: str) -> Any:
    raise Unreadable(f"has {name}, which is no JSON")


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_constant
)
"""Reads plain JSON within bounds. Raises JSONDecodeError, Unreadable, and RecursionError for what is nested too deep."""
