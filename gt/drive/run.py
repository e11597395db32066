"""`gt run`: the bounded foreground loop. Reconcile, start `gt work` and `gt merge`, wait, until the town is at rest.

It holds nothing that a second look wouldn't show: killed at any time and started again, it comes to the same end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from dataclasses import field
from enum import StrEnum

from gt.core.bead import Phase
from gt.core.plan import Action, By, Next, Plan, plan
from gt.core.ready import FOR_PEOPLE
from gt.core.values import dataclass
from gt.core.world import Liveness, World
from gt.drive.hands import Hands
from gt.drive.observe import observe
from gt.drive.patience import Patience
from gt.drive.reconcile import Reconciled, reconcile
from gt.drive.watch import Pulse
from gt.errors import Busy, GtError
from gt.fleet.children import Child, Children
from gt.fleet.interrupts import Interrupts, interrupts

FAR = 35 * 60
"""Seconds; what is due later than this isn't waited for. Longer than any wait between attempts."""
LOOK = 2.0
"""Seconds between two cheap looks at whether somebody else changed something."""
ASK = 3.0
"""Seconds between two looks at the town's remote while children run."""
PROBE = 5.0
"""Seconds between two whole looks while attempts run that aren't this run's: their end wakes nobody."""
LONGEST = 300.0
"""Seconds without a whole look, at most."""
PARTING = 120.0
"""Seconds that interrupted children get to record their interruption."""


class End(StrEnum):
    """Why a run ended."""

    REST = "rest"
    HUMAN = "human"
    WAITING = "waiting"
    """The time is up, or what comes next is far off."""
    INTERRUPTED = "interrupted"
    BROKEN = "broken"
    """Its children have a bug."""
    REFUSED = "refused"
    """Something that is due can't be done: `error` says why."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What limits a run."""

    jobs: int | None = None
    """Attempts at once; None: as many as the town's limits let."""
    seconds: int | None = None
    """None: as long as it takes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the caller is told as it happens."""

    consent: Callable[[World], None]
    """Asked once, before the first attempt starts; raises what ends the run."""
    acted: Callable[[Action], None]
    failed: Callable[[Action, GtError], None]
    started: Callable[[Action], None]
    ended: Callable[[Child], None]
    waits: Callable[[World, Plan, int], None]
    """Each time the run begins to wait, with the number of its children."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to."""

    end: End
    plan: Plan
    error: GtError | None = None


def run(hands: Hands, bounds: Bounds, told: Told) -> Ran:
    """Work and merge until the town is at rest, needs a person, or a bound is reached.

    INT, TERM and HUP end it: the children get TERM, and are waited for. Raises what `reconcile` and
    `told.consent` raise, once the children have ended.
    """
    repo = hands.repo
    children = Children(repo.gt_dir / "log" / "run", repo.work_tree or repo.common_dir, hands.environ)
    began = time.monotonic()
    first = observe(repo, hands.ledger, hands.clock())
    agreed = may_spend(first)
    if agreed:
        # Before signals are held back: whoever is asked must be able to leave.
        told.consent(first)
    with interrupts() as watch:
        it = _Run(hands, bounds, told, children, watch, began, agreed)
        try:
            ran = it.loop()
        finally:
            parted = it.part()
        if not parted:
            return ran
        return Ran(ran.end, plan(observe(repo, hands.ledger, hands.clock())), ran.error)


def may_spend(world: World) -> bool:
    """Whether there is any open Bead that an agent could be given."""
    return any(
        world.agent_of(bead) and bead.spec.type not in FOR_PEOPLE for bead in world.in_phase(Phase.OPEN)
    )


