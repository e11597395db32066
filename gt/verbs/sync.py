"""`gt sync`: this clone's ledger and a remote's become one; in a town of several machines all else that they share, too."""

from __future__ import annotations

from functools import partial

from gt.core.values import dataclass
from gt.errors import Malformed, Refused
from gt.git.repo import Repo
from gt.refinery import upstream
from gt.store.counterpart import counterpart
from gt.store.hub import Hub
from gt.store.integrate import Merger
from gt.store.ledger import Ledger
from gt.store.sending import OFFERED
from gt.store.sync import SyncReport, publish
from gt.store.targets import limits_of, shared_through, targets


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of a sync, and what of the ledger can't be read now."""

    report: SyncReport
    problems: tuple[Malformed, ...]
    brought: tuple[tuple[str, str], ...] = ()
    """Targets that were brought to where the remote has them: name and commit."""
    behind: tuple[tuple[str, str], ...] = ()
    """Those that could not be, and why."""


def sync(
    ledger: Ledger,
    remote: str | None,
    *,
    send: bool,
    restore: bool,
    follow: bool = True,
    actor: str,
    now: int,
) -> Synced:
    """Bring the ledger and the remote's together; None is the remote that the town is shared through.

    Where several machines work the town through this remote, the submitted work goes before the ledger, that of the
    other machines is fetched, and targets that are only behind the remote's are brought to where that has them, unless
    a merge is at work here, or `follow` says no. Raises what `store.sync.publish` does.
    """
    repo = ledger.repo
    shared = _shared(repo)
    there = counterpart(repo, remote or shared)
    merger = Merger(actor, now, partial(limits_of, repo))
    if there.remote != shared:
        report = publish(ledger, there, merger, send=send, restore=restore)
        with ledger.read() as snapshot:
            return Synced(report, snapshot.problems())
    report = Hub(ledger, there, merger).sync(send=send, restore=restore)
    with ledger.read() as snapshot:
        problems, offered = snapshot.problems(), snapshot.in_phase(*OFFERED)
    # After the ledger: what that has as landed is there by then, or was taken away.
    upstream.look(repo, shared, targets(repo))
    upstream.bring_work(repo, shared, offered)
    if not follow:
        return Synced(report, problems)
    brought, behind = upstream.follow_all(repo, targets(repo), f"gt sync: as on {shared}", actor, now)
    return Synced(report, problems, tuple(brought.items()), tuple(behind.items()))


def _shared(repo: Repo) -> str | None:
    """The remote that this town is worked through, as far as that can be told."""
    try:
        return shared_through(repo)
    except Refused:
        return None
