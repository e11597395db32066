"""Text of others made fit to be kept: whole characters only, and not more of them than anybody reads."""

from __future__ import annotations

MOST = 16_000
"""Characters that are kept of what a gate, an agent or git says about one thing."""


def whole(text: str) -> str:
    """The text with everything that UTF-8 can't hold escaped: names of files that aren't text, half characters."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def fit(text: str, most: int = MOST) -> str:
    """The text, whole, with its middle left out if it is longer than `most` characters."""
    sound = whole(text)
    if len(sound) <= most:
        return sound
    mark = f"\n[{len(sound) - most} characters left out]\n"
    room = max(0, most - len(mark))
    return sound[: room // 2] + mark + sound[len(sound) - (room - room // 2) :]
