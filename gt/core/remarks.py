"""The notes of two versions of one Bead, together: none lost, none that was removed back again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from gt.core.bead import Note


def united(base: tuple[Note, ...], one: tuple[Note, ...], other: tuple[Note, ...]) -> tuple[Note, ...]:
    """The notes of both, by id, the oldest first.

    A note that one side removed or rewrote since the base, and the other left alone, is removed or rewritten. Where
    one id stands for two texts, the later note gets an id made from its own content.
    """
    if one in (base, other):
        return other
    if other == base:
        return one
    old, mine, yours = _named(base), _named(one), _named(other)
    found = []
    for name in mine.keys() | yours.keys():
        was, a, b = (notes.get(name) for notes in (old, mine, yours))
        if a in (b, was):
            found.append(b)
        elif b == was:
            found.append(a)
        else:
            found += [a, b]
    return tuple(sorted(_named(note for note in found if note).values(), key=_age))


def _named(notes: Iterable[Note]) -> dict[str, Note]:
    """The notes by their ids, no two with the same one."""
    named: dict[str, Note] = {}
    for note in sorted(notes, key=_age):
        known = named.setdefault(note.id, note)
        if known != note:
            content = f"{note.id}\0{note.at}\0{note.by}\0{note.text}".encode("utf-8", "backslashreplace")
            name = f"n-{hashlib.sha256(content).hexdigest()[:16]}"
            named[name] = replace(note, id=name)
    return named


def _age(note: Note) -> tuple[int, str, str, str]:
    return note.at, note.id, note.by, note.text
