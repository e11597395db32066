"""`gt sync`: this clone's ledger and a remote's become one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from gt.errors import Malformed
from gt.store.counterpart import counterpart
from gt.store.integrate import Merger
from gt.store.ledger import Ledger
from gt.store.sync import SyncReport, publish
from gt.store.targets import limits_of


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of a sync, and what of the ledger can't be read now."""

    report: SyncReport
    problems: tuple[Malformed, ...]


def sync(ledger: Ledger, remote: str | None, *, send: bool, restore: bool, actor: str, now: int) -> Synced:
    """Bring the ledger and the remote's together; None is the remote that the town is shared through.

    Raises what `store.sync.publish` does.
    """
    there = counterpart(ledger.repo, remote)
    merger = Merger(actor, now, partial(limits_of, ledger.repo))
    report = publish(ledger, there, merger, send=send, restore=restore)
    with ledger.read() as snapshot:
        return Synced(report, snapshot.problems())
