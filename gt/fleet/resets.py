"""When an agent can be used again that ran into a limit of its model's server: from what it printed.

Such times come as an instant, an HTTP date, seconds since the epoch, a span, or a time of day, and from a program that
may say anything: what is found is kept within bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from gt.core.when import parse_time
from gt.errors import Refused

SOONEST, LATEST = 60, 7 * 86400
"""Seconds from the failure on: an earlier reset is none worth noting, a later one is looked at again by then."""

_LIMIT = re.compile(
    r"""\b(429|529|too[ ]many[ ]requests|overloaded\w*|resource[ _]exhausted|quota
    |(rate|usage|spending|session|weekly|daily|hourly|\d+-hour|request|token)[ _-]?limit\w*
    |hit[ ](your|the)\b[^\n]{0,30}\blimit|limit[ ](reached|exceeded))""",
    re.VERBOSE | re.IGNORECASE,
)

_WORD = r"(?:reset\w*|retry\w*|again|until|available|wait)"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_UNIT = r"(?:milliseconds?|ms|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)"
_SPAN_PART = re.compile(
    rf"(\d+(?:\.\d+)?)\s*({_UNIT})(?![a-z])|(\d+(?:\.\d+)?)({_UNIT})(?=\d)", re.IGNORECASE
)
_CLOCK = r"(\d{1,2})(?::(\d\d))?\s*([ap])?\.?(?:m\b\.?)?(?:\s*\(?((?:[A-Za-z_]+/[A-Za-z_/+-]+)|UTC|GMT)\)?)?"

_ISO = re.compile(
    rf"{_WORD}[^\n]{{0,60}}?(\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)",
    re.IGNORECASE,
)
_KEYED = re.compile(
    r"""(?:retry[-_ ]?after(?:[-_ ]?seconds)?|retry[-_ ]?delay|resets?[-_ ]?(?:at|in)?(?:[-_ ]?seconds)?)
    ["']?\s*[:=]\s*["']?([^"'\n]{1,40})""",
    re.VERBOSE | re.IGNORECASE,
)
_BARRED = re.compile(r"limit reached\|(\d{10,13})\b", re.IGNORECASE)
_SPAN = re.compile(
    rf"{_WORD}[^\n]{{0,40}}?\b(?:in|after|for|wait)\s+((?:\d+(?:\.\d+)?\s*{_UNIT}(?:\s*,?\s*(?:and\s+)?)?)+)",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"{_WORD}\s+(?:on\s+|at\s+)?({'|'.join(_MONTHS)})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?"
    rf"(?:,|\s)\s*(?:at\s+)?{_CLOCK}",
    re.IGNORECASE,
)
_TIME = re.compile(rf"{_WORD}\s+(?:at\s+)?{_CLOCK}", re.IGNORECASE)


def speaks_of_limit(said: str) -> bool:
    """Whether these words are about a limit of a model's server."""
    return _LIMIT.search(said) is not None


def reset(said: str, at: int, zone: tzinfo | None = None) -> int | None:
    """When, after `at`, the limit that these words are about is over; None if they are about none, or don't say.

    `zone` is that of a time of day without one; None: this machine's.
    """
    if not speaks_of_limit(said):
        return None
    for look in _LOOKS:
        for found in look(said, at, zone):
            if found is not None:
                return _bounded(found, at)
    return None


def stated(value: str, at: int) -> int | None:
    """When a reset is that is given as a value: an instant, an HTTP date, seconds since the epoch or from `at` on."""
    found = _value(value.strip(), at)
    return None if found is None else _bounded(found, at)


def _bounded(found: float, at: int) -> int:
    return min(max(int(-(-found // 1)), at + SOONEST), at + LATEST)


def _value(text: str, at: int) -> float | None:
    if re.fullmatch(r"\d{1,15}(?:\.\d{1,9})?", text):
        number = float(text)
        if number < 1e9:
            return at + number
        return number if number < 1e12 else number / 1000
    span = _seconds(text)
    if span is not None:
        return at + span
    try:
        return parse_time(text)
    except Refused:
        pass
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _seconds(text: str) -> float | None:
    """The length of `2 h 5 min`, `14h23m45s`, `1.898s`, `500ms`; None for what is none."""
    parts = [(m[1] or m[3], m[2] or m[4]) for m in _SPAN_PART.finditer(text)]
    if not parts or not re.match(r"\d", text):
        return None
    return sum(float(count) * _UNITS[_unit(name.lower())] for count, name in parts)


def _unit(name: str) -> str:
    return "ms" if name == "ms" or name.startswith("milli") else name[0]


Look = Callable[[str, int, tzinfo | None], Iterator[float | None]]


def _instants(said: str, at: int, _zone: tzinfo | None) -> Iterator[float | None]:
    for found in _ISO.finditer(said):
        yield _value(found[1], at)
    for found in _BARRED.finditer(said):
        yield _value(found[1], at)


def _keyed(said: str, at: int, _zone: tzinfo | None) -> Iterator[float | None]:
    for found in _KEYED.finditer(said):
        value = found[1].strip().rstrip(",}] .")
        yield _value(value, at)
        yield _value(value.split()[0].rstrip(",}]"), at) if value else None


def _spans(said: str, at: int, _zone: tzinfo | None) -> Iterator[float | None]:
    for found in _SPAN.finditer(said):
        seconds = _seconds(found[1])
        yield None if seconds is None else at + seconds


def _dates(said: str, at: int, zone: tzinfo | None) -> Iterator[float | None]:
    for found in _DATE.finditer(said):
        month, day, year, *clock = found.groups()
        now = datetime.fromtimestamp(at, UTC).astimezone(_zone(clock[3], zone))
        time = _clock(clock[0], clock[1], clock[2])
        if time is None:
            continue
        try:
            then = now.replace(
                year=int(year or now.year),
                month=_MONTHS.index(month.lower()[:3]) + 1,
                day=int(day),
                hour=time[0],
                minute=time[1],
                second=0,
            )
            # Without a year, a day that is long over is one of the next.
            over = not year and then <= now - timedelta(days=180)
            yield (then.replace(year=now.year + 1) if over else then).timestamp()
        except ValueError:
            continue


def _times(said: str, at: int, zone: tzinfo | None) -> Iterator[float | None]:
    for found in _TIME.finditer(said):
        hour, minute, half, name = found.groups()
        time = _clock(hour, minute, half)
        if time is None:
            continue
        now = datetime.fromtimestamp(at, UTC).astimezone(_zone(name, zone))
        then = now.replace(hour=time[0], minute=time[1], second=0, microsecond=0)
        yield (then if then > now else then + timedelta(days=1)).timestamp()


_LOOKS: tuple[Look, ...] = (_instants, _keyed, _spans, _dates, _times)
"""In the order in which they leave the least to guess."""


def _clock(hour: str, minute: str | None, half: str | None) -> tuple[int, int] | None:
    """Hour and minute of `3pm`, `15:04`, `3:05 PM`; None for a bare number, and for what is no time."""
    if minute is None and half is None:
        return None
    hours, minutes = int(hour), int(minute or 0)
    if half is not None:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    return (hours, minutes) if hours < 24 and minutes < 60 else None


def _zone(name: str | None, zone: tzinfo | None) -> tzinfo | None:
    """The zone of this name, where this machine knows it; else the other."""
    if name is None:
        return zone
    if name.upper() in ("UTC", "GMT"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return zone
