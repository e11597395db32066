"""Two edits of one text as one text: line by line, and only where they don't touch."""

from __future__ import annotations

from collections import Counter

from gt.core.values import dataclass

MOST_LINES = 2_000
"""Lines between the first and the last change of an edit; what changes more is compared as a whole."""

MOST_PAIRS = 20_000
"""Pairs of equal lines in there. Comparing takes time for each: a text of nothing but blank lines has too many."""


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Lines of the base that an edit replaced: from `start` up to `end`, which may be none."""

    start: int
    end: int
    lines: tuple[str, ...]


def combined(base: str, one: str, other: str) -> str | None:
    """The base with both edits made, or None where they overlap, touch, or are too large to compare.

    What both changed alike is no overlap. The same whichever edit is named first.
    """
    old = base.splitlines(keepends=True)
    mine, yours = _hunks(old, one), _hunks(old, other)
    if mine is None or yours is None:
        return None
    made: list[str] = []
    at = 0
    last: _Hunk | None = None
    for hunk in sorted({*mine, *yours}, key=lambda hunk: (hunk.start, hunk.end)):
        # One edit's own hunks never touch, for a line that it kept lies between them.
        if last is not None and hunk.start <= last.end:
            return None
        made += old[at : hunk.start]
        made += hunk.lines
        at, last = hunk.end, hunk
    return "".join(made + old[at:])


def _hunks(old: list[str], text: str) -> list[_Hunk] | None:
    """What the edit changed, first to last; None if that is too much to find out."""
    from difflib import SequenceMatcher

    new = text.splitlines(keepends=True)
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    counts = Counter(after)
    if max(len(before), len(after)) > MOST_LINES or sum(counts[line] for line in before) > MOST_PAIRS:
        return None
    return [
        _Hunk(head + start, head + end, tuple(after[low:high]))
        for tag, start, end, low, high in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
