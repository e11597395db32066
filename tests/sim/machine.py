"""One machine of a simulated town: its copy of the ledger, what runs on it, what it has left lying about, its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gt.core.bead import Bead, Landed, Phase, Result
from gt.core.merge3 import merged, merged_page
from gt.core.page import Page
from gt.core.replay import replayed
from gt.core.spending import DAY
from gt.core.state import TownState
from gt.core.town import Limits, Town
from gt.core.world import Liveness, Queued, Remains, Standing, Target, World, Zombie
from gt.errors import IllegalMove
from tests.core.small import NOW, OID

Whose = tuple[str, str]
"""A Bead and a token."""


@dataclass(slots=True, eq=False)
class Attempt:
    """The processes of an attempt."""

    bead: str
    token: str
    agent: str
    ends: int | None
    """In true seconds; None: it hangs."""
    result: Result
    heeded: bool = True
    """Whether the gt that started it still lives, to stop and to record it."""


@dataclass(slots=True, eq=False)
class Gating:
    """A `gt merge` under way."""

    tip: int
    batch: tuple[Whose, ...]


@dataclass(slots=True)
class Hub:
    """What all machines share: the remote's ledger and target. It has no clock."""

    beads: dict[str, Bead]
    pages: dict[str, Page] = field(default_factory=dict)
    state: TownState = field(default_factory=TownState)
    target: list[Whose] = field(default_factory=list)
    """What landed, in order."""
    refused: int = 0
    """How many changes of Beads it has not taken over, for others were quicker."""


