"""A look at the remote through which several machines work the town, and taking over what is new there."""

from __future__ import annotations

from dataclasses import dataclass

from gt.core.bead import Phase
from gt.drive.hands import Hands
from gt.errors import GtError, Refused
from gt.git import refs
from gt.store.ledger import LEDGER
from gt.store.targets import shared_through, targets

PATIENCE = 30.0
"""Seconds that a pass waits for a remote to say where its refs are."""


@dataclass(frozen=True, slots=True)
class Met:
    """What a look came to."""

    remote: str
    changed: bool = False
    """Whether anything was taken over or sent."""
    error: GtError | None = None
    """Why not; what the remote has is unknown then."""


def meet(hands: Hands) -> Met | None:
    """Look at the town's remote; None in a town of one machine. Where nothing is new on either side nothing is written.

    What goes wrong is returned, never raised: a pass goes on with what is known here.
    """
    try:
        remote = shared_through(hands.repo)
    except Refused:  # the settings can't be read: that is told as the target's trouble
        return None
    if remote is None:
        return None
    try:
        return Met(remote, _taken(hands, remote))
    except GtError as error:
        return Met(remote, error=error)


def _taken(hands: Hands, remote: str) -> bool:
    from gt.refinery import upstream

    repo = hands.repo
    with hands.ledger.read() as snapshot:
        wanted = upstream.missing_work(repo, snapshot.in_phase(Phase.SUBMITTED))
    names = targets(repo)
    found = upstream.look(repo, remote, names, (LEDGER, *wanted), patience=PATIENCE)
    work = any(ref in found and refs.read(repo, ref) is None for ref in wanted)
    behind = any(upstream.can_follow(repo, name) for name in names)
    if found.get(LEDGER) == hands.ledger.tip() and not work and not behind:
        return False
    from gt.verbs.sync import sync

    done = sync(hands.ledger, remote, send=True, restore=False, actor=hands.actor, now=hands.clock())
    return bool(done.report.sent or done.report.received or done.brought or work)
