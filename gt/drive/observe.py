"""observe() -> World: one look at everything that `plan` may know. It reads and changes nothing.

What could not be looked at stays unknown: nothing destructive follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import field, replace

from gt.core.bead import Bead, Landed, Phase
from gt.core.ids import landing_ref, said_ref, there_ref
from gt.core.promotion import Stage
from gt.core.ready import CONTAINERS, Lack
from gt.core.state import TownState
from gt.core.town import Town
from gt.core.values import dataclass
from gt.core.world import Liveness, Queued, Target, World
from gt.drive.leftovers import leftovers
from gt.errors import GtError, Malformed
from gt.fleet import roster
from gt.git import mending, refs
from gt.git.leftlocks import left_locked
from gt.git.repo import Repo, config_values
from gt.refinery import places
from gt.store import settings
from gt.store.ledger import LEDGER, Ledger
from gt.store.snapshot import Snapshot
from gt.store.survey import ended
from gt.store.targets import KEY


def observe(repo: Repo, ledger: Ledger, now: int, also: Iterable[str] = ()) -> World:
    """The town as it is at `now`, with what is known of the Beads `also` (whole ids) though they be over.

    Raises NotFound where there is no town, and Malformed where its state can't be read: it may say that the
    town is paused.
    """
    with ledger.read() as snapshot:
        beads = _beads(snapshot, also)
        targets, towns = look_at_targets(repo, snapshot)
        submitted = tuple(bead for bead in beads.values() if bead.phase is Phase.SUBMITTED)
        state = snapshot.state()
        landings: Mapping[str, Landed] = {}
        queue = _Queue()
        after = any(gate.when == "after" for town in towns.values() for gate in town.gates)
        if (
            submitted
            or after
            or not all(_has_all(repo, each, towns.get(each.name)) for each in targets.values())
        ):
            landings, queue = _refinery(repo, snapshot, submitted, beads, targets, towns, now)
        staged = _stages(repo, beads, targets, towns, state, landings, now)
        left = leftovers(repo, snapshot.find)
        world = World(
            now=now,
            tip=snapshot.tip,
            here=roster.known_clone(repo) or "",
            beads=beads,
            state=state,
            towns=towns,
            targets={
                **targets,
                **staged[1],
                **{name: _mended(each, snapshot) for name, each in queue.targets.items()},
            },
            ended=ended(snapshot, beads, towns, now),
            landings=landings,
            liveness=_liveness(repo, beads.values()),
            zombies=left.zombies,
            unfinished=places.unfinished(repo),
            queue=queue.queued,
            gate_runs=queue.gate_runs,
            stages=staged[0],
            pages={page.id: page for page in snapshot.pages()},
            remains=left.remains,
            unsynced=_unsynced(ledger, targets, towns, now),
            stale=left_locked(repo, LEDGER),
            pruned=len(mending.lost(repo)),
            unreadable=tuple(problem.message for problem in snapshot.problems()),
        )
        return replace(world, lacking=_lacking(repo, world))


@dataclass(frozen=True, slots=True)
class _Queue:
    """What the Refinery says of the submissions; nothing, where there are none."""

    queued: tuple[Queued, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
    gate_runs: Mapping[str, int] = field(default_factory=dict)


def _refinery(
    repo: Repo,
    snapshot: Snapshot,
    submitted: tuple[Bead, ...],
    beads: Mapping[str, Bead],
    targets: Mapping[str, Target],
    towns: Mapping[str, Town],
    now: int,
) -> tuple[Mapping[str, Landed], _Queue]:
    # Only here: it takes what reads git's objects along.
    from gt.refinery import landed, letgo, queue

    state = snapshot.state()
    if submitted:
        targets = letgo.bereft(repo, targets, snapshot)
    landings = landed.derive(repo, submitted, targets, state.acknowledged)
    seen = queue.assess(repo, beads, targets, towns, state, landings, now)
    return landings, _Queue(seen.queued, seen.targets, seen.gate_runs)


def _has_all(repo: Repo, target: Target, town: Town | None) -> bool:
    """Whether a target has all that landed on it, here and where it was seen on a remote; no process where it is as gt left it."""
    own, there, said = (refs.read(repo, ref(target.name)) for ref in (landing_ref, there_ref, said_ref))
    others = town is not None and town.refinery.land is not None
    pairs = [(own, target.tip), (own, there), (said, there), (target.tip if others else None, there)]
    apart = [(old, new) for old, new in pairs if old is not None and new is not None and old != new]
    if not apart:
        return True
    from gt.git.merge import is_ancestor

    with suppress(GtError):
        return all(is_ancestor(repo, old, new) for old, new in apart)
    return False


def _lacking(repo: Repo, world: World) -> Mapping[str, Lack]:
    if not any(bead.spec.needs for bead in world.beads.values()):
        return {}
    from gt.store.based import Bases, beginnings

    tips = {name: each.tip for name, each in world.targets.items() if each.tip}
    bases = Bases(repo, beginnings(repo, tips), world.state.acknowledged)
    return bases.lacking(world.in_phase(Phase.OPEN), world.look)


def _stages(
    repo: Repo,
    beads: Mapping[str, Bead],
    targets: Mapping[str, Target],
    towns: Mapping[str, Town],
    state: TownState,
    landings: Mapping[str, Landed],
    now: int,
) -> tuple[tuple[Stage, ...], Mapping[str, Target]]:
    """The branches behind the targets, and the targets whose trouble keeps them where they are."""
    if not any(town.stages for town in towns.values()):
        return (), {}
    from gt.refinery import stages

    unlanded = tuple(bead for bead in beads.values() if not bead.phase.over and bead.id not in landings)
    seen = stages.assess(stages.Look(repo, targets, towns, state, unlanded, now))
    return tuple(each.stage for each in seen.found), seen.targets


def _mended(target: Target, snapshot: Snapshot) -> Target:
    """The target with what is still to be proposed of what would mend it, and what a person could accept."""
    if not target.reverts:
        return target
    from gt.core.reverts import LINK

    known = {bead: snapshot.linked_to(bead, f"link:{LINK}") for bead in target.reverts}
    ready = [each for found in known.values() for each in found if each.phase is Phase.PROPOSED]
    return replace(
        target,
        reverts=tuple(bead for bead, found in known.items() if not found),
        mend=f"gt accept {ready[0].id}" if ready else None,
    )


def _unsynced(ledger: Ledger, targets: Mapping[str, Target], towns: Mapping[str, Town], now: int) -> str:
    """What the town's remote isn't known to have, or is known to have and isn't here; asks nobody."""
    town = towns.get(next(iter(targets), ""))
    if town is None or town.coordination != "remote":
        return ""
    from gt.refinery import upstream
    from gt.store.hub import hub_of

    try:
        hub = hub_of(ledger, "", now)
        assert hub is not None
        waiting = hub.waiting()
    except GtError as error:  # carrying it out says so again, with a hint
        return error.message
    behind = (name for name in targets if upstream.can_follow(ledger.repo, name))
    return waiting or next((f"{name} is behind {hub.name}'s" for name in behind), "")


