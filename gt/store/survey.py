"""The part of a World that the ledger alone tells: what limits and breakers look at when somebody claims."""

from __future__ import annotations

from collections.abc import Mapping

from gt.core.bead import Bead, Phase, Result
from gt.core.breaker import THRESHOLD
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
        ended=ended(snapshot, live, towns),
        pages={page.id: page for page in snapshot.pages()},
    )


def ended(snapshot: Snapshot, beads: Mapping[str, Bead], towns: Mapping[str, Town]) -> tuple[Bead, ...]:
    """The Beads that are over and not among `beads`, only where a breaker or a day's limit has to look at them.

    In an old town that takes long.
    """
    limited = any(town.limits.usd_per_day is not None for town in towns.values())
    if not (limited and any(bead.phase is Phase.OPEN for bead in beads.values())) and not _ailing(beads):
        return ()
    return tuple(bead for bead in snapshot.in_phase(Phase.LANDED, Phase.CLOSED) if bead.id not in beads)


def _ailing(beads: Mapping[str, Bead]) -> bool:
    """Whether so many attempts failed outside their task that some agent's breaker may be open."""
    attempts = (attempt for bead in beads.values() for attempt in bead.status.attempts)
    return sum(1 for attempt in attempts if attempt.result is Result.INFRA) >= THRESHOLD
