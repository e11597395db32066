"""What `gt status` tells: the world, its plan, and how the attempts under way get on. Only looks."""

from __future__ import annotations

import os
from collections.abc import Mapping

from gt.core.bead import Lease, Phase
from gt.core.plan import Plan, plan
from gt.core.spending import Day
from gt.core.state import Waiver
from gt.core.values import dataclass
from gt.core.world import Liveness, World
from gt.drive.observe import observe
from gt.fleet.places import log_path
from gt.git.repo import Repo
from gt.store.counterpart import unsent
from gt.store.ledger import Ledger
from gt.store.survey import today


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An attempt, or a person's claim, that holds a Bead."""

    bead: str
    title: str
    lease: Lease
    liveness: Liveness
    progress: int | None
    """When its output last grew; None where that isn't seen from here."""


@dataclass(frozen=True, slots=True)
class Status:
    """The town at one moment."""

    world: World
    plan: Plan
    phases: Mapping[Phase, int]
    attempts: tuple[UnderWay, ...]
    unsent: Mapping[str, int]
    """By remote that the town is shared through: the commits of the ledger that it isn't known to have."""
    day: Day | None = None
    """What was spent of the budget of the day; None: there is none."""
    waivers: tuple[Waiver, ...] = ()
    """Those that hold if their gate is red."""


def status(repo: Repo, ledger: Ledger, now: int) -> Status:
    """The town as it is. Raises what `observe` raises."""
    world = observe(repo, ledger, now)
    with ledger.read() as snapshot:
        phases, tip = snapshot.counts(), snapshot.tip
        spent = today(world, snapshot)
    attempts = tuple(
        UnderWay(
            bead.id,
            bead.spec.title,
            lease,
            world.liveness.get(bead.id, Liveness.UNKNOWN),
            _progress(repo, bead.id, lease),
        )
        for bead, lease in world.leases()
    )
    return Status(world, plan(world), phases, attempts, unsent(repo, tip), spent, _waivers(repo, world))


def _waivers(repo: Repo, world: World) -> tuple[Waiver, ...]:
    given = world.state.waived(world.now)
    if not given:
        return ()
    from gt.refinery.waived import in_force

    return in_force(repo, world.targets, world.towns, given, world.now)


def _progress(repo: Repo, bead: str, lease: Lease) -> int | None:
    try:
        return int(os.stat(log_path(repo, bead, lease.token)).st_mtime)
    except OSError:
        return None