@dataclass(slots=True, eq=False)
class Machine:
    """A clone of the town, and the host it is on."""

    number: int
    hub: Hub
    town: Town
    beads: dict[str, Bead]
    base: dict[str, Bead]
    """What the hub had at the last sync."""
    pages: dict[str, Page] = field(default_factory=dict)
    state: TownState = field(default_factory=TownState)
    dirty: set[str] = field(default_factory=set)
    paged: bool = False
    tip: int = 0
    """How many landings are known here."""
    boot: int = 1
    skew: int = 0
    up: bool = True
    online: bool = True
    attempts: dict[Whose, Attempt] = field(default_factory=dict)
    gating: Gating | None = None
    remains: set[Whose] = field(default_factory=set)
    stale: bool = False
    pruned: int = 0
    unfinished: str = ""
    spent: dict[tuple[int, tuple[str, ...]], int] = field(default_factory=dict)
    """Gate runs for each target tip and queue."""
    awake: int | None = None
    """When the next pass is, in true seconds."""
    writes: int = 0

    @property
    def clone(self) -> str:
        return f"clone{self.number}"

    @property
    def limits(self) -> Limits:
        return self.town.limits

    def now(self, steady: int) -> int:
        """What its clock says."""
        return NOW + steady + self.skew

    def write(self, bead: Bead) -> None:
        """Change one Bead in this copy."""
        if bead != self.beads[bead.id]:
            self.beads[bead.id] = bead
            self.dirty.add(bead.id)
            self.writes += 1

    def write_page(self, page: Page) -> None:
        self.pages[page.id] = page
        self.paged = True
        self.writes += 1

    def sync(self, now: int) -> bool:
        """Bring both ledgers together, by the rules of gt's own sync; whether the hub changed."""
        hub, news = self.hub, False
        for name in sorted(self.dirty):
            there = hub.beads[name]
            made = self._joined(self.base[name], self.beads[name], there, now)
            if made != there:
                hub.beads[name] = made
                news = True
        if self.paged:
            for name, mine in sorted(self.pages.items()):
                yours = hub.pages.get(name)
                both = mine if yours is None else merged_page(mine, yours)
                news |= both != yours
                hub.pages[name] = both
        self.dirty.clear()
        self.paged = False
        self.beads, self.base = dict(hub.beads), dict(hub.beads)
        self.pages, self.state, self.tip = dict(hub.pages), hub.state, len(hub.target)
        return news

    def _joined(self, base: Bead, mine: Bead, there: Bead, now: int) -> Bead:
        if there is base:
            return mine
        try:
            status = replayed(there, base, mine, self.limits, now)
        except IllegalMove:
            self.hub.refused += 1
            status = there.status
        return merged(base, there, mine, status, lambda bead: f"{bead.id} {self.number}")

    def observe(self, now: int) -> World:
        """The World as `observe` would find it here."""
        found = {name: bead for name, bead in self.beads.items() if not bead.phase.over}
        for bead in tuple(found.values()):
            for name in (*bead.spec.needs, bead.spec.parent):
                if name:
                    found.setdefault(name, self.beads[name])
        for bead in self.beads.values():
            if bead.spec.parent in found:  # an epic comes with all that it holds
                found.setdefault(bead.id, bead)
        landings = self._landings()
        queue, target = self._queue(landings, now)
        return World(
            now=now,
            tip=OID,
            here=self.clone,
            beads={name: found[name] for name in sorted(found)},
            state=self.state,
            towns={"main": self.town},
            targets={"main": target},
            ended=self._ended(found, now),
            landings=landings,
            liveness=self._liveness(),
            zombies=self._zombies(now),
            unfinished=self.unfinished if self.gating is None else "",
            queue=queue,
            gate_runs={"main": self._runs_left()} if queue else {},
            pages=dict(self.pages),
            remains=tuple(
                Remains(*whose, "worktree", "/w")
                for whose in sorted(self.remains)
                if whose not in self.attempts and self.beads[whose[0]].attempt(whose[1])
            ),
            unsynced="something isn't on origin" if self.dirty or self.paged else "",
            stale=("refs/heads/beads",) if self.stale else (),
            pruned=self.pruned,
        )

    def _ended(self, found: Mapping[str, Bead], now: int) -> tuple[Bead, ...]:
        # gt looks so far back from the third failure on, for before that no breaker opens; the measure counts each.
        ailing = any(a.result is Result.INFRA for b in found.values() for a in b.status.attempts)
        if not ailing and self.limits.usd_per_day is None:
            return ()
        return tuple(
            bead
            for name, bead in sorted(self.beads.items())
            if name not in found and (ailing or any(a.end > now - DAY for a in bead.status.attempts))
        )

    def _landings(self) -> dict[str, Landed]:
        where = {whose: n for n, whose in enumerate(self.hub.target[: self.tip], 1)}
        return {
            bead.id: Landed(tip(where[whose]), OID, NOW)
            for bead in self.beads.values()
            if bead.phase is Phase.SUBMITTED
            and (sub := bead.status.submission)
            and (whose := (bead.id, sub.token)) in where
        }

    def _liveness(self) -> dict[str, Liveness]:
        found = {}
        for bead in self.beads.values():
            lease = bead.status.lease
            if lease is not None:
                alive = (bead.id, lease.token) in self.attempts
                here = Liveness.LIVE if alive else Liveness.DEAD
                found[bead.id] = here if lease.clone == self.clone else Liveness.UNKNOWN
        return found

    def _zombies(self, now: int) -> tuple[Zombie, ...]:
        found = []
        for name, token in sorted(self.attempts):
            bead = self.beads[name]
            if bead.status.lease is None or bead.status.lease.token != token:
                over = bead.attempt(token)
                found.append(Zombie(name, token, min(now, over.end if over else now - 60)))
        return tuple(found)

    def queue_name(self) -> tuple[str, ...]:
        """What gate runs are counted for, besides the tip."""
        subs = (bead.status.submission for bead in self.beads.values() if bead.phase is Phase.SUBMITTED)
        return tuple(sorted(sub.commit for sub in subs if sub))

    def _runs_left(self) -> int:
        return max(0, self.town.refinery.budget - self.spent.get((self.tip, self.queue_name()), 0))

    def _queue(self, landings: Mapping[str, Landed], now: int) -> tuple[tuple[Queued, ...], Target]:
        target = Target("main", tip(self.tip))
        waiting = [b for b in self.beads.values() if b.phase is Phase.SUBMITTED and b.id not in landings]
        if waiting and not self._runs_left():
            target = replace(target, trouble="has had all its gate runs", cause="budget")
        queue = []
        for bead in sorted(waiting, key=lambda b: (b.spec.priority, b.id)):
            sub = bead.status.submission
            assert sub is not None
            standing, cause = Standing.DUE, ""
            if bead.spec.hold:
                standing, cause = Standing.HELD, "hold"
            elif self.state.is_paused(now):
                standing, cause = Standing.WAITING, "paused"
            elif target.trouble:
                standing, cause = Standing.WAITING, "budget-target"
            queue.append(Queued(bead.id, sub.token, "main", sub.commit, standing, cause, "waits"))
        return tuple(queue), target


def tip(landings: int) -> str:
    """The target's commit after so many landings."""
    return f"{landings:040d}"
