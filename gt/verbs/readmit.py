"""`gt retry --agent`: a person gives an agent work again, now, after what had nothing to do with its work is put right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gt.core import moves
from gt.core.bead import Bead, Phase, Result
from gt.core.breaker import CREDITS, Breaker
from gt.core.page import Acknowledged, Page, page_id
from gt.core.town import Limits
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.core.world import World
from gt.errors import NotFound
from gt.store.claimable import Homes
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from gt.store.survey import survey


@dataclass(frozen=True, slots=True)
class Readmitted:
    """What was changed for an agent."""

    failures: int
    """How many of its failures count no more."""
    beads: tuple[Bead, ...]
    """The Beads that don't wait any more for what its last failure at them had them wait for."""

    @property
    def changed(self) -> bool:
        return bool(self.failures or self.beads)


def readmit(ledger: Ledger, agent: str, homes: Homes, *, actor: str, now: int) -> Readmitted:
    """Let no failure of the agent's up to now count any more, acknowledge its pages, and wake the Beads they made wait.

    Unchanged if there is nothing of the kind. Raises NotFound if no target's settings have an agent by that name.
    """
    known = sorted({name for town in homes.towns.values() for name in town.agents})
    if agent not in known:
        raise NotFound("agent", f"{agent} (there are {', '.join(known) or 'none'})", hint="gt agents")
    outcome: list[Readmitted] = []

    def change(snapshot: Snapshot) -> Changes:
        world = survey(snapshot, homes.targets, homes.towns, now)
        fit = world.fitness(agent)
        pages = _pages(world, agent, fit, Acknowledged(actor, now))
        woken = {bead.id: bead for bead in _woken(world, agent)}
        outcome[:] = [Readmitted(CREDITS - fit.credits, tuple(woken.values()))]
        return Changes(woken, pages)

    message = Message(f"retry --agent {agent}", "retry", actor, (), now)
    with ledger.hold() as held:
        ledger.update(held, message, change).close()
    return outcome[0]


def _pages(world: World, agent: str, fit: Breaker, word: Acknowledged) -> Mapping[str, Page]:
    """Its pages, acknowledged; one is made where none is there to take the word down, and some failure counts."""
    subject = f"agent:{agent}"
    unseen = [page for page in world.pages.values() if page.subject == subject and not page.acknowledged]
    if not unseen and fit.credits < CREDITS:
        epoch = format_time(fit.since or world.now)
        name = page_id(subject, "infra", epoch)
        text = fit.reason or "failed outside its task"
        unseen = [world.pages.get(name) or Page(name, subject, "infra", epoch, text, world.now)]
    return {page.id: replace(page, acknowledged=word) for page in unseen}


def _woken(world: World, agent: str) -> Iterator[Bead]:
    for bead in world.in_phase(Phase.OPEN):
        last = bead.status.attempts[-1] if bead.status.attempts else None
        waits = bead.status.wake is not None and bead.status.wake > world.now
        if waits and last is not None and last.agent == agent and last.result is Result.INFRA:
            town = world.town_of(bead)
            yield moves.retry(bead, 1, town.limits if town else Limits())
