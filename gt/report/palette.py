"""The colours of pictures and pages, by day and by night; whatever a colour says is always written beside it, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

INK: Final = "#1b1f24"
"""Text and lines; at least 7:1 against every fill (WCAG 2, level AAA)."""

_FILLS: Final = {
    "proposed": "#eceff3",
    "ready": "#d5f0d8",
    "waiting": "#ffffff",
    "leased": "#cfeef5",
    "submitted": "#d6e2ff",
    "landed": "#a9dcae",
    "closed": "#dfe2e6",
    "stuck": "#ffd0cc",
}

_NIGHT_FILLS: Final = {
    "proposed": "#2a313a",
    "ready": "#0f3f22",
    "waiting": "#12161b",
    "leased": "#0b3d4b",
    "submitted": "#1d2f63",
    "landed": "#14502a",
    "closed": "#343a42",
    "stuck": "#6a1a1a",
}

DAY: Final[Mapping[str, str]] = {
    "ink": INK,
    "page": "#f6f7f9",
    "panel": "#ffffff",
    "sunken": "#eceff3",
    "edge": "#767f8b",
    "faint": "#d3d8de",
    "quiet": "#4d5662",
    "link": "#0b4fa8",
    "focus": "#0b4fa8",
    "good": "#17692c",
    "bad": "#a61b13",
    "still": "#5c6672",
    "live": "#0a6478",
    **{f"state-{state}": colour for state, colour in _FILLS.items()},
}
"""By name: for text `ink quiet link good bad still live`, behind it `page panel sunken` and the states' fills."""

NIGHT: Final[Mapping[str, str]] = {
    "ink": "#e9edf2",
    "page": "#0e1216",
    "panel": "#161b21",
    "sunken": "#20262e",
    "edge": "#7f8a97",
    "faint": "#313943",
    "quiet": "#b0bac6",
    "link": "#8ebbff",
    "focus": "#8ebbff",
    "good": "#6fd08a",
    "bad": "#ff9d94",
    "still": "#a3aebb",
    "live": "#6fcfe4",
    **{f"state-{state}": colour for state, colour in _NIGHT_FILLS.items()},
}
"""The same names in the dark."""


def fill(state: str) -> str:
    """The background of a Bead in this state (`gt.core.network.Network.state`), as `#rrggbb`."""
    return _FILLS[state]


def fills() -> tuple[tuple[str, str], ...]:
    """Every state with its background."""
    return tuple(_FILLS.items())


def variables() -> str:
    """The colours as CSS: by day, by night where the reader's system is dark, and as `data-theme` on the root says."""
    night = _properties(NIGHT)
    return (
        f":root{{color-scheme:light;{_properties(DAY)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{night}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{night}}}\n"
    )


def _properties(colours: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in colours.items())
