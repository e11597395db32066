"""Whether one more attempt may run: the limits of the town, of the agent and of the day, asked by whoever claims."""

from __future__ import annotations

from gt.core.bead import Bead
from gt.core.breaker import Fitness
from gt.core.town import AgentSpec
from gt.core.when import format_time
from gt.core.world import World


def refusal(world: World, bead: Bead, agent: AgentSpec) -> str | None:
    """Why this agent can't be given this Bead now, as a clause after its id; None if it can."""
    return _town(world, bead) or _agent(world, agent)


def _town(world: World, bead: Bead) -> str | None:
    attempts = sum(1 for _, lease in world.leases() if lease.lock)
    limit = min((town.limits.concurrent for town in world.towns.values()), default=0)
    if attempts >= limit:
        return f"waits for room: {attempts} attempts run, and `limits.concurrent` is {limit}"
    town = world.town_of(bead)
    daily = town.limits.usd_per_day if town else None
    if daily is not None and sum(usd for _, usd in world.expenses) >= daily:
        return f"waits for tomorrow: the {daily:g} dollars of `limits.usd_per_day` are spent"
    return None


def _agent(world: World, agent: AgentSpec) -> str | None:
    running = sum(1 for _, lease in world.leases() if lease.lock and lease.agent == agent.name)
    fit = world.fitness(agent.name)
    if fit.state is Fitness.TRIPPED:
        return f"waits for a person: {agent.name} failed {fit.failures} times outside its task"
    if fit.state is Fitness.OPEN and fit.limited and fit.until:
        return f"waits: {agent.name} is at a limit until {format_time(fit.until)}"
    if fit.state is Fitness.OPEN:
        until = f" until {format_time(fit.until)}" if fit.until else ""
        return f"waits: {agent.name} rests{until} after {fit.failures} failures outside its task"
    if fit.state is Fitness.HALF_OPEN and running:
        return f"waits for room: {agent.name} is on trial, with one attempt at a time"
    if agent.limit is not None and running >= agent.limit:
        return f"waits for room: {running} attempts of {agent.name} run, and its limit is {agent.limit}"
    return None
