"""Whether one more attempt may run: the limits of the town, of the Bead, of the agent and of the day.

Asked by whoever claims, and by the plan.
"""

from __future__ import annotations

from gt.core.bead import Bead
from gt.core.breaker import Fitness
from gt.core.budget import exhausted
from gt.core.town import AgentSpec, Limits
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.core.world import World


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an agent can't be given a Bead now."""

    text: str
    """A clause that goes after the Bead's id."""
    until: int | None = None
    """When that ends by the clock alone."""
    person: bool = False
    """Whether only a person ends it."""


def refusal(world: World, bead: Bead, agent: AgentSpec) -> Refusal | None:
    """Why this agent can't be given this Bead now; None if it can. What lasts longest is said first."""
    stops = tuple(stop for stop in (_budget(world, bead), _agent(world, agent), _day(world)) if stop)
    person = next((stop for stop in stops if stop.person), None)
    return person or max(stops, key=_end, default=None) or _room(world, agent)


def opens(world: World, bead: Bead, agent: AgentSpec) -> int | None:
    """When, by the clock alone, nothing but room is in this agent's way to this Bead; None: now, or never."""
    found = refusal(world, bead, agent)
    return found.until if found else None


def _end(stop: Refusal) -> int:
    return stop.until or 0


def _budget(world: World, bead: Bead) -> Refusal | None:
    town = world.town_of(bead)
    over = exhausted(bead, town.limits if town else Limits())
    return Refusal(f"waits for a person: it {over}", person=True) if over else None


def _day(world: World) -> Refusal | None:
    day = world.day
    if day is None or day.until is None:
        return None
    spent = f"{day.spent:.2f} dollars were spent in a day, and `limits.usd_per_day` is {day.limit:g}"
    return Refusal(f"waits until {format_time(day.until)}: {spent}", day.until)


def _agent(world: World, agent: AgentSpec) -> Refusal | None:
    fit = world.fitness(agent.name)
    last = next(iter(fit.reason.splitlines()), "")
    said = f": {last}" if last else ""
    if fit.state is Fitness.TRIPPED:
        why = f"waits for a person: {agent.name} failed {fit.failures} times outside its task{said}"
        return Refusal(why, person=True)
    if fit.state is Fitness.OPEN and fit.until is not None:
        until = format_time(fit.until)
        if fit.limited:
            return Refusal(f"waits: {agent.name} is at a limit until {until}{said}", fit.until)
        why = f"waits: {agent.name} rests until {until} after {fit.failures} failures outside its task{said}"
        return Refusal(why, fit.until)
    return None


def _room(world: World, agent: AgentSpec) -> Refusal | None:
    attempts = [lease for _, lease in world.leases() if lease.lock]
    limit = min((town.limits.concurrent for town in world.towns.values()), default=0)
    if len(attempts) >= limit:
        many = _attempts(len(attempts))
        return Refusal(f"waits for room: {many}, and `limits.concurrent` is {limit}")
    running = sum(1 for lease in attempts if lease.agent == agent.name)
    if world.fitness(agent.name).state is Fitness.HALF_OPEN and running:
        return Refusal(f"waits for room: {agent.name} is on trial, with one attempt at a time")
    if agent.limit is not None and running >= agent.limit:
        many = _attempts(running, f" of {agent.name}")
        return Refusal(f"waits for room: {many}, and its limit is {agent.limit}")
    return None


def _attempts(count: int, whose: str = "") -> str:
    return f"1 attempt{whose} runs" if count == 1 else f"{count} attempts{whose} run"
