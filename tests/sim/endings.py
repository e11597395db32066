"""A whole life of a simulated town, to rest and past every call that people answer, and what must hold at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from gt.core.bead import Phase, Result
from gt.core.breaker import CREDITS
from gt.core.page import MAX_SENDS
from gt.core.plan import Next, plan
from tests.sim.faults import Faults
from tests.sim.life import Life, Planner
from tests.sim.machine import Machine
from tests.sim.nature import DAY, LARGE, MEDIUM, SHARED, SMALL, nature

SIZES = {"small": SMALL, "shared": SHARED, "medium": MEDIUM, "large": LARGE}
HERE = "tests/sim/test_rest.py -k undisturbed"
ROUNDS = 40
"""How often people may be called."""

Ending = Mapping[str, tuple[str, str]]
"""For each Bead its phase, and why it is closed. Why it is stuck is said of its attempts."""


@dataclass(slots=True)
class Story:
    """What two lives of one town came to."""

    town: str
    """Its name: what replays it."""
    calm: Ending
    """How it ended undisturbed."""
    faulty: Ending
    life: Life
    faults: Faults


def tell(town: str, planner: Planner = plan, *, strict: bool | None = None) -> Story:
    """Live a town's life undisturbed and once more with faults, and check both ends; `town` is `SEED-SIZE-KIND`.

    The kind is `spared` (no Bead loses its last attempt by faults) or `wild`: then people retry what is stuck, in both
    lives, and from there on nothing befalls them. `strict`: the measure is looked at before and after each deed; by itself in
    all towns but large ones. Raises AssertionError, which says how to have it all again.
    """
    number, size, kind = town.split("-")
    seed, large = int(number), SIZES[size]
    strict = large is not LARGE if strict is None else strict
    calm = Life(nature(seed, large), large.machines, seed, planner, strict=strict)
    life = Life(nature(seed, large), large.machines, seed, planner, strict=strict)
    faults = Faults(life, Random(f"faults {seed}"), kind == "spared")
    faults.schedule(faults.rng.randrange(2, 3 * large.beads), 3 * DAY)
    told = calm
    try:
        for each in (calm, life):
            told = each
            to_rest(each)
            if kind == "wild":
                retry_all(each)
                to_rest(each)
        story = Story(town, ending(calm), ending(life), life, faults)
        differ = {
            name: (end, story.faulty[name]) for name, end in story.calm.items() if end != story.faulty[name]
        }
        assert not differ, f"undisturbed and disturbed: {differ}"
    except AssertionError as error:
        last = "\n".join(told.story[-30:])
        raise AssertionError(f"{error}\n{last}\nagain: TOWN={town} python -m pytest {HERE}") from error
    return story


def to_rest(life: Life) -> None:
    """Live, and have people acknowledge what is no Bead's affair, until nothing of that kind is left."""
    life.bound = lambda: bound(life)
    for _ in range(ROUNDS):
        life.live()
        check_rest(life)
        if not attend(life):
            return
    raise AssertionError("people are called again and again")


def attend(life: Life) -> bool:
    """Answer what calls for a person about the target or an agent, and let go what is held; whether there was anything."""
    held = [name for name, bead in sorted(life.first.beads.items()) if bead.spec.hold and not bead.phase.over]
    for name in held:  # somewhere out of reach it may have been held after it was let go here
        life.hold(life.first, name, held=False)
    answered = bool(held)
    for call in life.calls():
        if call.subject.startswith(("target:", "agent:")):
            life.acknowledge(call)
            if call.reason == "budget":
                life.grant_gate_runs()
            answered = True
    return answered


def retry_all(life: Life) -> None:
    """Nothing ails the town any more, and people give every stuck Bead another go, but for those that ask something."""
    life.flakes = life.unrunnable = 0
    for name, bead in sorted(life.first.beads.items()):
        stuck = bead.status.stuck
        if stuck is not None and stuck.reason != "question":
            life.retry(name)


def bound(life: Life) -> int:
    """How much can be done and tried before the measure is spent.

    An attempt that costs a Bead nothing costs it an interruption, or its agent a credit, or was overtaken: one that ran
    or was submitted when something landed. Each attempt is claimed, ended, judged and recorded, by any machine.
    """
    limits, beads = life.nature.town.limits, len(life.hub.beads)
    landed = len(life.hub.target)
    attempts = beads * (2 * limits.attempts + limits.interruptions) + landed * limits.concurrent
    attempts += len(life.nature.town.agents) * CREDITS * (landed + 1)
    pages = (len(life.hub.pages) + 1) * (MAX_SENDS + 1)
    return len(life.machines) * (4 * attempts + pages)


def check_rest(life: Life) -> None:
    """Nothing is forgotten half-way, nobody runs, and all machines that are up know the same."""
    for machine in life.machines:
        if machine.up:
            _check_machine(life, machine)
    landed = [name for name, _ in life.hub.target]
    assert len(landed) == len(set(landed)), "something landed twice"
    for bead in life.hub.beads.values():
        assert (bead.phase is Phase.LANDED) == (bead.id in landed), bead.id
        tokens = [attempt.token for attempt in bead.status.attempts]
        assert len(tokens) == len(set(tokens)), bead.id
        assert bead.counted <= (bead.spec.attempts or life.nature.town.limits.attempts), bead.id
        sub = bead.status.submission
        if bead.phase is Phase.LANDED:
            assert sub is not None
            assert (bead.id, sub.token) in life.hub.target, bead.id
            record = bead.attempt(sub.token)
            assert record is not None
            assert record.result is Result.SUBMITTED, bead.id


def _check_machine(life: Life, machine: Machine) -> None:
    assert not machine.attempts, "an attempt runs on"
    assert machine.gating is None
    found = plan(life.world(machine))
    assert found.next in (Next.REST, Next.HUMAN), (machine.clone, found.next, found.actions[:3])
    assert machine.beads == life.hub.beads, "two ledgers"
    stuck = [bead for bead in machine.beads.values() if bead.phase is Phase.STUCK]
    paged = {page.subject for page in machine.pages.values() if page.sends}
    assert {bead.id for bead in stuck} <= paged, "stuck, and nobody was told"


def ending(life: Life) -> Ending:
    """How the town ended, but for its attempts."""
    found = {}
    for name, bead in sorted(life.hub.beads.items()):
        closed = bead.status.closed
        found[name] = str(bead.phase), str(closed.reason) if closed else ""
    return found
