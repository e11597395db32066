"""`gt expire`: ends the lease of a holder that is dead, or past its end, and keeps what the attempt left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gt import lock
from gt.core.bead import TYPES, Attempt, Bead, Lease, Result
from gt.core.draft import Rules
from gt.core.ids import submission_ref
from gt.core.sayings import Heard
from gt.core.town import Town
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.core.world import lease_grace
from gt.errors import Busy, Refused
from gt.fleet import keep, launch, outbox, processes, records, roster, wrapping
from gt.fleet.keep import Secured
from gt.fleet.places import Place, log_path, place_of
from gt.git import refs
from gt.git.repo import Repo
from gt.store.ending import Finding, conclude, judged
from gt.store.ledger import Ledger
from gt.store.targets import targets, town_of

Judge = Callable[[Secured], Finding]
"""Says what became of an attempt, from what it left."""


@dataclass(frozen=True, slots=True)
class Expired:
    """What a call came to."""

    bead: Bead
    attempt: Attempt | None = None
    """The record of the attempt that was ended."""

    @property
    def changed(self) -> bool:
        return self.attempt is not None


def expire(
    repo: Repo, ledger: Ledger, bead: str, token: str, *, actor: str, now: int, stopped: str | None = None
) -> Expired:
    """End the lease of this Bead under this token, if its holder is dead or it is past its end and grace.

    `stopped` names a person who wants it ended though its holder lives. What still runs of it here is killed first.
    Unchanged if the holder lives, or the lease is another. Raises Busy if something of it can't be killed.
    """
    found = _due(repo, ledger, bead, token, now, stopped)
    if isinstance(found, Bead):
        return Expired(found)
    before, lease, _ = found
    place = place_of(repo, bead, lease)
    # A lock of its own: whoever holds the attempt's is what the next one would kill.
    with lock.hold(place.ending):
        try:
            found = _due(repo, ledger, bead, token, now, stopped)
            if isinstance(found, Bead):
                return Expired(found)
            before, lease, finding = found
            if lease.lock and lease.clone == roster.known_clone(repo):
                _end_processes(repo, place)
            after, attempt = wind_up(
                repo, ledger, before, lease, lambda _: finding, verb="expire", actor=actor, now=now
            )
        finally:
            # While it is held: whoever waits for it finds that the name has gone, and makes a new one.
            place.ending.unlink(missing_ok=True)
    if lease.lock:
        place.lock.unlink(missing_ok=True)
    return Expired(after, attempt)


def wind_up(
    repo: Repo, ledger: Ledger, bead: Bead, lease: Lease, judge: Judge, *, verb: str, actor: str, now: int
) -> tuple[Bead, Attempt]:
    """End an attempt of which nothing runs any more: effects and pins first, then the ledger, then what is tidied up.

    Returns the Bead and the attempt's record. Raises IllegalMove if the attempt is over already; what it left is
    pinned even so, and nothing is removed.
    """
    place = place_of(repo, bead.id, lease)
    here = lease.clone == roster.known_clone(repo)
    agents = here and lease.lock and place.made_by_gt
    heard = outbox.read(place.outbox) if agents else Heard()
    secured = keep.secure(repo, bead, lease, now)
    finding = judged(judge(secured), heard)
    submitted = finding.offer.commit if finding.offer else None
    if submitted is not None:
        _pin(repo, submission_ref(bead.id, lease.token), submitted, now)
    if secured.stays and lease.lock:
        stays = f"the worktree {place.worktree} stays: {secured.stays}"
        heard = Heard(heard.sayings, (*heard.remarks, stays))
    town = _town(repo, bead)
    after, attempt = conclude(
        ledger,
        bead.id,
        lease.token,
        replace(
            finding,
            head=submitted or secured.head,
            commits=secured.left.commits if secured.left else 0,
        ),
        heard,
        limits=town.limits,
        rules=Rules((*TYPES, *town.types), _targets(repo)),
        verb=verb,
        actor=actor,
        now=now,
    )
    if lease.lock and here:
        keep.settle(secured, submitted, now)
    return after, attempt


def _due(
    repo: Repo, ledger: Ledger, bead: str, token: str, now: int, stopped: str | None
) -> Bead | tuple[Bead, Lease, Finding]:
    """The Bead, its lease and how it ends; only the Bead if there is nothing to end."""
    with ledger.read() as snapshot:
        found = snapshot.get(bead)
    lease = found.status.lease
    if lease is None or lease.token != token:
        return found
    finding = _finding(repo, bead, lease, now, stopped)
    return found if finding is None else (found, lease, finding)


def _finding(repo: Repo, bead: str, lease: Lease, now: int, stopped: str | None) -> Finding | None:
    """How the lease ends, None if it doesn't."""
    log = log_name(repo, bead, lease)
    if stopped is not None:
        return Finding(Result.RELEASED, f"stopped by {stopped}", log=log)
    if roster.state(repo, bead, lease) is roster.Holder.DEAD:
        boot = processes.boot_id()
        if lease.boot and boot and lease.boot != boot:
            return Finding(Result.INTERRUPTED, "the machine was restarted", log=log)
        return Finding(Result.CRASHED, "the process that ran it is dead", log=log)
    if now < lease.expires + lease_grace(lease):
        return None
    over = f"its lease ended at {format_time(lease.expires)}"
    return Finding(Result.DEADLINE if lease.lock else Result.RELEASED, over, log=log)


def log_name(repo: Repo, bead: str, lease: Lease) -> str | None:
    """The attempt's log as its record names it, relative to the git directory; None if it has none here."""
    log = log_path(repo, bead, lease.token)
    return str(log.relative_to(repo.common_dir)) if log.exists() else None


def _end_processes(repo: Repo, place: Place) -> None:
    """Kill what is left of the attempt; raises Busy if some of it lives on."""
    record = records.read(place.record)
    if record is not None:
        wrapping.end_inside(record.kill)
    # Not by the lease's pid: whoever can write the ledger could name any process of ours there.
    launch.reap(roster.marker(repo, place.bead, place.token), place.lock, None, None)
    if lock.is_free(place.lock) is False:
        raise Busy(
            f"{place.bead}: something of attempt {place.token} can't be killed", hint=f"fuser {place.lock}"
        )


def _pin(repo: Repo, ref: str, commit: str, now: int) -> None:
    there = refs.read(repo, ref)
    if there != commit:
        refs.swap(repo, ref, commit, there, message="submit", actor=keep.GT, now=now)


def _town(repo: Repo, bead: Bead) -> Town:
    """The settings for the Bead; the defaults where they can't be read: a lease must end all the same."""
    try:
        return town_of(repo, bead)
    except Refused:
        return Town()


def _targets(repo: Repo) -> tuple[str, ...]:
    try:
        return targets(repo)
    except Refused:
        return ()
