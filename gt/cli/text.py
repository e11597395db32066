"""Text for people: what makes others' text harmless, columns, colours and relative times.

Knows nothing of Beads, streams or the environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple

from gt.core.when import format_time

_INVISIBLE: Final = (
    "\x7f-\x9f"  # DEL and the C1 controls
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, bidi
    "\u3164\ufeff\uffa0\ufff9-\ufffb"  # fillers, byte order mark, annotations
    "\ud800-\udfff"  # bytes that were not UTF-8
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # shorthand, music, tags, selectors
)
CONTROL: Final = f"\x00-\x08\x0b-\x1f{_INVISIBLE}"
"""The inside of a character class: all that may not reach a terminal, newline and tab excepted."""

_STYLES: Final = {
    "bold": 1,
    "dim": 2,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "blue": 34,
    "magenta": 35,
    "cyan": 36,
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Styled(NamedTuple):
    """Text with a style, for a terminal that shows colours; plain text elsewhere."""

    text: str
    style: str


Cell = str | Styled


@cache
def _control() -> re.Pattern[str]:
    return re.compile(f"[{CONTROL}]")


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def safe(text: str) -> str:
    """`text` with every control, bidi and zero-width character made visible; newlines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _control().sub(_escape, text)


def one_line(text: str) -> str:
    """As `safe`, for a place that holds one line: newlines and tabs are made visible too."""
    return safe(text).replace("\n", "\\n").replace("\t", "\\t")


def width(text: str) -> int:
    """Columns that safe text takes on a terminal."""
    if text.isascii():
        return len(text)
    import unicodedata

    columns = 0
    for char in text:
        if not unicodedata.combining(char):
            columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return columns


def shorten(text: str, columns: int) -> str:
    """The start of safe text that fits into so many columns, with `...` where something is missing."""
    if width(text) <= columns:
        return text
    room = max(columns - 3, 0)
    kept = text[:room]
    while kept and width(kept) > room:
        kept = kept[:-1]
    return (kept.rstrip() + "...")[: max(columns, 0)]


def paint(text: str, style: str) -> str:
    """Safe text in a style, as a terminal wants it."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def plain(text: str, _style: str) -> str:
    """The painter for where there are no colours."""
    return text


def table(
    rows: Iterable[Sequence[Cell]],
    *,
    columns: int | None = None,
    elastic: int = -1,
    painter: Callable[[str, str], str] = plain,
) -> list[str]:
    """Lines of aligned columns, two spaces apart.

    `columns` is the width to fit into (None: unlimited); only the `elastic`
    column is shortened for that. Cells are made safe here.
    """
    cells = [[cell if isinstance(cell, Styled) else Styled(cell, "") for cell in row] for row in rows]
    if not cells:
        return []
    texts = [[one_line(cell.text) for cell in row] for row in cells]
    widths = [max(map(width, column)) for column in zip(*texts, strict=True)]
    if columns is not None:
        elastic %= len(widths)
        others = sum(widths) - widths[elastic] + 2 * (len(widths) - 1)
        widths[elastic] = min(widths[elastic], max(columns - others, 12))
        for row in texts:
            row[elastic] = shorten(row[elastic], widths[elastic])
    return [
        _join(zip(texts_of, widths, (cell.style for cell in row), strict=True), painter)
        for texts_of, row in zip(texts, cells, strict=True)
    ]


def _join(row: Iterable[tuple[str, int, str]], painter: Callable[[str, str], str]) -> str:
    """One line of a table; no spaces are left at its end."""
    line = ""
    gap = ""
    for text, columns, style in row:
        if text:
            line += gap + (painter(text, style) if style else text)
            gap = ""
        gap += " " * (columns - width(text) + 2)
    return line


def length(seconds: int) -> str:
    """A span of time, roughly: its one largest unit (`59s`, `2m`, `3h`, `4d`)."""
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h"
    return f"{seconds // _DAY}d"


def relative(at: int, now: int) -> str:
    """A time as seen from now: `just now`, `5m ago`, `in 2h`; the date beyond 30 days."""
    apart = now - at
    if abs(apart) >= 30 * _DAY:
        return format_time(at)[:10]
    if abs(apart) < 5:
        return "just now" if apart >= 0 else "now"
    return f"{length(apart)} ago" if apart > 0 else f"in {length(-apart)}"
