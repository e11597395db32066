"""Proposing to take back what turned a target red: a revert if one can be made, else the task to make one.

Nothing of it happens by itself: a person accepts the proposal, or closes it.
"""

from __future__ import annotations

from gt.core.bead import Bead, Spec
from gt.core.draft import Draft, Origin, Rules
from gt.core.reverts import LINK
from gt.errors import Conflict, Refused
from gt.git.repo import Repo
from gt.store.ledger import Ledger
from gt.store.snapshot import Snapshot
from gt.verbs.propose import propose
from gt.verbs.revert import propose_revert

REASON = "it turned its target red"


def propose_to_take_back(repo: Repo, ledger: Ledger, bead: str, origin: Origin) -> bool:
    """Propose to revert what this Bead landed (whole id); whether that was new. Once ever: what a person closed stays so."""
    with ledger.read() as snapshot:
        if proposals(snapshot, bead):
            return False
        found = snapshot.get(bead)
    try:
        propose_revert(repo, ledger, bead, reason=REASON, origin=origin)
    except (Conflict, Refused) as error:
        body = f"{bead} turned its target red, and can't be taken back as it is: {error.message}"
        spec = Spec(
            title=f'Take back "{found.spec.title}"', type="bug", body=body, base=found.spec.base,
            priority=found.spec.priority, links={LINK: frozenset({bead})},
        )  # fmt: skip
        propose(ledger, [Draft(spec)], origin, Rules())
    return True


def proposals(snapshot: Snapshot, bead: str) -> tuple[Bead, ...]:
    """Every Bead that takes this one's landing back, or was to."""
    return snapshot.linked_to(bead, f"link:{LINK}")
