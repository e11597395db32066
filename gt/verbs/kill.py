"""`gt kill`: ends what still runs of an attempt whose lease is over, found by its lock and its mark, never by name."""

from __future__ import annotations

import os

from gt import lock
from gt.core.bead import Bead
from gt.core.values import dataclass
from gt.core.world import ZOMBIE_GRACE
from gt.fleet import launch, places, records, roster, wrapping
from gt.git.repo import Repo
from gt.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Killed:
    """What a call came to."""

    bead: Bead
    processes: int
    """How many were ended."""

    @property
    def changed(self) -> bool:
        return self.processes > 0


def kill(repo: Repo, ledger: Ledger, bead: str, token: str, *, now: int) -> Killed:
    """Kill what holds the lock of this attempt though no lease goes with it, once its grace is over.

    Unchanged if the attempt is leased, its lock is free, or it may still be winding up.
    Raises Busy if its wrapper's own `kill` fails.
    """
    with ledger.read() as snapshot:
        found = snapshot.get(bead)
    path = roster.lock_path(repo, bead, token)
    lease = found.status.lease
    if (lease is not None and lease.token == token) or lock.is_free(path) is not False:
        return Killed(found, 0)
    attempt = found.attempt(token)
    since = attempt.end if attempt else int(os.stat(path).st_mtime)
    if now < since + ZOMBIE_GRACE:
        return Killed(found, 0)
    record = records.read(places.record_path(repo, bead, token))
    if record is not None:
        # First: should it fail, the lock is still held, and the next call tries again.
        wrapping.end_inside(record.kill)
    return Killed(found, launch.reap(roster.marker(repo, bead, token), path, None, None))
