"""What keeps agents from being given work though there is some: said once, for the status, the plan and the agents."""

from __future__ import annotations

from collections.abc import Iterator

from gt.core.breaker import Fitness
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.core.world import World


@dataclass(frozen=True, slots=True)
class Curb:
    """One reason why attempts don't begin."""

    subject: str
    """`budget`, or `agent:claude`."""
    text: str
    """A clause that goes after the subject."""
    until: int | None = None
    """When it ends by the clock alone."""


def curbs(world: World) -> Iterator[Curb]:
    """All of them: the budget of the day first, then the agents by name."""
    day = world.day
    if day is not None and day.until is not None:
        text = (
            f"is spent: {day.spent:.2f} of {day.limit:g} dollars in a day; no attempt begins until"
            f" {format_time(day.until)}"
        )
        yield Curb("budget", text, day.until)
    for agent in sorted({name for town in world.towns.values() for name in town.agents}):
        fit = world.fitness(agent)
        why = next(iter(fit.reason.splitlines()), "")
        until = format_time(fit.until) if fit.until is not None else ""
        times = f"{fit.failures} failure{'' if fit.failures == 1 else 's'} outside its task: {why}"
        match fit.state:
            case Fitness.CLOSED:
                continue
            case Fitness.TRIPPED:
                yield Curb(f"agent:{agent}", f"waits for a person after {times}")
            case Fitness.HALF_OPEN:
                yield Curb(f"agent:{agent}", f"is on trial, with one attempt at a time, after {times}")
            case Fitness.OPEN if fit.limited:
                yield Curb(f"agent:{agent}", f"is at a limit until {until}: {why}", fit.until)
            case Fitness.OPEN:
                yield Curb(f"agent:{agent}", f"rests until {until} after {times}", fit.until)
