"""World: one immutable observation of everything that `plan` may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from functools import cached_property

from gt.core.bead import Bead, Landed, Lease, Phase
from gt.core.breaker import Breaker, breaker
from gt.core.page import Page
from gt.core.promotion import STAGE, Stage
from gt.core.ready import Lack
from gt.core.reverts import LINK
from gt.core.spending import DAY, Day, day
from gt.core.state import TownState
from gt.core.town import AgentSpec, Command, Town
from gt.core.values import dataclass


class Liveness(StrEnum):
    """What can be said of a lease's holder from here."""

    LIVE = "live"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """Only the deadline speaks: another clone, another host, a person."""


class Standing(StrEnum):
    """Where a submission stands in the queue."""

    DUE = "due"
    """Gate runs or a landing can be done now."""
    HELD = "held"
    """A person must act."""
    WAITING = "waiting"
    """It follows by itself from something else: a need that hasn't landed, a commit that isn't here yet."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A submission's place in the queue."""

    bead: str
    token: str
    base: str
    commit: str
    standing: Standing
    cause: str = ""
    """A word for why it is held or waits: approval, hold, need, dirty, budget, red-target, moved-target, missing."""
    why: str = ""
    """A clause that goes after the Bead's id."""
    hint: str | None = None

    @property
    def name(self) -> str:
        """As candidates and kept outcomes name the submission."""
        return f"{self.bead}/{self.token}/{self.commit}"


@dataclass(frozen=True, slots=True)
class Target:
    """A branch that work lands on, as found."""

    name: str
    tip: str | None
    trouble: str | None = None
    """What stops all landing on it until a person acts; a clause after the target's name."""
    cause: str = ""
    """A word for the trouble: red, moved, missing."""
    epoch: str = ""
    """What makes it another trouble than the last of its cause; empty: the tip."""
    lost: str | None = None
    """The last landing that some gt made where this is pushed, and that isn't there any more."""
    let_go: Mapping[str, Bead] = field(default_factory=dict)
    """The commits of landings that it goes without by a person's word, each with its Bead."""
    settled: bool = True
    """Whether all is known of the trouble that gt can find out: before, it is no call for a person."""
    reverts: tuple[str, ...] = ()
    """The Beads whose landing turned it red, and whose revert nobody has proposed yet."""
    mend: str | None = None
    """The command that a person could mend it with, where one is known."""
    due: str = ""
    """What `gt merge` is due for, though nothing be submitted; a clause."""
    aside: str = ""
    """What a person should know though it stops nothing; a clause after the target's name."""
    waived: tuple[str, ...] = ()
    """The gates that are red on it, and that a person lets be for now."""


@dataclass(frozen=True, slots=True)
class Zombie:
    """A held attempt lock that no live lease stands behind."""

    bead: str
    token: str
    since: int = 0
    """When its lease was over, or the lock was taken: its holder gets a grace from then on."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What an ended attempt left on this machine, proven to be kept elsewhere: garbage."""

    bead: str
    token: str
    what: str
    """`worktree`, `branch` or `lock`."""
    path: str


