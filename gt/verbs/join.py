"""`gt join`: two towns that have nothing in common become one."""

from __future__ import annotations

from functools import partial

from gt.store.counterpart import counterpart
from gt.store.integrate import Merger
from gt.store.ledger import Ledger
from gt.store.sync import SyncReport, unite
from gt.store.targets import limits_of


def join(ledger: Ledger, remote: str, *, actor: str, now: int) -> SyncReport:
    """Bring the Beads of this clone's ledger into the remote's, which goes on; raises what `store.sync.unite` does."""
    merger = Merger(actor, now, partial(limits_of, ledger.repo))
    return unite(ledger, counterpart(ledger.repo, remote), merger)
