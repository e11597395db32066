"""`gt convoy create`: a new Convoy, of Beads that exist."""

from __future__ import annotations

from collections.abc import Sequence

from gt import lock
from gt.core.bead import Bead, Phase, Spec
from gt.core.convoy import TYPE, gathered
from gt.core.draft import Draft, Origin, Rules
from gt.store.enrol import enrol
from gt.store.ledger import Ledger, Snapshot


def form(ledger: Ledger, title: str, beads: Sequence[str], origin: Origin) -> Bead:
    """Make a Convoy of this title the parent of these Beads, by their whole ids: one commit, all or none.

    Returns the Convoy. Raises NotFound, and IllegalMove for a Bead that has a parent.
    """

    def members(snapshot: Snapshot, made: tuple[Bead, ...]) -> tuple[Bead, ...]:
        return tuple(gathered(snapshot.get(bead), made[0].id, origin.now) for bead in beads)

    draft = Draft(Spec(title=title, type=TYPE))
    # A submitted Bead isn't landing while what is wanted of it changes.
    with lock.hold(ledger.repo.gt_dir / "landing.lock"):
        (convoy,) = enrol(ledger, (draft,), origin, Rules(), phase=Phase.OPEN, verb="form", also=members)
    return convoy
