"""`gt accept`: a person makes proposals work; one that came with its work is submitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gt.core import moves
from gt.core.bead import Attempt, Bead, Phase, Result
from gt.core.edit import spec_digest
from gt.store.amend import Amended, amend_all
from gt.store.ledger import Ledger, Message, Snapshot


def accept(ledger: Ledger, beads: Sequence[str], *, actor: str, now: int) -> tuple[Amended, ...]:
    """Open these proposals, all or none; one that is work already stays as it is. Raises IllegalMove if one has ended.

    A proposal that came with a commit is offered for landing instead, in this actor's name.
    """

    def change(_snapshot: Snapshot, before: Mapping[str, Bead]) -> dict[str, Bead]:
        return {name: _accepted(bead, actor, now) for name, bead in before.items()}

    message = Message(f"accept {', '.join(beads)}", "accept", actor, tuple(beads), now)
    return amend_all(ledger, beads, change, message, settle=True)


def _accepted(bead: Bead, actor: str, now: int) -> Bead:
    sub = bead.status.submission
    if bead.phase is Phase.PROPOSED and sub is not None:
        offered = replace(sub, at=now, by=actor, spec=spec_digest(bead.spec))
        attempt = Attempt(sub.token, sub.agent, now, now, Result.SUBMITTED, head=sub.commit, commits=1)
        return moves.admit(bead, offered, attempt)
    return moves.accept(bead) if bead.phase is Phase.PROPOSED or bead.phase.over else bead
