"""`gt edit`: people want something else."""

from __future__ import annotations

from collections.abc import Callable

from gt.core.bead import Spec
from gt.core.draft import Rules
from gt.store.amend import Amended
from gt.store.ledger import Ledger, Message
from gt.store.respec import respec


def edit(
    ledger: Ledger, bead: str, change: Callable[[Spec], Spec], rules: Rules, *, actor: str, now: int
) -> Amended:
    """Apply `change` to the spec of the Bead with this whole id.

    `change` is pure, and sees the spec as it is under the ledger's lock. Raises what `change` raises, and Refused
    for a type, base, need or parent that can't be.
    """
    return respec(ledger, bead, change, Message(f"edit {bead}", "edit", actor, (bead,), now), rules)
