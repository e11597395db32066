"""What `gt agents` tells: who can be given work on each target, and whether anything is in the way. Only looks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from gt.core.breaker import Breaker
from gt.core.spending import Day
from gt.core.town import AgentSpec, Command
from gt.core.values import dataclass
from gt.drive.observe import observe
from gt.fleet import survey
from gt.fleet.known import PRESETS
from gt.git.repo import Repo
from gt.store.ledger import Ledger
from gt.store.survey import today


@dataclass(frozen=True, slots=True)
class AgentSeen:
    """An agent of a target's settings."""

    target: str
    name: str
    default: bool
    """Whether it gets the Beads that name nobody."""
    command: str
    """What is run, as a person would type it."""
    may: str
    """What it may do unasked."""
    program: str | None
    """The program's name; None where the shell finds out."""
    path: str | None
    """Where that is; None: nowhere on PATH."""
    live: int
    """Attempts under way."""
    limit: int
    """How many there may be: the agent's limit, or the town's."""
    breaker: Breaker


@dataclass(frozen=True, slots=True)
class Agents:
    """All of them, and the known programs on PATH that no target's settings name."""

    seen: tuple[AgentSeen, ...]
    unused: tuple[str, ...]
    unread: Mapping[str, str]
    """By target whose settings can't be read: why."""
    day: Day | None = None
    """What was spent of the budget of the day; None: there is none."""


def agents(repo: Repo, ledger: Ledger, environ: Mapping[str, str], now: int) -> Agents:
    """The agents as the targets' settings have them, the default first. Raises what `observe` raises."""
    world = observe(repo, ledger, now)
    path = environ.get("PATH", "")
    live = [lease.agent for _, lease in world.leases()]
    seen: list[AgentSeen] = []
    for target, town in world.towns.items():
        for spec in sorted(town.agents.values(), key=lambda spec: (spec.name != town.agent, spec.name)):
            name, command, may = survey.described(spec)
            program = program_of(spec)
            seen.append(
                AgentSeen(
                    target=target,
                    name=name,
                    default=name == town.agent,
                    command=command,
                    may=may,
                    program=program,
                    path=shutil.which(program, path=path) if program else None,
                    live=live.count(name),
                    limit=min(spec.limit or town.limits.concurrent, town.limits.concurrent),
                    breaker=world.fitness(name),
                )
            )
    used = {spec.preset or spec.name for town in world.towns.values() for spec in town.agents.values()}
    unused = tuple(name for name in survey.agents(path) if name not in used)
    unread = {t.name: t.trouble or "" for t in world.targets.values() if t.name not in world.towns}
    with ledger.read() as snapshot:
        return Agents(tuple(seen), unused, unread, today(world, snapshot))


def program_of(spec: AgentSpec) -> str | None:
    """The program that is started; None for a script of the shell's, or one that lies in the worktree."""
    command: Command
    if spec.wrap is not None:
        command = spec.wrap.command or (str(spec.wrap.recipe),)
    elif spec.command is not None:
        command = spec.command
    elif (known := PRESETS.get(spec.preset or spec.name)) is not None:
        command = known.argv
    else:
        return None
    if isinstance(command, str) or not command:
        return None
    first = command[0]
    return None if "/" in first and not first.startswith("/") else first
