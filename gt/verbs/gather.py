"""`gt convoy add`: Beads that are to be tracked together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt import lock
from gt.core.bead import Bead
from gt.core.convoy import check_open, gathered
from gt.core.draft import check_graph
from gt.store.amend import Amended, amend_all
from gt.store.ledger import Ledger, Message, Snapshot


def gather(ledger: Ledger, convoy: str, beads: Sequence[str], *, actor: str, now: int) -> tuple[Amended, ...]:
    """Make the Convoy of this whole id the parent of these Beads, in one commit, all or none.

    Raises IllegalMove where that is no Convoy, or it is over, or a Bead has another parent; Refused for a cycle.
    """

    def changed(snapshot: Snapshot, before: Mapping[str, Bead]) -> Mapping[str, Bead]:
        check_open(snapshot.get(convoy))
        after = {name: gathered(bead, convoy, now) for name, bead in before.items()}
        check_graph([bead for name, bead in after.items() if bead != before[name]], snapshot)
        return after

    message = Message(f"gather {len(beads)} Beads in {convoy}", "gather", actor, (convoy, *beads), now)
    # A submitted Bead isn't landing while what is wanted of it changes.
    with lock.hold(ledger.repo.gt_dir / "landing.lock"):
        return amend_all(ledger, beads, changed, message)