@dataclass(frozen=True)
class World:
    """One observation of everything."""

    now: int
    tip: str
    here: str
    """This clone's identity."""
    beads: Mapping[str, Bead]
    """Every Bead that hasn't ended, and all that these refer to."""
    state: TownState = field(default_factory=TownState)
    towns: Mapping[str, Town] = field(default_factory=dict)
    """For each target whose settings could be read: what they say."""
    targets: Mapping[str, Target] = field(default_factory=dict)
    """The branches that work may land on here; the first is the default."""
    ended: tuple[Bead, ...] = ()
    """Beads that are over and referred to by none that isn't, as far back as the breakers and limits look."""
    landings: Mapping[str, Landed] = field(default_factory=dict)
    """For each submitted Bead that the target already has: where."""
    lacking: Mapping[str, Lack] = field(default_factory=dict)
    """For each open Bead whose base hasn't the landing of something it needs: which."""
    liveness: Mapping[str, Liveness] = field(default_factory=dict)
    """For each leased Bead: what became of its holder."""
    zombies: tuple[Zombie, ...] = ()
    unfinished: str = ""
    """What a merge that died left for the next one to put right, as a clause; empty: nothing."""
    queue: tuple[Queued, ...] = ()
    gate_runs: Mapping[str, int] = field(default_factory=dict)
    """For each target, how many gate runs its queue may still have."""
    stages: tuple[Stage, ...] = ()
    """The branches behind the targets, each after what it follows."""
    pages: Mapping[str, Page] = field(default_factory=dict)
    remains: tuple[Remains, ...] = ()
    unsynced: str = ""
    """What of this clone the town's remote isn't known to have, or what is known of it and not done here; a clause."""
    stale: tuple[str, ...] = ()
    """Refs that a gt died at while it moved them: locked, or with what it had prepared still lying about."""
    pruned: int = 0
    """Objects of gt's that a ref leads to and a pruning git took; the journal has them."""
    unreadable: tuple[str, ...] = ()
    """What is wrong with Bead files that can't be read, one sentence each."""

    def look(self, bead: str) -> Bead | None:
        """The Bead with a landing not yet recorded laid over it."""
        found = self.beads.get(bead)
        landed = self.landings.get(bead)
        if found is not None and landed is not None and found.phase is Phase.SUBMITTED:
            return replace(found, status=replace(found.status, phase=Phase.LANDED, landed=landed))
        return found

    def is_unreadable(self, bead: str) -> bool:
        """Whether this Bead is there, in a file that can't be read."""
        return bool(bead) and any(f"/{bead}.yaml" in text.partition(": ")[0] for text in self.unreadable)

    @cached_property
    def _families(self) -> Mapping[str, tuple[Bead, ...]]:
        families: dict[str, list[Bead]] = {}
        for bead in self.beads.values():
            if bead.spec.parent:
                families.setdefault(bead.spec.parent, []).append(self.look(bead.id) or bead)
        return {parent: tuple(children) for parent, children in families.items()}

    def children(self, bead: str) -> tuple[Bead, ...]:
        """The Beads whose parent this is, landings laid over."""
        return self._families.get(bead, ())

    def reverts(self, bead: str) -> tuple[Bead, ...]:
        """The Beads that this world has which are linked to this one as its reverts, landings laid over."""
        found = (self.look(each.id) for each in self.beads.values() if bead in each.spec.links.get(LINK, ()))
        return tuple(each for each in found if each is not None)

    def in_phase(self, phase: Phase) -> tuple[Bead, ...]:
        """The Beads in a phase, landings laid over, by id."""
        seen = (self.look(name) for name in sorted(self.beads))
        return tuple(bead for bead in seen if bead is not None and bead.phase is phase)

    @cached_property
    def _leases(self) -> tuple[tuple[Bead, Lease], ...]:
        return tuple((bead, bead.status.lease) for bead in self.in_phase(Phase.LEASED) if bead.status.lease)

    def leases(self) -> tuple[tuple[Bead, Lease], ...]:
        """The Beads that are leased, with their leases."""
        return self._leases

    @cached_property
    def _breakers(self) -> dict[str, Breaker]:
        return {}

    def fitness(self, agent: str) -> Breaker:
        """The breaker of one agent: closed again by a person's acknowledging one of its pages."""
        if agent not in self._breakers:
            beads = (*self.beads.values(), *self.ended)
            seen = (
                p.acknowledged.at
                for p in self.pages.values()
                if p.subject == f"agent:{agent}" and p.acknowledged
            )
            cooldown = max((town.limits.cooldown for town in self.towns.values()), default=0)
            self._breakers[agent] = breaker(agent, beads, max(seen, default=0), cooldown, self.now)
        return self._breakers[agent]

    @cached_property
    def expenses(self) -> tuple[tuple[int, float], ...]:
        """What attempts of the last day cost, in US dollars, each with the time it ended; the oldest first."""
        attempts = (a for bead in (*self.beads.values(), *self.ended) for a in bead.status.attempts)
        return tuple(
            sorted((a.end, a.usage["usd"]) for a in attempts if a.end > self.now - DAY and a.usage.get("usd"))
        )

    @cached_property
    def day(self) -> Day | None:
        """The budget of the day, the smallest that a target's settings name; None if none does."""
        limits = [t.limits.usd_per_day for t in self.towns.values() if t.limits.usd_per_day is not None]
        return day(self.expenses, min(limits)) if limits else None

    @property
    def default_target(self) -> str | None:
        """The target of Beads that name none."""
        return next(iter(self.targets), None)

    @property
    def paused(self) -> bool:
        """Whether a person has stopped the whole town, for now."""
        return self.state.is_paused(self.now)

    def base_of(self, bead: Bead) -> str | None:
        """The target that a Bead would land on; None if this clone has no target at all."""
        return bead.spec.base or self.default_target

    def pager_of(self, subject: str) -> Command | None:
        """What sends a page about this subject: its target's settings say so, else the default target's."""
        bead = self.beads.get(subject)
        behind = {f"{STAGE}{stage.branch}": stage.target for stage in self.stages}
        base = self.base_of(bead) if bead else behind.get(subject, subject.removeprefix("target:"))
        town = self.towns.get(base or "") or self.towns.get(self.default_target or "")
        return town.page if town else None

    def town_of(self, bead: Bead) -> Town | None:
        """The settings that hold for a Bead: those of its target; None if that isn't a target here."""
        return self.towns.get(self.base_of(bead) or "")

    def agent_of(self, bead: Bead) -> AgentSpec | None:
        """The agent that would carry a Bead out, or None if the town has none by that name."""
        town = self.town_of(bead)
        return chosen_agent(bead, town) if town else None


def chosen_agent(bead: Bead, town: Town) -> AgentSpec | None:
    """The agent a Bead asks for, else the town's default; None if there is none by that name."""
    name = bead.spec.agent or town.agent
    return town.agents.get(name) if name else None


ZOMBIE_GRACE = 60
"""Seconds that an attempt gets to wind up once its lease is over, and to claim once it has its lock."""


def lease_grace(lease: Lease) -> int:
    """Seconds past its end before others than its holder end a lease: the holder always stops first."""
    return max(60, (lease.expires - lease.started) // 50)
