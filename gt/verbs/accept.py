"""`gt accept`: a person makes proposals work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt.core import moves
from gt.core.bead import Bead, Phase
from gt.store.amend import Amended, amend_all
from gt.store.ledger import Ledger, Message, Snapshot


def accept(ledger: Ledger, beads: Sequence[str], *, actor: str, now: int) -> tuple[Amended, ...]:
    """Open these proposals, all or none; one that is work already stays as it is. Raises IllegalMove if one has ended."""

    def change(_snapshot: Snapshot, before: Mapping[str, Bead]) -> dict[str, Bead]:
        return {
            name: moves.accept(bead) if bead.phase is Phase.PROPOSED or bead.phase.over else bead
            for name, bead in before.items()
        }

    message = Message(f"accept {', '.join(beads)}", "accept", actor, tuple(beads), now)
    return amend_all(ledger, beads, change, message, settle=True)
