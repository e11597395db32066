"""What befalls a simulated town: crashes, hangs, flakes, clocks that jump, reboots, remotes out of reach, and people.

Drawn from one seed. A town that is spared gets no more of what costs a Bead an attempt than the Bead can bear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from gt.core.bead import Phase, Result
from gt.core.state import Paused, TownState
from tests.sim.life import Life
from tests.sim.machine import Attempt, Machine
from tests.sim.nature import DAY, HOUR


@dataclass(eq=False)
class Faults:
    """The faults of one life."""

    life: Life
    rng: Random
    spared: bool
    """Whether no Bead loses its last attempt, nor its last interruption, by them."""
    counted: Counter[str] = field(default_factory=Counter)
    interrupted: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)

    def schedule(self, count: int, until: int) -> None:
        """So many faults, most of them in the first hours, when most is going on."""
        self.life.spare = self.spends
        for _ in range(count):
            name, fault = self.rng.choice(FAULTS)
            when = self.rng.randrange(self.rng.choice((2 * HOUR, 2 * HOUR, until)))
            self.life.at(when, lambda fault=fault, name=name: self._befall(name, fault))  # type: ignore[misc]

    def _befall(self, name: str, fault: Fault) -> None:
        ups = [machine for machine in self.life.machines if machine.up]
        machine = self.rng.choice(ups) if ups else None
        if machine is not None and fault(self, machine):
            self.happened[name] += 1
            self.life.tell(f"{machine.clone}: {name}")

    def spends(self, *beads: str) -> bool:
        """Whether each of these can bear one more attempt that counts; then it is taken to be spent."""
        return self._spends(self.counted, beads, self.life.nature.town.limits.attempts - 1)

    def _interrupts(self, beads: Iterable[str]) -> bool:
        return self._spends(self.interrupted, beads, self.life.nature.town.limits.interruptions - 1)

    def _spends(self, spent: Counter[str], beads: Iterable[str], most: int) -> bool:
        names = set(beads)
        if self.spared and any(spent[name] >= most for name in names):
            return False
        spent.update(names)
        return True

    def _some(self, machine: Machine) -> Attempt | None:
        """An attempt that runs there, and that may be lost."""
        running = [machine.attempts[whose] for whose in sorted(machine.attempts)]
        attempt = self.rng.choice(running) if running else None
        return attempt if attempt is not None and self.spends(attempt.bead) else None

    def _held_by(self, machine: Machine) -> list[str]:
        """The Beads that this machine has leased, as far as anybody knows."""
        found = {name for name, _ in machine.attempts}
        for beads in (self.life.hub.beads, *(each.beads for each in self.life.machines)):
            leases = ((bead.id, bead.status.lease) for bead in beads.values())
            found |= {name for name, lease in leases if lease and lease.clone == machine.clone}
        return sorted(found)

    # What happens to one attempt.

    def crash(self, machine: Machine) -> bool:
        """The attempt is gone, its gt too, without a word."""
        attempt = self._some(machine)
        if attempt is None:
            return False
        self.life.end_process(machine, attempt.bead, attempt.token, remains=True)
        self.life.ring(machine, self.rng.randrange(1, HOUR))
        return True

    def orphan(self, machine: Machine) -> bool:
        """Gt work is killed, its agent lives on, and perhaps for ever."""
        attempt = self._some(machine)
        if attempt is None:
            return False
        attempt.heeded = False
        if self.rng.random() < 0.5:
            attempt.ends = None
        return True

    def hang(self, machine: Machine) -> bool:
        attempt = self._some(machine)
        if attempt is None:
            return False
        attempt.ends = None
        return True

    def fail(self, machine: Machine) -> bool:
        """The agent gives up."""
        attempt = self._some(machine)
        if attempt is None:
            return False
        attempt.result = Result.WORK_FAILED
        return True

    # What happens to a machine.

    def interrupt(self, machine: Machine) -> bool:
        """Gt run gets a signal, and is started again later."""
        running = [machine.attempts[whose] for whose in sorted(machine.attempts)]
        if not self._interrupts(attempt.bead for attempt in running):
            return False
        for attempt in running:
            if attempt.heeded:
                self.life.finish(machine, attempt, Result.INTERRUPTED)
        machine.gating = None
        self.life.ring(machine, self.rng.randrange(1, HOUR))
        return True

    def reboot(self, machine: Machine) -> bool:
        """To the others a machine that is away for long has lost its leases; to itself it was interrupted."""
        held = self._held_by(machine)
        if not self._interrupts(held) or (len(self.life.machines) > 1 and not self.spends(*held)):
            return False
        self._off(machine)
        self.life.after(self.rng.randrange(10, 1200), lambda: self._on(machine))
        return True

    def _off(self, machine: Machine) -> None:
        machine.up, machine.gating = False, None
        for name, token in sorted(machine.attempts):
            self.life.end_process(machine, name, token, remains=True)

    def _on(self, machine: Machine) -> None:
        machine.up, machine.boot = True, machine.boot + 1
        machine.stale = machine.stale or self.rng.random() < 0.5
        self.life.ring(machine, 1)

    def lose(self, machine: Machine) -> bool:
        """The machine never comes back."""
        ups = [each for each in self.life.machines if each.up and each.online]
        if len(ups) < 2 or not self.spends(*self._held_by(machine)):
            return False
        self._off(machine)
        return True

    def jump(self, machine: Machine) -> bool:
        """The clock is set. Of several machines none is off by more than the grace that leases have."""
        alone = len(self.life.machines) == 1
        far = DAY if alone else 25
        to = self.rng.randrange(-far, far)
        if to > machine.skew and alone and not self.spends(*self._held_by(machine)):
            return False
        self.life.set_back |= to < machine.skew
        machine.skew = to
        self.life.ring(machine, self.rng.randrange(1, 300))
        return True

    def unplug(self, machine: Machine) -> bool:
        """The remote can't be reached."""
        if not machine.online or not self.spends(*self._held_by(machine)):
            return False
        machine.online = False
        self.life.after(self.rng.randrange(30, 8 * HOUR), lambda: self._plug(machine))
        return True

    def _plug(self, machine: Machine) -> None:
        machine.online = True
        self.life.ring(machine, 5)

    def claim_offline(self, machine: Machine) -> bool:
        """Out of reach of the remote somebody works on, and the next sync tells whether that stands."""
        if machine.online:
            return False
        works = [a for a in self.life.planner(self.life.world(machine)).actions if a.verb == "work"]
        if not works or not self.spends(works[0].args[0]):
            return False
        self.life.claim(machine, works[0].args[0])
        return True

    def lock_up(self, machine: Machine) -> bool:
        """A git dies and leaves its lock; another prunes what is needed."""
        machine.stale, machine.pruned = True, self.rng.choice((0, 3))
        self.life.ring(machine, self.rng.randrange(1, HOUR))
        return True

    def die(self, machine: Machine) -> bool:
        """The next gt is killed between two of its deeds."""
        self.life.doomed[machine.number] = self.rng.randrange(4)
        self.life.ring(machine, self.rng.randrange(1, 300))
        return True

    def stop_merging(self, machine: Machine) -> bool:
        if machine.gating is None:
            return False
        machine.gating, machine.unfinished = None, "a gt merge that died left a gate running"
        self.life.ring(machine, self.rng.randrange(1, HOUR))
        return True

    # What happens around it.

    def lose_key(self, _: Machine) -> bool:
        agent = self.rng.choice(sorted(self.life.nature.town.agents))
        self.life.ailing[agent] = self.life.steady + self.rng.randrange(60, 12 * HOUR)
        return True

    def lose_pager(self, _: Machine) -> bool:
        self.life.pager_down = self.life.steady + self.rng.randrange(60, HOUR)
        return True

    def flake(self, _: Machine) -> bool:
        self.life.flakes += 1
        return True

    def cannot_run(self, _: Machine) -> bool:
        self.life.unrunnable += self.rng.choice((1, 1, 25))
        return True

    def hold(self, machine: Machine) -> bool:
        """A person holds a Bead, and lets it go later."""
        name = self.rng.choice(sorted(machine.beads))
        if machine.beads[name].phase not in (Phase.OPEN, Phase.SUBMITTED, Phase.LEASED):
            return False
        self.life.hold(machine, name, held=True)
        self.life.after(self.rng.randrange(60, 6 * HOUR), lambda: self._let_go(name))
        return True

    def _let_go(self, name: str) -> None:
        if any(machine.up for machine in self.life.machines):  # else later, once the town is at rest
            self.life.hold(self.life.first, name, held=False)

    def pause(self, machine: Machine) -> bool:
        """A person stops the town for a while."""
        until = self.life.now(machine) + self.rng.randrange(60, 6 * HOUR)
        self.life.hub.state = TownState(Paused("alice", "lunch", until))
        for each in self.life.machines:
            self.life.ring(each, self.rng.randrange(1, 300))
        return True


Fault = Callable[[Faults, Machine], bool]
"""Whether it could happen there and then."""

FAULTS: tuple[tuple[str, Fault], ...] = (
    *(("crash", Faults.crash),) * 3,
    *(("orphan", Faults.orphan),) * 2,
    *(("hang", Faults.hang),) * 2,
    *(("fail", Faults.fail),) * 2,
    ("interrupt", Faults.interrupt),
    *(("reboot", Faults.reboot),) * 2,
    ("lost machine", Faults.lose),
    *(("clock jump", Faults.jump),) * 2,
    *(("lost remote", Faults.unplug),) * 2,
    *(("offline claim", Faults.claim_offline),) * 4,
    ("stale lock", Faults.lock_up),
    *(("gt dies", Faults.die),) * 3,
    ("merge dies", Faults.stop_merging),
    ("no key", Faults.lose_key),
    ("no pager", Faults.lose_pager),
    *(("flake", Faults.flake),) * 2,
    ("gate can't run", Faults.cannot_run),
    ("hold", Faults.hold),
    *(("pause", Faults.pause),) * 2,
)
