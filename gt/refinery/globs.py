"""Patterns for paths of a tree: `*` and `?` within a name, `**` across names, all from the root of the tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


class Globs:
    """A set of patterns. One that names a directory covers all below it."""

    def __init__(self, patterns: Iterable[str], *, fold: bool = False) -> None:
        """`fold`: case doesn't matter, as on some file systems."""
        self._fold = fold
        plain = tuple(self._case(pattern.strip("/")) for pattern in patterns)
        self._patterns = tuple(_compiled(pattern) for pattern in plain)
        self._stems = tuple(_stem(pattern) for pattern in plain)

    def matches(self, path: str) -> bool:
        """Whether the path itself, or a directory above it, fits a pattern."""
        path = self._case(path)
        return any(pattern.fullmatch(path) for pattern in self._patterns)

    def touches(self, path: str) -> bool:
        """As `matches`; also for a path that stands where a directory of matching paths would be.

        A directory that becomes a symbolic link, a file or a submodule takes all below it along.
        """
        return self.matches(path) or self.may_hold(path)

    def may_hold(self, directory: str) -> bool:
        """Whether paths below a directory may fit a pattern."""
        directory = self._case(directory)
        return any(
            stem.startswith(f"{directory}/") or f"{directory}/".startswith(stem) for stem in self._stems
        )

    def _case(self, text: str) -> str:
        return text.casefold() if self._fold else text


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    out, at = [], 0
    while at < len(pattern):
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            out.append("(?:[^/]+/)*")
            at += 3
        elif pattern.startswith("**", at):
            out.append(".*")
            at += 2
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(pattern[at], re.escape(pattern[at])))
            at += 1
    return re.compile("".join(out) + "(?:/.*)?", re.DOTALL)


def _stem(pattern: str) -> str:
    """The part of a pattern before its first wildcard, cut back to whole names: where its paths must lie."""
    wild = re.search(r"[*?]", pattern)
    if wild is None:
        return f"{pattern}/"
    return pattern[: pattern.rfind("/", 0, wild.start()) + 1]
