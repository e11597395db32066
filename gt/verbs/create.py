"""`gt create`: new work."""

from __future__ import annotations

from collections.abc import Sequence

from gt.core.bead import Bead, Phase
from gt.core.draft import Draft, Origin, Rules
from gt.store.enrol import enrol
from gt.store.ledger import Ledger


def create(ledger: Ledger, drafts: Sequence[Draft], origin: Origin, rules: Rules) -> tuple[Bead, ...]:
    """Make the drafts open Beads, in one commit; returns them in the order of the drafts.

    Raises Refused for a draft that names what doesn't exist, or that could never start; then nothing has changed.
    """
    return enrol(ledger, drafts, origin, rules, phase=Phase.OPEN, verb="create")
