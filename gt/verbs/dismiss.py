"""`gt dismiss`: a person has seen what a merge of two clones' edits lost, and lets it go or takes it back."""

from __future__ import annotations

from collections.abc import Sequence

from gt.core.bead import Bead
from gt.core.draft import Rules
from gt.core.lost import lost_of, taken, without
from gt.store.amend import Amended
from gt.store.ledger import Ledger, Message
from gt.store.respec import reshape


def dismiss(
    ledger: Ledger, bead: str, named: Sequence[str], rules: Rules, *, take: bool, actor: str, now: int
) -> Amended:
    """Forget the lost values of these fields of the Bead with this whole id; with no name, all of them.

    `take` makes them the Bead's own first. Whatever is given up by that stays in the ledger's history. Unchanged if
    there are none. Raises NotFound for what is no field, and Refused for what can't be taken.
    """

    def change(before: Bead) -> Bead:
        lost = lost_of(before, named)
        return without(taken(before, lost) if take else before, lost)

    subject = f"{'take' if take else 'dismiss'} what a merge lost of {bead}"
    return reshape(ledger, bead, change, Message(subject, "dismiss", actor, (bead,), now), rules)
