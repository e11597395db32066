"""`gt landed`: the ledger takes note of a landing that the target already has."""

from __future__ import annotations

from gt.core import moves
from gt.core.bead import Bead, Phase
from gt.errors import IllegalMove
from gt.git.repo import Repo
from gt.refinery.landed import derive
from gt.store.amend import Amended, amend
from gt.store.ledger import Ledger, Message, Snapshot


def landed(repo: Repo, ledger: Ledger, bead: str, token: str, *, actor: str, now: int) -> Amended:
    """Record that the submission of this Bead (whole id) under this token has landed.

    Looks at the target itself; unchanged if it is recorded already. Raises IllegalMove if the target doesn't have
    it, or the Bead has another submission.
    """

    def change(snapshot: Snapshot, before: Bead) -> Bead:
        sub = before.status.submission
        if sub is None or sub.token != token:
            raise IllegalMove(bead, f"has nothing submitted under {token}", hint=f"gt show {bead}")
        if before.phase is Phase.LANDED:
            return before
        found = derive(repo, [before], [sub.base], snapshot.state().acknowledged).get(bead)
        if found is None and before.phase is Phase.SUBMITTED:
            raise IllegalMove(bead, f"is not on {sub.base}", hint="gt queue")
        return before if found is None else moves.land(before, found)

    message = Message(f"land {bead} under {token}", "landed", actor, (bead,), now)
    return amend(ledger, bead, change, message)
