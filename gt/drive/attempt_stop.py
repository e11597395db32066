"""`gt stop` to its end: told, waited for, and where nobody is left to wind it up, wound up here."""

from __future__ import annotations

import time

from gt.core.bead import Bead
from gt.drive.hands import Hands
from gt.fleet import processes
from gt.verbs.expire import expire
from gt.verbs.stop import Stopping, stop

PATIENCE = 20.0
"""Seconds beyond the agent's grace in which its `gt work` may wind the attempt up."""

_LOOK = 0.05


def stop_attempt(hands: Hands, bead: str, grace: float = 10.0) -> Bead:
    """End the attempt at the Bead with this whole id; returns the Bead once the lease is over.

    Its `gt work` gets the agent's grace and some; after that, or where it is dead, everything of it is killed.
    Raises what `stop` and `expire` raise.
    """
    stopping = stop(hands.repo, hands.ledger, bead, actor=hands.actor)
    if stopping.told:
        after = _waited(hands, stopping, grace + PATIENCE)
        if after is not None:
            return after
    token = stopping.lease.token
    ended = expire(
        hands.repo, hands.ledger, bead, token, actor=hands.actor, now=hands.clock(), stopped=hands.actor
    )
    return ended.bead


def _waited(hands: Hands, stopping: Stopping, seconds: float) -> Bead | None:
    """The Bead once its lease is over; None if that doesn't come about."""
    lease = stopping.lease
    until = time.monotonic() + seconds
    while True:
        alive = processes.start_time(lease.pid) == lease.pidstart
        with hands.ledger.read() as snapshot:
            bead = snapshot.get(stopping.bead.id)
        if bead.status.lease is None or bead.status.lease.token != lease.token:
            return bead
        if not alive or time.monotonic() >= until:
            return None
        time.sleep(_LOOK)