@dataclass(slots=True)
class _Run:
    """One run: nothing in it outlives it, and nothing depends on that."""

    hands: Hands
    bounds: Bounds
    told: Told
    children: Children
    watch: Interrupts
    began: float
    agreed: bool
    patience: Patience = field(default_factory=Patience)
    before: dict[str, Pulse] = field(default_factory=dict)
    """How things were when each child was started."""
    complained: set[str] = field(default_factory=set)
    asked: float = -math.inf
    """When the town's remote was asked last."""

    def loop(self) -> Ran:
        """To the end; children may still run."""
        while True:
            pulse = Pulse.of(self.hands.repo)
            found = reconcile(self.hands, self.told.acted, ask=self._asks())
            self._complain(found)
            ended = self._cut(found.plan)
            if ended is None:
                self._start(found)
                ended = self._finished(found)
            if ended is not None:
                return ended
            self.told.waits(found.world, found.plan, len(self.children.running))
            self._wait(found, pulse)

    def _asks(self) -> bool:
        """Whether the town's remote is to be asked: not at each end of a child, but before anything is said to be over."""
        now = time.monotonic()
        if self.children.running and now < self.asked + ASK:
            return False
        self.asked = now
        return True

    def part(self) -> bool:
        """Interrupt the children that still run and wait until they have recorded it; whether there were any."""
        if not self.children.running:
            return False
        until = time.monotonic() + PARTING
        signals = len(self.watch.seen)
        self.children.stop()
        while self.children.running and time.monotonic() < until:
            for child in self.children.wait(until - time.monotonic(), self.watch.reader):
                self.told.ended(child)
            self.watch.drain()
            if len(self.watch.seen) > signals:
                # Hurry: a second signal cuts the grace of the agents short.
                signals = len(self.watch.seen)
                self.watch.heeded = True
                self.children.stop()
        return True

    def _cut(self, left: Plan) -> Ran | None:
        """Whether this run must end, whatever there is to do."""
        if self.watch.seen:
            self.watch.heeded = True
            return Ran(End.INTERRUPTED, left)
        if self.patience.broken:
            return Ran(End.BROKEN, left)
        resting = not self.children.running and left.next in (Next.REST, Next.HUMAN)
        if self.bounds.seconds is not None and self._left() <= 0 and not resting:
            return Ran(End.WAITING, left)
        return None

    def _left(self) -> float:
        assert self.bounds.seconds is not None
        return self.began + self.bounds.seconds - time.monotonic()

    def _finished(self, found: Reconciled) -> Ran | None:
        """Whether there is nothing left to wait for."""
        left = found.plan
        if self.children.running:
            return None
        match left.next:
            case Next.REST:
                return Ran(End.REST, left)
            case Next.HUMAN:
                return Ran(End.HUMAN, left)
            case Next.WAITING:
                near = left.next_wake is not None and left.next_wake - found.world.now <= FAR
                working = foreign(found.world) or elsewhere(found.world)
                return None if near or working else Ran(End.WAITING, left)
            case Next.RECONCILE | Next.DUE:
                return self._hopeless(found)

    def _hopeless(self, found: Reconciled) -> Ran | None:
        """Whether what is due was refused too often; None while anything of it is still to be tried."""
        due = [action for action in found.plan.actions if action.by is not By.RECONCILE]
        said = [self.patience.given_up(child_name(action)) for action in due]
        if any(text is None for text in said):
            return None
        if due:
            return Ran(End.REFUSED, found.plan, Busy(f"{due[0].command}: {said[0]}", hint="gt plan"))
        return Ran(End.REFUSED, found.plan, found.failed[0][1]) if found.failed else None

    def _start(self, found: Reconciled) -> None:
        works = found.plan.by(By.WORK)
        if works and not self.agreed:
            self.told.consent(found.world)
            self.agreed = True
        merges = found.plan.by(By.MERGE)
        working = {name for name in self.children.running if not name.startswith(_MERGE)}
        if len(working) == len(self.children.running):
            next((action for action in merges if self._launch(action)), None)
        for action in startable(works, found.world, working, self.bounds.jobs):
            self._launch(action)

    def _launch(self, action: Action) -> bool:
        name = child_name(action)
        if not self.patience.lets(name, time.monotonic()):
            return False
        self.before[name] = Pulse.of(self.hands.repo)
        self.children.start(name, (action.verb, *action.args))
        self.told.started(action)
        return True

    def _wait(self, found: Reconciled, pulse: Pulse) -> None:
        """Until a child ends, a signal comes, something is due, or somebody else changed something."""
        until = time.monotonic() + self._longest(found)
        while (left := until - time.monotonic()) > 0:
            ended = self.children.wait(min(left, LOOK), self.watch.reader)
            now = Pulse.of(self.hands.repo)
            for child in ended:
                self.patience.note(child, self.before.pop(child.name, None), now, time.monotonic())
                self.told.ended(child)
            self.watch.drain()
            if ended or self.watch.seen or now != pulse:
                return

    def _longest(self, found: Reconciled) -> float:
        """Seconds after which a whole look is due, whatever happens."""
        waits = [LONGEST, *self.patience.waits(time.monotonic())]
        if found.plan.next_wake is not None:
            waits.append(max(0.2, found.plan.next_wake - self.hands.clock()))
        if self.bounds.seconds is not None:
            waits.append(max(0.0, self._left()))
        if foreign(found.world, but=self.children.running) or is_shared(found.world):
            waits.append(PROBE)
        if found.failed:
            waits.append(PROBE)
        return min(waits)

    def _complain(self, found: Reconciled) -> None:
        for action, error in found.failed:
            if error.message not in self.complained:
                self.complained.add(error.message)
                self.told.failed(action, error)


_MERGE = "merge"


def child_name(action: Action) -> str:
    """What the child for an Action is called: the Bead, or the target or stage that is moved."""
    if action.by is By.WORK:
        return action.args[0]
    deed = () if action.verb == _MERGE else (action.verb,)
    return "/".join((_MERGE, *deed, *action.args))


def startable(
    works: Collection[Action], world: World, working: Collection[str], jobs: int | None
) -> tuple[Action, ...]:
    """Which of the planned attempts to start, while those of the Beads `working` run; at most `jobs` in all.

    An attempt that hasn't claimed its Bead yet takes a place that the plan still thinks is free.
    """
    leased = {bead.id for bead, _ in world.leases()}
    unclaimed = [name for name in working if name not in leased]
    new = [action for action in works if child_name(action) not in working]
    room = max(0, len(works) - len(unclaimed))
    if jobs is not None:
        room = min(room, jobs - len(working))
    return tuple(new[: max(0, room)])


def foreign(world: World, but: Collection[str] = ()) -> bool:
    """Whether attempts run that aren't this run's (those of the Beads `but` are)."""
    return any(
        lease.lock and bead.id not in but and world.liveness.get(bead.id) is Liveness.LIVE
        for bead, lease in world.leases()
    )


def is_shared(world: World) -> bool:
    """Whether other machines work this town, too."""
    town = world.towns.get(world.default_target or "")
    return town is not None and town.coordination == "remote"


def elsewhere(world: World) -> bool:
    """Whether an attempt may be under way on another machine that works this town."""
    leases = (lease for bead, lease in world.leases() if world.liveness.get(bead.id) is Liveness.UNKNOWN)
    return is_shared(world) and any(lease.lock for lease in leases)
