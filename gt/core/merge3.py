"""Two versions of one thing made one: the same whichever is named first, and nothing that anybody wrote lost.

A Bead's spec, notes and the rest are merged here, three ways where there is a base. Its status never is: `replay`
makes one side's moves again on the other. docs/sync.md has the rules in prose.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gt.core import fields, remarks
from gt.core.bead import Bead, FieldConflict, Status
from gt.core.data import bead_data
from gt.core.fields import Fields, Who
from gt.core.ids import ALPHABET, ID_DIGITS
from gt.core.joining import joined_status
from gt.core.wording import fit
from gt.errors import Conflict

if TYPE_CHECKING:
    from gt.core.page import Acknowledged, Page

__all__ = ["Fits", "Who", "joined", "loser", "merged", "merged_page", "new_id", "renamed"]

Fits = Callable[[Bead], bool]
"""Whether the Bead can be written: what a file takes, the core doesn't know."""

STEPS = (4000, 400, 40)
"""Characters left of each lost value and each attempt's reason, until the Bead fits."""

TOO_LARGE = "both versions together were too large for one file: this one is in the ledger's history"


def merged(
    base: Bead | None,
    one: Bead,
    other: Bead,
    status: Status,
    who: Who,
    *,
    fits: Fits = lambda _: True,
) -> Bead:
    """The Bead with both edits, and with this status. `one` and `other` have the same id and uid.

    Without a base nothing counts as removed. What does not fit is made shorter: lost values first, then what gt wrote
    of attempts; then the later of the two versions stands whole. Raises Conflict if even that doesn't fit.
    """
    assert (one.id, one.uid) == (other.id, other.uid)
    made = _both(base, one, other, status, who)
    for form in _lighter(made, one, other, who):
        if fits(form):
            return form
    raise Conflict(
        f"{one.id}: neither what both sides made of it nor the later side's version fits its file",
        hint=f"gt show {one.id}",
    )


def joined(
    one: Bead, other: Bead, *, who: Who = lambda bead: bead.created.by, fits: Fits = lambda _: True
) -> Bead:
    """The Bead that two unrelated ledgers both hold, under one id and uid: merged without a base, its status too."""
    return merged(None, one, other, joined_status(one.status, other.status), who, fits=fits)


def _both(base: Bead | None, one: Bead, other: Bead, status: Status, who: Who) -> Bead:
    merge = Fields(base, one, other, who)
    spec = merge.spec()
    extra = merge.unknown("", base.extra if base else {}, one.extra, other.extra)
    return Bead(
        id=one.id,
        uid=one.uid,
        created=min(one.created, other.created, key=lambda created: (created.at, created.by)),
        spec=spec,
        status=status,
        notes=remarks.united(base.notes if base else (), one.notes, other.notes),
        clock=merge.clock(),
        conflicts=fields.conflicts(
            base.conflicts if base else (), one.conflicts, other.conflicts, merge.lost
        ),
        extra=extra,
    )


def _lighter(made: Bead, one: Bead, other: Bead, who: Who) -> Iterator[Bead]:
    """The Bead, then ever shorter forms of it."""
    yield made
    for most in STEPS:
        yield _shortened(made, most)
    earlier, later = sorted((one, other), key=_lateness)
    lost = FieldConflict("spec", TOO_LARGE, who(earlier), _lateness(earlier)[0])
    kept = fields.conflicts((), later.conflicts, later.conflicts, (lost,))
    whole = replace(later, status=made.status, clock=made.clock, conflicts=kept)
    for most in STEPS:
        yield _shortened(whole, most)


def _shortened(bead: Bead, most: int) -> Bead:
    attempts = tuple(replace(each, reason=fit(each.reason, most)) for each in bead.status.attempts)
    kept = tuple(replace(each, lost=_shorter(each.lost, most)) for each in bead.conflicts)
    return replace(bead, status=replace(bead.status, attempts=attempts), conflicts=kept)


def _shorter(value: object, most: int) -> object:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= most else fit(text, most)


def _lateness(bead: Bead) -> tuple[int, str]:
    """When it was last edited or remarked on, and a text to break ties."""
    last = max((bead.created.at, *bead.clock.values(), *(note.at for note in bead.notes)))
    return last, json.dumps(bead_data(bead), sort_keys=True)


def merged_page(one: Page, other: Page) -> Page:
    """One call for a human, of two copies: what a person acknowledged stays so, and it is not sent again."""
    first = min(one, other, key=lambda page: (page.at, page.text))
    seen = [page.acknowledged for page in (one, other) if page.acknowledged]
    sent = [page.sent for page in (one, other) if page.sent is not None]

    def earliest(word: Acknowledged) -> tuple[int, str]:
        return word.at, word.by

    return replace(
        first,
        sends=max(one.sends, other.sends),
        tried=max((page.tried for page in (one, other) if page.tried is not None), default=None),
        sent=min(sent, default=None),
        acknowledged=min(seen, key=earliest, default=None),
    )


def loser(one: Bead, other: Bead) -> Bead:
    """Of two Beads that were given the same id, the one that gets a new one: the later created, then by uid."""
    return max(one, other, key=lambda bead: (bead.created.at, bead.uid))


def new_id(bead: Bead, again: int = 0) -> str:
    """Another id for this Bead, the same wherever it is asked for; `again` counts those that were taken, too."""
    seed = f"{bead.uid}\0{again}".encode("utf-8", "backslashreplace")
    number = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big")
    digits = "".join(ALPHABET[number >> 5 * i & 31] for i in range(ID_DIGITS))
    return f"{bead.id.partition('-')[0]}-{digits}"


def renamed(bead: Bead, names: Mapping[str, str]) -> Bead:
    """The Bead with these ids (old to new) replaced: its own, and those it needs, links to or is below; no texts."""

    def new(ids: frozenset[str]) -> frozenset[str]:
        return frozenset(names.get(each, each) for each in ids)

    spec = bead.spec
    parent = spec.parent and names.get(spec.parent, spec.parent)
    links = {kind: new(to) for kind, to in spec.links.items()}
    moved = replace(spec, needs=new(spec.needs), parent=parent, links=links)
    return replace(bead, id=names.get(bead.id, bead.id), spec=moved)
