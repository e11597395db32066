"""Times and durations as people write them, and as integers of seconds.

Inside gt a time is whole seconds since the epoch (UTC) and a duration is
whole seconds. Strings exist only at the edges: YAML, JSON, the command line.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from gt.errors import Refused

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = r"(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?"
_TIME = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_MARKS = ("-", "-", "T", ":", ":", "Z")
_END = 253370764800
"""The year 9999: later times have no text that all readers take."""
LONGEST = 100 * 365 * 86400
"""Seconds; a duration beyond it is a slip."""


def format_time(at: int) -> str:
    """`2026-11-22T20:00:00Z` for seconds since the epoch."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> int:
    """Seconds since the epoch for an ISO 8601 date or time; without an offset it is UTC.

    Raises Refused when the text is no time.
    """
    if _is_canonical(text) or re.fullmatch(_TIME, text, re.ASCII):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            seconds = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
            if 0 <= seconds < _END:
                return seconds
    raise Refused(f"not a time: {text!r} (write 2026-12-01 or 2026-12-01T09:00:00Z)")


def _is_canonical(text: str) -> bool:
    """Whether it has the form that `format_time` gives, as nearly every time that is read has."""
    return len(text) == 20 and (text[4], text[7], text[10], text[13], text[16], text[19]) == _MARKS


def format_duration(seconds: int) -> str:
    """The largest single unit that is exact, else two or more: `90s` is `1m30s`; 0 is `0s`."""
    parts: list[str] = []
    rest = seconds
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_duration(text: str) -> int:
    """Seconds for `90s`, `20m`, `1h`, `3d`, `1h30m`. Raises Refused when the text is no duration."""
    found = re.fullmatch(_DURATION, text.strip(), re.ASCII)
    if not found or not text.strip():
        raise Refused(f"not a duration: {text!r} (write 90s, 20m, 1h or 3d)")
    seconds = sum(int(n) * _UNITS[u] for n, u in zip(found.groups(), "wdhms", strict=True) if n)
    if seconds > LONGEST:
        raise Refused(f"too long a duration: {text!r}")
    return seconds


def parse_past(text: str, now: int) -> int:
    """Seconds since the epoch for a time, or for how long ago: `2h`, `2h ago`, `3d`. Raises Refused for neither."""
    said = text.strip()
    if re.fullmatch(_TIME, said, re.ASCII):
        return parse_time(said)
    try:
        return max(0, now - parse_duration(said.removesuffix(" ago").rstrip()))
    except Refused:
        raise Refused(f"not a time: {text!r} (write 2h, 3d, 2026-12-01 or 2026-12-01T09:00:00Z)") from None
