"""How the state of a Bead is coloured in pictures; the state is always written beside it, too."""

from __future__ import annotations

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


def fill(state: str) -> str:
    """The background of a Bead in this state (`gt.core.network.Network.state`), as `#rrggbb`."""
    return _FILLS[state]


def fills() -> tuple[tuple[str, str], ...]:
    """Every state with its background."""
    return tuple(_FILLS.items())
