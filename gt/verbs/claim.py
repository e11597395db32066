"""`gt claim`, and the claim of `gt work`: a Bead becomes somebody's, under a new token, until a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from gt.core import ids, moves
from gt.core.bead import Bead, Landed, Lease
from gt.core.edit import spec_digest
from gt.core.town import AgentSpec, Town
from gt.core.values import dataclass
from gt.fleet import places
from gt.git.repo import Repo
from gt.store.claimable import Chooser, Homes, agent_of
from gt.store.ledger import Changes, Ledger, Message
from gt.store.snapshot import Snapshot

if TYPE_CHECKING:
    from gt.store.hub import Hub

LASTS = 86400
"""Seconds of a person's lease that isn't given another end."""

SETTING_UP = 60
"""Seconds that a lease lasts beyond the agent's deadline and the set-up's, for what gt itself does."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who claims."""

    actor: str
    host: str
    boot: str
    clone: str
    agent: bool
    """Whether an agent of the town is to do it, under the attempt's file lock; else a person does."""
    pid: int = 0
    pidstart: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A Bead that is the claimer's, by this call or already."""

    bead: Bead
    lease: Lease
    changed: bool


def claim(
    repo: Repo,
    ledger: Ledger,
    wanted: str | None,
    *,
    holder: Holder,
    homes: Homes,
    duration: int | None,
    digits: ids.Digits,
    now: int,
    landings: Mapping[str, Landed] | None = None,
    seize: Callable[[str, str], object] = lambda _bead, _token: None,
    hub: Hub | None = None,
) -> Claimed:
    """Claim the Bead with this whole id, or (None) the first that is ready; returns it with its lease.

    `duration` in seconds is a person's (None: a day); of an agent's its deadline says. `seize` is called with the Bead and
    the new token before the ledger says anything: there an attempt takes its lock. A person who holds the Bead
    already keeps the lease, which lasts longer if a duration is given. With a `hub` the claim counts once that has
    accepted it, and is looked for anew each time that another machine was quicker; without, in this clone alone.
    Raises NothingClaimable, which says what the Bead waits for and who holds it; Refused for what only a person can
    put right; what `Hub.update` raises, and where no answer came the claim is taken back.
    """
    it = _Claiming(repo, wanted, holder, homes, duration, digits, now, landings or {}, seize)
    if hub is None:
        with ledger.hold() as held:
            with ledger.read() as snapshot:
                message, change = it.decide(snapshot)
            ledger.update(held, message, change).close()
        return it.claimed()
    from gt.store.hub import Unsure

    try:
        hub.update(it.decide)
    except Unsure as error:
        it.take_back(ledger, f"{hub.name} gave no answer: {error.message}")
        raise
    return it.claimed()


@dataclass(slots=True, repr=False, eq=False)
class _Claiming:
    """One call, which may have to choose several times."""

    repo: Repo
    wanted: str | None
    holder: Holder
    homes: Homes
    duration: int | None
    digits: ids.Digits
    now: int
    landings: Mapping[str, Landed]
    seize: Callable[[str, str], object]
    made: Claimed | None = None
    renewed: bool = False
    """Whether the Bead was theirs before."""

    def decide(self, snapshot: Snapshot) -> tuple[Message, Callable[[Snapshot], Changes]]:
        """What is to be written in this state of the ledger."""
        mine = _mine(snapshot, self.wanted, self.holder)
        self.renewed = mine is not None
        chooser = self._chooser(snapshot)
        bead = mine or (chooser.first() if self.wanted is None else chooser.named(self.wanted))
        lease = mine.status.lease if mine else None
        if lease is None:
            lease = _lease(self.repo, bead, self.holder, self.homes, self.duration, self.digits, self.now)
            self.seize(bead.id, lease.token)

        def change(snapshot: Snapshot) -> Changes:
            before = snapshot.get(bead.id)
            if mine is not None:
                until = lease.expires if self.duration is None else self.now + self.duration
                after = moves.renew(before, lease.token, until)
            else:
                self._chooser(snapshot).check(before)
                after = moves.claim(before, lease, spec_digest(before.spec))
            assert after.status.lease is not None
            self.made = Claimed(after, after.status.lease, after != before)
            return Changes({after.id: after})

        subject = f"{'renew' if mine else 'claim'} {bead.id}: {bead.spec.title}"
        return Message(subject, "claim", lease.actor, (bead.id,), self.now), change

    def claimed(self) -> Claimed:
        """What came of it."""
        assert self.made is not None
        return self.made

    def take_back(self, ledger: Ledger, why: str) -> None:
        """End a lease that this call made, at no cost to the Bead."""
        if self.made is None or self.renewed:
            return
        from gt.core.bead import Result
        from gt.core.draft import Rules
        from gt.core.sayings import Heard
        from gt.errors import IllegalMove
        from gt.store.ending import Finding, conclude
        from gt.store.targets import limits_of

        bead, lease = self.made.bead, self.made.lease
        finding = Finding(Result.RELEASED, why)
        with suppress(IllegalMove):  # it is over already
            conclude(
                ledger, bead.id, lease.token, finding, Heard(),
                limits=limits_of(self.repo, bead), rules=Rules(), verb="release", actor=lease.actor, now=self.now,
            )  # fmt: skip

    def _chooser(self, snapshot: Snapshot) -> Chooser:
        return Chooser(self.repo, snapshot, self.homes, self.holder.agent, self.now, self.landings)


def _mine(snapshot: Snapshot, wanted: str | None, holder: Holder) -> Bead | None:
    """The wanted Bead, if this person holds it already."""
    bead = snapshot.find(wanted) if wanted and not holder.agent else None
    lease = bead.status.lease if bead else None
    return bead if lease and not lease.lock and lease.actor == holder.actor else None


def _lease(
    repo: Repo, bead: Bead, holder: Holder, homes: Homes, duration: int | None, digits: ids.Digits, now: int
) -> Lease:
    """The lease that is asked for: it names its worktree, branch and base, all made from its token."""
    base = homes.base_of(bead)
    town = homes.towns[base]
    token = ids.mint_token(bead.next_ordinal, digits)
    agent = agent_of(bead, town, base) if holder.agent else None
    if agent is not None:
        setup = town.worktrees.timeout if town.worktrees.setup else 0
        duration = attempt_deadline(bead, agent, town) + setup + agent.grace + SETTING_UP
    return Lease(
        token=token,
        agent=agent.name if agent else "",
        actor=f"{agent.name}/{bead.id}/{token}" if agent else holder.actor,
        host=holder.host,
        boot=holder.boot,
        clone=holder.clone,
        lock=agent is not None,
        pid=holder.pid,
        pidstart=holder.pidstart,
        started=now,
        expires=now + (LASTS if duration is None else duration),
        worktree=str(places.worktree_path(repo, town.worktrees.root, bead.id, token)),
        branch=ids.work_branch(bead.id, token),
        base=base,
        basecommit=homes.tip_of(base),
    )


def attempt_deadline(bead: Bead, agent: AgentSpec, town: Town) -> int:
    """Seconds that the agent may take for this Bead."""
    return bead.spec.deadline or agent.deadline or town.limits.deadline
