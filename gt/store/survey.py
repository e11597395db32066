"""The part of a World that the ledger alone tells: what limits and breakers look at when somebody claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gt.core.bead import Bead, Phase, Result
from gt.core.breaker import THRESHOLD
from gt.core.spending import DAY, Day
from gt.core.town import Town
from gt.core.world import Target, World
from gt.store.snapshot import Snapshot


def survey(snapshot: Snapshot, targets: Mapping[str, Target], towns: Mapping[str, Town], now: int) -> World:
    """The world as the ledger has it: nothing of processes, of the queue, or of Beads that unfinished ones refer to."""
    live = {bead.id: bead for bead in snapshot.live()}
    return World(
        now=now,
        tip=snapshot.tip,
        here="",
        beads=live,
        state=snapshot.state(),
        towns=towns,
        targets=targets,
        ended=ended(snapshot, live, towns, now),
        pages={page.id: page for page in snapshot.pages()},
    )


def today(world: World, snapshot: Snapshot) -> Day | None:
    """What was spent of the budget of the day; None if there is none.

    A World with nothing left to begin doesn't look at what ended: here it counts.
    """
    if world.day is None:
        return None
    past = tuple(bead for bead in snapshot.over_since(world.now - DAY) if bead.id not in world.beads)
    return replace(world, ended=past).day


def ended(
    snapshot: Snapshot, beads: Mapping[str, Bead], towns: Mapping[str, Town], now: int
) -> tuple[Bead, ...]:
    """The Beads that are over and not among `beads`, as far as a breaker or a day's limit has to look at them.

    That is what ended in the last day, and what the agents that ail did since each of them landed something.
    """
    found: dict[str, Bead] = {}
    limited = any(town.limits.usd_per_day is not None for town in towns.values())
    if limited and any(bead.phase is Phase.OPEN for bead in beads.values()):
        found.update((bead.id, bead) for bead in snapshot.over_since(now - DAY))
    for agent in _ailing(beads):
        found.update((bead.id, bead) for bead in _since_its_landing(snapshot, agent))
    return tuple(bead for name, bead in sorted(found.items()) if name not in beads)


def _ailing(beads: Mapping[str, Bead]) -> frozenset[str]:
    """The agents whose attempts failed outside their task, if so many did that some breaker may be open."""
    attempts = [attempt for bead in beads.values() for attempt in bead.status.attempts]
    failed = [attempt.agent for attempt in attempts if attempt.result is Result.INFRA]
    limited = frozenset(attempt.agent for attempt in attempts if attempt.resets)
    return limited | (frozenset(failed) if len(failed) >= THRESHOLD else frozenset())


def _since_its_landing(snapshot: Snapshot, agent: str) -> Iterator[Bead]:
    """What an agent did up to its last landing: that wipes out for its breaker all that was before."""
    last: int | None = None
    for bead in snapshot.over_by(agent):
        if last is not None and _last_act(bead) < last:
            return
        yield bead
        landed, submission = bead.status.landed, bead.status.submission
        attempt = bead.attempt(submission.token) if landed and submission else None
        if landed and attempt is not None and attempt.agent == agent:
            last = max(last or 0, landed.at)


def _last_act(bead: Bead) -> int:
    ends = [attempt.end for attempt in bead.status.attempts]
    return max(*ends, bead.status.landed.at if bead.status.landed else ends[0])
