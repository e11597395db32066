"""Patterns for paths of a tree: `*` and `?` within a name, `**` across names, all from the root of the tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import takewhile


class Globs:
    """A set of patterns. One that names a directory covers all below it."""

    def __init__(self, patterns: Iterable[str], *, fold: bool = False) -> None:
        """`fold`: case doesn't matter, as on some file systems."""
        self._fold = fold
        plain = tuple(self._case(pattern.strip("/")) for pattern in patterns)
        self._patterns = tuple(_compiled(pattern) for pattern in plain)
        self._stems = tuple(_stem(pattern) for pattern in plain)
        self._above = tuple(_exactly(above) for pattern in plain for above in _above(pattern))
        self._anywhere = tuple(_below(pattern) for pattern in plain if "**" in pattern)

    def matches(self, path: str) -> bool:
        """Whether the path itself, or a directory above it, fits a pattern."""
        path = self._case(path)
        return any(pattern.fullmatch(path) for pattern in self._patterns)

    def touches(self, path: str, *, link: bool = False) -> bool:
        """As `matches`; also for a path that stands where a directory of matching paths would be.

        A directory that becomes a file, a symbolic link or a submodule takes all below it along. `link`: the path is one
        of the latter two, which may lead to anything: below a `**` it counts wherever it is.
        """
        path = self._case(path)
        fits = (*self._patterns, *self._above, *(self._anywhere if link else ()))
        return any(pattern.fullmatch(path) for pattern in fits)

    def may_hold(self, directory: str) -> bool:
        """Whether paths below a directory may fit a pattern."""
        directory = self._case(directory)
        return any(
            stem.startswith(f"{directory}/") or f"{directory}/".startswith(stem) for stem in self._stems
        )

    def _case(self, text: str) -> str:
        return text.casefold() if self._fold else text


@lru_cache(maxsize=512)
def rests_below(pattern: str, directory: str) -> frozenset[str]:
    """The patterns for what a pattern fits below a directory, from there on, in whatever case; none: it fits nothing there."""
    names = pattern.strip("/").casefold().split("/")
    found = _from(names, 0)
    for part in directory.casefold().split("/"):
        found = {rest for names in found for rest in _after(names, part)}
    return frozenset("/".join(rest) for rest in found if rest)


def _from(names: Sequence[str], at: int) -> set[tuple[str, ...]]:
    """What is left of a pattern from a name on; `**` may stand for nothing."""
    rest = tuple(names[at:])
    return {rest, *(_from(names, at + 1) if rest[:1] == ("**",) else ())}


def _after(names: tuple[str, ...], part: str) -> set[tuple[str, ...]]:
    """What may be left of a pattern once a name of a path is taken from it."""
    if not names:
        return set()
    if "**" in names[0]:  # how far one in the midst of a name goes isn't told
        return _from(names, 0) if names[0] == "**" else {("**",)}
    return _from(names, 1) if _exactly(names[0]).fullmatch(part) else set()


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_regex(pattern) + "(?:/.*)?", re.DOTALL)


@lru_cache(maxsize=512)
def _exactly(pattern: str) -> re.Pattern[str]:
    return re.compile(_regex(pattern), re.DOTALL)


@lru_cache(maxsize=512)
def _below(pattern: str) -> re.Pattern[str]:
    """What lies where the first `**` of a pattern may lead."""
    return re.compile("".join(f"{_regex(above)}/" for above in _above(pattern)[-1:]) + ".*", re.DOTALL)


def _above(pattern: str) -> tuple[str, ...]:
    """The directories of a pattern before its first `**`, from the root on."""
    *names, _ = pattern.split("/")
    plain = tuple(takewhile(lambda name: "**" not in name, names))
    return tuple("/".join(plain[: count + 1]) for count in range(len(plain)))


def _regex(pattern: str) -> str:
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
    return "".join(out)


def _stem(pattern: str) -> str:
    """The part of a pattern before its first wildcard, cut back to whole names: where its paths must lie."""
    wild = re.search(r"[*?]", pattern)
    if wild is None:
        return f"{pattern}/"
    return pattern[: pattern.rfind("/", 0, wild.start()) + 1]
