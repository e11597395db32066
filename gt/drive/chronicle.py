"""What `gt report` tells: the town as it is, and what happened in it for a while. Only looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gt.core.bead import Bead, Phase
from gt.core.calls import wait_of
from gt.core.convoy import TYPE as CONVOY
from gt.core.convoy import Progress, progress
from gt.core.ready import CONTAINERS
from gt.core.stats import Stats
from gt.core.values import dataclass
from gt.core.why import Reason, why
from gt.core.world import World
from gt.drive.stats import numbers
from gt.drive.status import Status, status
from gt.drive.verify import verify
from gt.errors import NotFound
from gt.git.lineage import Step, steps
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.outcomes import Outcome
from gt.refinery.verify import Verified
from gt.refinery.yard import Yard
from gt.store import history
from gt.store.history import Event, Sought
from gt.store.ledger import Ledger

COMMITS = 500
"""Of each target, the latest ones that are held against their gates."""

EVENTS = 1000
"""The latest ones of the ledger that are told."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A commit of a target, and what is known of its gates."""

    target: str
    at: int
    verified: Verified


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The town at one moment, and what led there."""

    town: str
    now: int
    since: int
    """How far back it looks; what has not ended is told however old it is."""
    status: Status
    beads: Mapping[str, Bead]
    """What has not ended, what ended since, what these refer to, and what is part of live ones; landings not yet recorded laid over."""
    convoys: tuple[Progress, ...]
    """How far those are that have not ended, or ended since."""
    older: int
    """How many Beads ended earlier, and are left out."""
    ready: frozenset[str]
    reasons: Mapping[str, tuple[Reason, ...]]
    """For each Bead that has not ended: why it isn't moving, as `gt why` says it."""
    runs: tuple[Outcome, ...]
    """The gate runs whose outcomes are kept here, in the order in which they ended."""
    commits: tuple[Arrived, ...]
    """What came onto the targets, the latest first."""
    events: tuple[Event, ...]
    """What the ledger tells, the latest first."""
    stats: Stats


def chronicle(yard: Yard, ledger: Ledger, since: int) -> Chronicle:
    """The town now, and what happened after `since` (seconds since the epoch). Raises what `status` raises."""
    repo, now = yard.repo, yard.clock()
    found = status(repo, ledger, now)
    with ledger.read() as snapshot:
        every = {bead.id: bead for bead in snapshot.every()}
    ran = tuple(outcomes.everything(repo))
    recorded = tuple(every.values())
    world = found.world
    every.update({bead.id: bead for name in world.landings if (bead := world.look(name))})
    beads = _told(every, since)
    live = [bead for bead in beads.values() if not bead.phase.over]
    return Chronicle(
        town=repo.name,
        now=now,
        since=since,
        status=found,
        beads=beads,
        convoys=tuple(_convoys(every, beads)),
        older=len(every) - len(beads),
        ready=frozenset(bead.id for bead in live if _is_ready(world, bead)),
        reasons={bead.id: why(world, found.plan, bead.id) for bead in live},
        runs=tuple(sorted((each for each in ran if each.at > since), key=lambda each: (each.at, each.key))),
        commits=tuple(
            sorted(
                (each for name in world.targets for each in _arrived(yard, name, since)),
                key=lambda each: -each.at,
            )
        ),
        events=tuple(history.log(repo, Sought(since=since), EVENTS)),
        stats=numbers(recorded, ran, since, now),
    )


def _told(every: Mapping[str, Bead], since: int) -> dict[str, Bead]:
    live = {bead.id for bead in every.values() if not bead.phase.over}
    names = live | {bead.id for bead in every.values() if _ended(bead) > since}
    near = {name for each in names for name in (*every[each].spec.needs, every[each].spec.parent)}
    return {
        name: bead
        for name, bead in every.items()
        if name in names or name in near or bead.spec.parent in live
    }


def _convoys(every: Mapping[str, Bead], told: Iterable[str]) -> Iterator[Progress]:
    """Their Beads that ended long ago count, too."""
    found = [every[name] for name in sorted(told) if every[name].spec.type == CONVOY]
    if not found:
        return
    below: dict[str, list[Bead]] = {}
    for bead in every.values():
        if bead.spec.parent is not None:
            below.setdefault(bead.spec.parent, []).append(bead)
    for convoy in found:
        yield progress(convoy, lambda name: below.get(name, ()))


def _ended(bead: Bead) -> int:
    landed, closed = bead.status.landed, bead.status.closed
    return landed.at if landed else closed.at if closed else 0


def _is_ready(world: World, bead: Bead) -> bool:
    return bead.phase is Phase.OPEN and bead.spec.type not in CONTAINERS and wait_of(world, bead) is None


def _arrived(yard: Yard, target: str, since: int) -> Iterator[Arrived]:
    """The commits that came onto a target since, as far as somebody must have proven them."""
    try:
        line = _line(yard.repo, target)
    except NotFound:
        return
    times = {step.oid: step.time for step in line}
    before = next((step.oid for step in line if step.time <= since), None)
    if before is None and len(line) > COMMITS:
        before = line[-1].oid
    for each in verify(yard, target, f"{before}.." if before else None, rerun=False):
        if each.own or each.proofs:
            yield Arrived(target, times.get(each.commit, since), each)


def _line(repo: Repo, target: str) -> tuple[Step, ...]:
    from gt.store.targets import tip

    at = tip(repo, target)
    return steps(repo, None, at, limit=COMMITS + 1) if at else ()
