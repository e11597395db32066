"""The measure: a tuple that every Action and every end of an attempt lowers, and that only a person raises.

That there is one, bounded below, is why a town comes to rest. It is compared lexicographically, the first
component first. Used by the tests, and by whoever doubts a new verb.
"""

from __future__ import annotations

from typing import NamedTuple

from gt.core.bead import Bead, Phase, Result
from gt.core.calls import calls
from gt.core.page import MAX_SENDS
from gt.core.settling import attempts_allowed
from gt.core.town import Limits
from gt.core.world import World

_RANK = {Phase.OPEN: 3, Phase.LEASED: 2, Phase.SUBMITTED: 1}
"""How far a Bead under way is from its end."""


_CLAIMED = 4

_ZOMBIE = 4
"""A zombie that is killed is over, and may leave a worktree, a branch and a lock: garbage, but less of it."""


class Measure(NamedTuple):
    """Each component may rise only while one before it falls."""

    beads: int
    """Beads that are open, leased or submitted."""
    attempts: int
    """Counted attempts that these have left."""
    behind: int
    """Leased or submitted Beads that began on another commit than their target's tip."""
    interruptions: int
    """Interruptions that these have left."""
    credits: int
    """Infrastructure failures that the agents have left."""
    trails: int
    """Commits that stages trail their targets by."""
    baking: int
    """Commits that have yet to bake before they may go to a stage."""
    rank: int
    """How far these are from their end, landings not yet recorded included."""
    gate_runs: int
    """Those that queues and stages may still have."""
    sends: int
    """Pages to be made, tries to send them, and reverts to be proposed."""
    garbage: int


def measure(world: World) -> Measure:
    """The measure of a world; a landing counts from when the target has it."""
    moving = [bead for name in sorted(world.beads) if (bead := world.look(name)) and bead.phase in _RANK]
    return Measure(
        beads=len(moving),
        attempts=sum(_attempts_left(bead, _limits(world, bead)) for bead in moving),
        behind=sum(1 for bead in moving if _behind(world, bead)),
        interruptions=sum(_interruptions_left(bead, _limits(world, bead)) for bead in moving),
        credits=sum(world.fitness(agent).credits for agent in _agents(world)),
        trails=sum(stage.trails for stage in world.stages),
        baking=sum(stage.decision.baking for stage in world.stages),
        rank=sum(_rank(bead) for bead in moving) + _unrecorded(world),
        gate_runs=sum(world.gate_runs.values()) + sum(stage.decision.runs for stage in world.stages),
        sends=_sends(world),
        garbage=len(world.remains)
        + len(world.stale)
        + _ZOMBIE * len(world.zombies)
        + world.pruned
        + bool(world.unsynced)
        + bool(world.unfinished),
    )


def _rank(bead: Bead) -> int:
    # A person's claim is above the rest: that it runs out is no step back, and only a person takes one.
    lease = bead.status.lease
    return _CLAIMED if lease is not None and not lease.lock else _RANK[bead.phase]


def _unrecorded(world: World) -> int:
    return sum(
        1 for bead in world.beads.values() if bead.phase is Phase.SUBMITTED and bead.id in world.landings
    )


def _limits(world: World, bead: Bead) -> Limits:
    town = world.town_of(bead)
    return town.limits if town else Limits()


def _attempts_left(bead: Bead, limits: Limits) -> int:
    return max(0, attempts_allowed(bead, limits) - bead.counted)


def _interruptions_left(bead: Bead, limits: Limits) -> int:
    return max(
        0, limits.interruptions - sum(1 for a in bead.status.attempts if a.result is Result.INTERRUPTED)
    )


def _behind(world: World, bead: Bead) -> bool:
    """Whether its target has moved since its attempt began; then a conflict isn't its fault."""
    began = bead.status.lease or bead.status.submission
    if began is None:
        return False
    target = world.targets.get(began.base)
    return target is not None and target.tip != began.basecommit


def _agents(world: World) -> set[str]:
    return {name for town in world.towns.values() for name in town.agents}


def _sends(world: World) -> int:
    left = sum(len(target.reverts) for target in world.targets.values())
    for call in calls(world):
        page = world.pages.get(call.page)
        if call.paged and page is None:
            left += MAX_SENDS + 1
        elif call.paged and page and page.sent is None and not page.acknowledged:
            left += max(0, MAX_SENDS - page.sends)
    return left
