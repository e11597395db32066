"""`gt note`: a remark that stays with a Bead."""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Bead, Note
from gt.core.checks import MAX_TEXT
from gt.errors import Refused
from gt.store.amend import Amended, amend
from gt.store.ledger import Ledger, Message, Snapshot


def note(ledger: Ledger, bead: str, remark: Note) -> Amended:
    """Add a remark to the Bead with this whole id, unless one with the remark's id is there already.

    Raises Refused for a remark without text.
    """
    if not remark.text.strip():
        raise Refused("a note needs some text")
    if len(remark.text) > MAX_TEXT:
        raise Refused(f"a note has at most {MAX_TEXT} characters")

    def change(_snapshot: Snapshot, before: Bead) -> Bead:
        if any(known.id == remark.id for known in before.notes):
            return before
        return replace(before, notes=(*before.notes, remark))

    return amend(ledger, bead, change, Message(f"note on {bead}", "note", remark.by, (bead,), remark.at))
