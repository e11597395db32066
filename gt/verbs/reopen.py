"""`gt reopen`: what has ended is work again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt.core import moves
from gt.core.bead import Bead, Phase
from gt.core.town import Limits
from gt.store.amend import Amended, amend_all
from gt.store.ledger import Ledger, Message, Snapshot


def reopen(
    ledger: Ledger, beads: Sequence[str], limits: Mapping[str, Limits], *, actor: str, now: int
) -> tuple[Amended, ...]:
    """Open these Beads again, all or none; an open one stays as it is. Raises IllegalMove if one hasn't ended.

    `limits` has each Bead's, for the attempts that it gets anew.
    """

    def change(_snapshot: Snapshot, before: Mapping[str, Bead]) -> dict[str, Bead]:
        return {
            name: bead if bead.phase is Phase.OPEN else moves.reopen(bead, limits[name])
            for name, bead in before.items()
        }

    message = Message(f"reopen {', '.join(beads)}", "reopen", actor, tuple(beads), now)
    return amend_all(ledger, beads, change, message, settle=True)
