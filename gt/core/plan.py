"""plan(world) -> Plan: the controllers, one pure function each, and what the whole comes to.

Each Action is the call of one verb, printable as the command a person could type. Nothing destructive is
planned from what is unknown. An empty plan (garbage excepted) without live leases or wakes is rest.
"""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum

from gt.core.bead import Bead, Phase
from gt.core.breaker import Fitness
from gt.core.calls import Call, arrived, calls, wait_of
from gt.core.capacity import opens, refusal
from gt.core.curbs import Curb, curbs
from gt.core.ids import LEDGER
from gt.core.page import next_send
from gt.core.ready import CONTAINERS, FOR_PEOPLE, order, satisfied
from gt.core.town import AgentSpec
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.core.world import ZOMBIE_GRACE, Liveness, Standing, World, lease_grace


class By(StrEnum):
    """Which command executes an Action."""

    RECONCILE = "reconcile"
    WORK = "work"
    MERGE = "merge"


class Next(StrEnum):
    """What a plan comes to for whoever would execute it."""

    RECONCILE = "reconcile"
    """Something is to be put right."""
    DUE = "due"
    """Work or merge is due."""
    WAITING = "waiting"
    """For a live attempt, or for the clock."""
    HUMAN = "human"
    """Nothing to do until a person acts."""
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a plan: a verb with its arguments."""

    by: By
    verb: str
    args: tuple[str, ...]
    reason: str
    garbage: bool = False
    """Whether it only tidies up: such an Action doesn't keep a town from rest."""

    @property
    def command(self) -> str:
        """What a person could type."""
        return shlex.join(("gt", self.verb, *self.args))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now, and what the town waits for otherwise."""

    actions: tuple[Action, ...]
    calls: tuple[Call, ...]
    next_wake: int | None
    """When something will be due by itself, in seconds since the epoch."""
    live: int
    """How many leases are live."""
    curbs: tuple[Curb, ...] = ()
    """What keeps agents from being given work."""

    def by(self, by: By) -> tuple[Action, ...]:
        """The Actions that one command executes."""
        return tuple(action for action in self.actions if action.by is by)

    @property
    def at_rest(self) -> bool:
        """No Action but garbage, no live lease, no wake."""
        return not self.live and self.next_wake is None and all(action.garbage for action in self.actions)

    @property
    def needs_human(self) -> bool:
        """Whether anything of this waits for a person."""
        return bool(self.calls)

    @property
    def next(self) -> Next:
        """What comes next, in the order in which the exit codes take precedence."""
        due = tuple(action for action in self.actions if not action.garbage)
        if any(action.by is By.RECONCILE for action in due):
            return Next.RECONCILE
        if due:
            return Next.DUE
        if not self.at_rest:
            return Next.WAITING
        return Next.HUMAN if self.calls else Next.REST


def calls_last(due: Sequence[Action]) -> Sequence[Action]:
    """What to carry out before the next look: people are called once nothing else is due, for that may end what ails.

    What is shared with other machines comes with the calls: it is to have them.
    """
    return [action for action in due if action.verb not in ("page", "sync")] or due


def plan(world: World) -> Plan:
    """What is to be done in this world: total, deterministic, and empty when there is nothing to do."""
    called = calls(world)
    actions = (
        *_stale_locks(world),
        *_zombies(world),
        *_leases(world),
        *_landed(world),
        *_containers(world),
        *_reverts(world),
        *_pages(world, called),
        *_sync(world),
        *_queue(world),
        *_stages(world),
        *_work(world),
        *_garbage(world),
    )
    live = sum(1 for bead, _ in world.leases() if world.liveness.get(bead.id) is not Liveness.DEAD)
    wake = min((at for at in _wakes(world, called) if at > world.now), default=None)
    return Plan(actions, called, wake, live, tuple(curbs(world)))


def _stale_locks(world: World) -> Iterator[Action]:
    for ref in sorted(world.stale):
        yield Action(By.RECONCILE, "heal", (ref,), f"a gt died while it moved {ref}")
    if world.pruned and LEDGER not in world.stale:
        why = f"git pruned {world.pruned} objects that are needed; the journal has them"
        yield Action(By.RECONCILE, "heal", (LEDGER,), why)


def _zombies(world: World) -> Iterator[Action]:
    for zombie in world.zombies:
        if zombie.since + ZOMBIE_GRACE <= world.now:
            reason = f"{zombie.bead}: attempt {zombie.token} still runs, though its lease is over"
            yield Action(By.RECONCILE, "kill", (zombie.bead, zombie.token), reason)


def _leases(world: World) -> Iterator[Action]:
    """End the leases of dead holders, and those past their end and its grace."""
    for bead, lease in world.leases():
        if world.liveness.get(bead.id) is Liveness.DEAD:
            yield Action(By.RECONCILE, "expire", (bead.id, lease.token), f"{bead.id}: its holder is dead")
        elif lease.expires + lease_grace(lease) <= world.now:
            why = f"{bead.id}: its lease ended at {format_time(lease.expires)}"
            yield Action(By.RECONCILE, "expire", (bead.id, lease.token), why)


def _landed(world: World) -> Iterator[Action]:
    """Record what the targets already have."""
    for name in sorted(world.landings):
        bead = world.beads.get(name)
        if bead is not None and bead.phase is Phase.SUBMITTED and bead.status.submission:
            token = bead.status.submission.token
            where = world.landings[name].commit[:12]
            yield Action(By.RECONCILE, "landed", (name, token), f"{name} is on its target as {where}")


def _containers(world: World) -> Iterator[Action]:
    """An epic or a convoy is done when all it holds is over and something of it was done."""
    for bead in world.in_phase(Phase.OPEN):
        if bead.spec.type not in CONTAINERS:
            continue
        held = world.children(bead.id)
        if bead.spec.type == "convoy" and not _is_told(world, arrived(bead, held)):
            continue
        if any(satisfied(child) for child in held) and wait_of(world, bead) is None:
            note = f"{bead.id}: all that it holds is over ({len(held)})"
            yield Action(By.RECONCILE, "close", (bead.id, "--reason", "done"), note)


def _is_told(world: World, call: Call) -> bool:
    """Whether a call got through, or never will: closing what it is about ends it."""
    page = world.pages.get(call.page)
    return page is not None and not (world.pager_of(call.subject) and next_send(page) is not None)


def _reverts(world: World) -> Iterator[Action]:
    """Propose to take back what turned a target red; a person decides."""
    for name, target in sorted(world.targets.items()):
        for bead in target.reverts:
            yield Action(
                By.RECONCILE, "revert", (bead, "--propose"), f"{name} is red since {bead} landed on it"
            )


def _pages(world: World, called: tuple[Call, ...]) -> Iterator[Action]:
    """Each call for a human is paged until it got through, but not for ever."""
    for call in called:
        page = world.pages.get(call.page)
        if not call.paged:
            continue
        epoch = ("--epoch", call.epoch) if call.epoch else ()
        args = (call.subject, call.reason, *epoch, "--message", call.text)
        if page is None:
            yield Action(By.RECONCILE, "page", args, f"{call.subject} {call.text}")
        elif world.pager_of(call.subject):
            due = next_send(page)
            if due is not None and due <= world.now:
                reason = (
                    f"{page.id} hasn't got through in {page.sends} tries"
                    if page.sends
                    else f"{page.id} is unsent"
                )
                yield Action(By.RECONCILE, "page", args, reason)


def _sync(world: World) -> Iterator[Action]:
    """What other machines are to know, or know already; after all else that is written here."""
    if world.unsynced:
        yield Action(By.RECONCILE, "sync", (), world.unsynced)


def _queue(world: World) -> Iterator[Action]:
    due: dict[str, list[str]] = {}
    for queued in world.queue:
        if queued.standing is Standing.DUE and queued.bead not in world.landings:
            due.setdefault(queued.base, []).append(queued.bead)
    for name, target in world.targets.items():
        if target.due:
            due.setdefault(name, [])
    if world.unfinished and not due and world.default_target is not None:
        yield Action(By.MERGE, "merge", (), world.unfinished)
    for base, beads in due.items():
        args = () if base == world.default_target else ("--target", base)
        more = f" and {len(beads) - 1} more" if len(beads) > 1 else ""
        why = f"{beads[0]}{more} can be gated for {base}" if beads else world.targets[base].due
        yield Action(By.MERGE, "merge", args, why)


def _stages(world: World) -> Iterator[Action]:
    """What a merge leaves due: landed commits go on to the branches behind their target."""
    for stage in world.stages:
        if stage.decision.due:
            yield Action(By.MERGE, "promote", (stage.branch,), f"{stage.branch} {stage.decision.why}")


def _work(world: World) -> Iterator[Action]:
    """Start attempts on what is ready, within every limit that applies."""
    running = Counter(lease.agent for _, lease in world.leases() if lease.lock)
    started: Counter[str] = Counter()
    room = min((town.limits.concurrent for town in world.towns.values()), default=0) - running.total()
    for bead in sorted(world.in_phase(Phase.OPEN), key=order):
        if started.total() >= room:
            return
        agent = world.agent_of(bead)
        if agent is None or bead.spec.type in FOR_PEOPLE or wait_of(world, bead) is not None:
            continue
        if refusal(world, bead, agent) is not None or started[agent.name] >= _trials(world, agent, running):
            continue
        started[agent.name] += 1
        yield Action(By.WORK, "work", (bead.id,), f"{bead.id} is ready for {agent.name}")


def _trials(world: World, agent: AgentSpec, running: Counter[str]) -> float:
    """How many attempts of an agent may be started at once."""
    allowed = agent.limit if agent.limit is not None else math.inf
    if world.fitness(agent.name).state is Fitness.HALF_OPEN:
        allowed = min(allowed, 1)
    return allowed - running[agent.name]


def _garbage(world: World) -> Iterator[Action]:
    seen: set[tuple[str, str]] = set()
    for left in world.remains:
        whose = (left.bead, left.token)
        if whose not in seen:
            seen.add(whose)
            what = ", ".join(r.what for r in world.remains if (r.bead, r.token) == whose)
            reason = f"{left.bead}: {what} of attempt {left.token}, which is over and kept"
            yield Action(By.RECONCILE, "prune", whose, reason, garbage=True)


def _wakes(world: World, called: tuple[Call, ...]) -> Iterator[int]:
    """The times at which this world changes by the clock alone, those already past included."""
    for _, lease in world.leases():
        yield lease.expires + lease_grace(lease)
    for zombie in world.zombies:
        yield zombie.since + ZOMBIE_GRACE
    for bead in world.in_phase(Phase.OPEN):
        yield from _wakes_of(world, bead)
    yield from _resumed(world)
    for stage in world.stages:
        if stage.decision.until is not None:
            yield stage.decision.until
    for call in called:
        page = world.pages.get(call.page)
        due = next_send(page) if call.paged and page and world.pager_of(call.subject) else None
        if due is not None:
            yield due


def _resumed(world: World) -> Iterator[int]:
    """When landing, and looking after what has landed, goes on by itself; open Beads say it of themselves."""
    paused = world.state.paused
    if paused is None or paused.until is None:
        return
    looked_after = any(gate.when == "after" for town in world.towns.values() for gate in town.gates)
    if looked_after or any(queued.cause == "paused" for queued in world.queue):
        yield paused.until


def _wakes_of(world: World, bead: Bead) -> Iterator[int]:
    why = wait_of(world, bead)
    if why is not None:
        if why.until is not None:
            yield why.until
        return
    agent = world.agent_of(bead)
    until = opens(world, bead, agent) if agent and bead.spec.type not in FOR_PEOPLE else None
    if until is not None:
        yield until