def look_at_targets(
    repo: Repo, snapshot: Snapshot | None = None
) -> tuple[dict[str, Target], dict[str, Town]]:
    """The targets of this clone with what is wrong with them, and the settings of those that could be read.

    With the ledger, also which landings they lost.
    """
    targets: dict[str, Target] = {}
    towns: dict[str, Town] = {}
    for name in config_values(repo, KEY):
        try:
            tip = refs.read(repo, f"refs/heads/{name}")
        except GtError as error:
            targets[name] = Target(name, None, f"can't be read: {error.message}", "unreadable")
            continue
        if tip is None:
            targets[name] = Target(name, None, "doesn't exist in this repository", "missing")
            continue
        try:
            towns[name] = settings.town_at(repo, tip)
        except GtError as error:
            targets[name] = Target(name, tip, f"has settings that can't be read: {error.message}", "settings")
            continue
        try:
            targets[name] = Target(name, tip)
            if snapshot is not None:
                lost = _lost(repo, targets[name], towns[name], snapshot)
                targets[name] = replace(targets[name], lost=lost)
        except GtError as error:
            targets[name] = Target(name, tip, f"can't be looked at: {error.message}", "unreadable")
    return targets, towns


def _beads(snapshot: Snapshot, also: Iterable[str]) -> dict[str, Bead]:
    """Every Bead that isn't over, those also asked for, and all that they refer to."""
    found = {bead.id: bead for bead in snapshot.live()}
    for name in also:
        _fetch(snapshot, name, found)
    for bead in list(found.values()):
        for need in bead.spec.needs:
            _fetch(snapshot, need, found)
        above = bead.spec.parent
        while above is not None and above not in found:
            _fetch(snapshot, above, found)
            above = found[above].spec.parent if above in found else None
        if bead.spec.type in CONTAINERS:
            found.update((child.id, child) for child in snapshot.children(bead.id) if child.id not in found)
    return found


def _fetch(snapshot: Snapshot, name: str, into: dict[str, Bead]) -> None:
    if name in into:
        return
    try:
        bead = snapshot.find(name)
    except Malformed:  # named in `unreadable`
        return
    if bead is not None:
        into[name] = bead


def _liveness(repo: Repo, beads: Iterable[Bead]) -> dict[str, Liveness]:
    return {
        bead.id: Liveness(roster.state(repo, bead.id, bead.status.lease).value)
        for bead in beads
        if bead.phase is Phase.LEASED and bead.status.lease
    }


def _lost(repo: Repo, target: Target, town: Town, snapshot: Snapshot) -> str | None:
    if town.refinery.push is None or _has_all(repo, target, town):
        return None
    from gt.refinery import upstream

    return upstream.lost(repo, target.name, town, snapshot)
