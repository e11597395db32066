"""A look at the remote through which several machines work the town, and taking over what is new there."""

from __future__ import annotations

from gt.core.bead import Phase
from gt.core.values import dataclass
from gt.drive.hands import Hands
from gt.errors import GtError, Refused
from gt.git import refs
from gt.store.ledger import LEDGER
from gt.store.sending import OFFERED
from gt.store.settings import town_at
from gt.store.targets import shared_through, targets, tip

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
    shared: bool = True
    """Whether the town is worked through it; else only targets were looked at, on which others land."""


def meet(hands: Hands) -> Met | None:
    """Look at the town's remote; None in a town of one machine, unless others are to land something there.

    Where nothing is new on either side nothing is written.

    What goes wrong is returned, never raised: a pass goes on with what is known here.
    """
    try:
        remote = shared_through(hands.repo)
    except Refused:  # the settings can't be read: that is told as the target's trouble
        return None
    if remote is None:
        return _where_others_land(hands)
    try:
        return Met(remote, _taken(hands, remote))
    except GtError as error:
        return Met(remote, error=error)


def _where_others_land(hands: Hands) -> Met | None:
    """Bring targets along on which others are to land what was offered to them; None where nothing is."""
    repo = hands.repo
    with hands.ledger.read() as snapshot:
        subs = [bead.status.submission for bead in snapshot.in_phase(Phase.SUBMITTED)]
    offered = {sub.base for sub in subs if sub and sub.offered}
    remote, changed = "", False
    try:
        for name in sorted(offered.intersection(targets(repo)) if offered else ()):
            remote = town_at(repo, tip(repo, name)).refinery.push or ""
            changed |= bool(remote) and _brought(hands, name, remote)
    except GtError as error:
        return Met(remote, changed, error, shared=False)
    return Met(remote, changed, shared=False) if remote else None


def _brought(hands: Hands, target: str, remote: str) -> bool:
    from gt.refinery import upstream

    repo = hands.repo
    upstream.look(repo, remote, [target], patience=PATIENCE)
    if not upstream.can_follow(repo, target):
        return False
    why = f"gt reconcile: as on {remote}"
    return bool(upstream.follow_all(repo, [target], why, hands.actor, hands.clock())[0])


def _taken(hands: Hands, remote: str) -> bool:
    from gt.refinery import upstream

    repo = hands.repo
    with hands.ledger.read() as snapshot:
        wanted = upstream.missing_work(repo, snapshot.in_phase(*OFFERED))
    names = targets(repo)
    found = upstream.look(repo, remote, names, (LEDGER, *wanted), patience=PATIENCE)
    work = any(ref in found and refs.read(repo, ref) is None for ref in wanted)
    behind = any(upstream.can_follow(repo, name) for name in names)
    if found.get(LEDGER) == hands.ledger.tip() and not work and not behind:
        return False
    from gt.verbs.sync import sync

    done = sync(hands.ledger, remote, send=True, restore=False, actor=hands.actor, now=hands.clock())
    return bool(done.report.sent or done.report.received or done.brought or work)
