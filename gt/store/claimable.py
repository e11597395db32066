"""What can be claimed, in one state of the ledger: ready, within every limit, and with what it needs in its base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gt.core.bead import Bead, Landed, Phase
from gt.core.capacity import refusal
from gt.core.ready import CONTAINERS, FOR_PEOPLE, waiting
from gt.core.town import AgentSpec, Town
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.core.world import Target, World, chosen_agent
from gt.errors import Busy, NotFound, Refused
from gt.git.repo import Repo
from gt.store.based import Bases
from gt.store.snapshot import Snapshot
from gt.store.survey import survey


class NothingClaimable(Busy):
    """No Bead can be claimed now, or not the one that was asked for."""

    kind = "nothing-claimable"


@dataclass(frozen=True, slots=True)
class Homes:
    """Where work lands on this clone, and what is set there."""

    targets: Mapping[str, Target]
    """The first is the default."""
    towns: Mapping[str, Town]

    def base_of(self, bead: Bead) -> str:
        """The target of a Bead, known here with its settings; raises Refused."""
        base = bead.spec.base or next(iter(self.targets), None)
        if base is None:
            raise Refused("this clone has no target", hint="gt init")
        target = self.targets.get(base)
        if target is None:
            import shlex

            why = f"{bead.id} is to land on {base}, which is not a target of this clone"
            raise Refused(why, hint=f"git config --add gt.target {shlex.quote(base)}")
        if target.tip is None or base not in self.towns:
            raise Refused(f"{base} {target.trouble or 'has no commit'}")
        return base

    def tip_of(self, base: str) -> str:
        """The commit that a target is at."""
        tip = self.targets[base].tip
        assert tip is not None
        return tip


@dataclass(frozen=True, slots=True)
class Chooser:
    """Which Beads can be claimed, in one state of the ledger."""

    repo: Repo
    snapshot: Snapshot
    homes: Homes
    agent: bool
    """Whether an agent of the town is to do it; else a person."""
    now: int
    landings: Mapping[str, Landed]

    def first(self) -> Bead:
        """The most urgent Bead that can be claimed."""
        why = ""
        world = self._world() if self.agent else None
        for bead in self.snapshot.candidates(self.now, tuple(self.landings)):
            try:
                self.check(bead, world)
            except (NothingClaimable, Refused) as error:
                why = why or error.message
            else:
                return bead
        raise NothingClaimable(f"nothing can be claimed now{f': {why}' if why else ''}", hint="gt status")

    def named(self, wanted: str) -> Bead:
        """The Bead of this id."""
        bead = self.snapshot.get(wanted)
        self.check(bead)
        return bead

    def check(self, bead: Bead, world: World | None = None) -> None:
        """Raises NothingClaimable or Refused if this Bead can't be claimed."""
        if bead.phase is not Phase.OPEN:
            raise _held(bead)
        kinds = FOR_PEOPLE if self.agent else CONTAINERS
        if bead.spec.type in kinds:
            whom = "an agent" if self.agent else "anybody: it holds other Beads"
            raise Refused(
                f"{bead.id} is {_article(bead.spec.type)}, which is not for {whom}", hint=f"gt show {bead.id}"
            )
        why = waiting(bead, self._look, self.snapshot.children, self.now, self.snapshot.state())
        if why is not None:
            raise NothingClaimable(f"{bead.id} {why.text}", hint=why.hint or f"gt why {bead.id}")
        base = self.homes.base_of(bead)
        if self.agent:
            agent = agent_of(bead, self.homes.towns[base], base)
            full = refusal(world or self._world(), bead, agent)
            if full is not None:
                raise NothingClaimable(f"{bead.id} {full.text}", hint=f"gt why {bead.id}")
        self._check_base(bead)

    def _world(self) -> World:
        """What an agent's limits look at."""
        return survey(self.snapshot, self.homes.targets, self.homes.towns, self.now)

    def _look(self, name: str) -> Bead | None:
        found = self.snapshot.find(name)
        landed = self.landings.get(name)
        if found is not None and landed is not None and found.phase is Phase.SUBMITTED:
            return replace(found, status=replace(found.status, phase=Phase.LANDED, landed=landed))
        return found

    def _check_base(self, bead: Bead) -> None:
        """The attempt's base must have in it what the Bead needs."""
        tips = {name: target.tip for name, target in self.homes.targets.items() if target.tip is not None}
        bases = Bases(self.repo, tips, self.snapshot.state().acknowledged)
        lack = bases.lacking([bead], self._look).get(bead.id)
        if lack is not None:
            why = f"{bead.id} {lack.waiting.text}"
            raise NothingClaimable(why, hint=lack.waiting.hint or f"gt why {bead.id}")


def _held(bead: Bead) -> NothingClaimable:
    lease = bead.status.lease
    if lease is not None:
        until = format_time(lease.expires)
        why = f"{bead.id} is held by {lease.actor} under {lease.token} until {until}"
        return NothingClaimable(why, hint=f"gt show {bead.id}")
    return NothingClaimable(f"{bead.id} is {bead.phase}", hint=f"gt why {bead.id}")


def agent_of(bead: Bead, town: Town, base: str) -> AgentSpec:
    found = chosen_agent(bead, town)
    if found is None:
        name = bead.spec.agent or town.agent
        raise NotFound(
            "agent", f"{name} (on {base})" if name else f"none is named on {base}", hint=f"gt why {bead.id}"
        )
    return found


def _article(kind: str) -> str:
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"
