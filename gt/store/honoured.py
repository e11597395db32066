"""Settings that the format knows and this version doesn't carry out: refused by name, never quietly ignored."""

from __future__ import annotations

from collections.abc import Iterator

from gt.core.town import Town
from gt.errors import Malformed


def check_honoured(town: Town, where: str) -> Town:
    """The same settings, if this version honours all of them. Raises Malformed for the first it doesn't."""
    for key, value in _not_yet(town):
        raise Malformed(where, f"{key}: this version can't do {value} yet; leave it out")
    return town


def _not_yet(town: Town) -> Iterator[tuple[str, str]]:
    for name, agent in town.agents.items():
        if agent.wrap is not None:
            yield f"agents.{name}.wrap", "isolation"
