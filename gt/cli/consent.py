"""Asking once in a clone before agents are started: they cost money, and run commands as the user."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from gt.cli.context import Context
from gt.core.bead import Phase
from gt.core.ready import FOR_PEOPLE
from gt.core.town import AgentSpec
from gt.core.world import World
from gt.errors import Refused
from gt.git.repo import config_add, config_values

KEY = "gt.consent"
"""The local git setting that holds what was agreed to: a digest for each agent as it was then."""


def consent(gt: Context, world: World, *, yes: bool) -> None:
    """Go on if the user agreed to these agents in this clone, or agrees now. Raises Refused."""
    agreed = set(config_values(gt.repo, KEY))
    new = {digest: found for digest, found in _wanted(world).items() if digest not in agreed}
    if not new:
        return
    from gt.fleet import survey

    for spec, count in new.values():
        beads = f"{count} Bead{'' if count == 1 else 's'}"
        name, line, may = survey.described(spec)
        gt.say(f"agent {name} would be started for {beads}: {line}")
        gt.say(f"  what it may do unasked: {may}")
    if not yes and not (gt.stdin.isatty() and gt.stderr.isatty()):
        raise Refused("agents are started only once somebody agreed to it in this clone", hint="gt run --yes")
    gt.confirm("start them, now and in later runs of this clone?", yes=yes)
    for digest in new:
        config_add(gt.repo, KEY, digest)


def _wanted(world: World) -> dict[str, tuple[AgentSpec, int]]:
    """By digest: the agents that open Beads would be given, with the number of these Beads."""
    found: dict[str, tuple[AgentSpec, int]] = {}
    for bead in world.in_phase(Phase.OPEN):
        agent = world.agent_of(bead)
        if agent is not None and bead.spec.type not in FOR_PEOPLE:
            digest = _digest(agent)
            found[digest] = (agent, found.get(digest, (agent, 0))[1] + 1)
    return found


def _digest(spec: AgentSpec) -> str:
    """Another one whenever what would be run is another."""
    kept = ("name", "preset", "command", "args", "wrap", "env")
    data = {key: value for key, value in asdict(spec).items() if key in kept}
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
