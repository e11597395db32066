"""`gt stop`: a person ends a live attempt; its `gt work` is told, and winds it up as it does at every end."""

from __future__ import annotations

import signal

from gt import lock
from gt.core.bead import Bead, Lease
from gt.core.values import dataclass
from gt.errors import IllegalMove, Refused
from gt.fleet import processes, roster
from gt.fleet.places import place_of
from gt.git.repo import Repo
from gt.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Stopping:
    """A live attempt, and whether its `gt work` was told to end it."""

    bead: Bead
    lease: Lease
    told: bool
    """False: it is dead, and somebody else must end the attempt."""


def stop(repo: Repo, ledger: Ledger, bead: str, *, actor: str) -> Stopping:
    """Tell the `gt work` that holds this Bead to stop, in the name of a person; returns at once.

    Raises IllegalMove if it isn't leased, Refused if a person holds it or it is held elsewhere.
    """
    with ledger.read() as snapshot:
        found = snapshot.get(bead)
    lease = found.status.lease
    if lease is None:
        raise IllegalMove(bead, f"is {found.phase}: nothing of it runs", hint=f"gt show {bead}")
    if not lease.lock:
        raise Refused(f"{bead} is held by {lease.actor}, who works on it", hint=f"gt release {bead}")
    if lease.clone != roster.known_clone(repo):
        raise Refused(f"{bead} is worked on in another clone, on {lease.host}")
    place = place_of(repo, bead, lease)
    place.stop.parent.mkdir(parents=True, exist_ok=True)
    place.stop.write_text(actor, "utf-8")
    holder = processes.Process(lease.pid, lease.pidstart)
    # Whoever can write the ledger can name any process there; who holds the lock is the one.
    mine = lease.boot == processes.boot_id() and lease.pid in lock.holders(place.lock)
    told = mine and processes.send(holder, signal.SIGTERM)
    return Stopping(found, lease, told)
