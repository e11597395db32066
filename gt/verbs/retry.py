"""`gt retry`: a person gives a Bead another go, now."""

from __future__ import annotations

from gt.core import moves
from gt.core.bead import Bead
from gt.git.repo import Repo
from gt.store.amend import Amended, amend
from gt.store.ledger import Ledger, Message, Snapshot
from gt.store.targets import town_of


def retry(repo: Repo, ledger: Ledger, bead: str, attempts: int | None, *, actor: str, now: int) -> Amended:
    """Open the stuck or waiting Bead with this whole id, with at least so many attempts left (default: the town's).

    Unchanged if it is open, waits for no time and has them. Raises IllegalMove from other phases.
    """

    def change(_snapshot: Snapshot, before: Bead) -> Bead:
        return moves.retry(before, attempts, town_of(repo, before).limits)

    message = Message(f"retry {bead}", "retry", actor, (bead,), now)
    return amend(ledger, bead, change, message, settle=True)
