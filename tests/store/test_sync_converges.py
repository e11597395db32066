"""Three machines that do what comes to mind, with clocks that differ, and sync now and then: nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core import moves
from gt.core.bead import Bead, Note, Phase
from gt.core.ids import LEDGER
from gt.errors import IllegalMove
from gt.git import refs
from gt.git.repo import discover
from gt.store.admission import judge
from gt.store.ledger import Changes, Message
from tests.conftest import NOW, run_git
from tests.store.machines import LIMITS, Machine, shared
from tests.store.scenes import bead, bead_id

DEEDS = 30


class Day:
    """What happens on three machines; every uid that was ever created is remembered."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.uids: set[str] = set()

    def deed(self, machine: Machine) -> None:
        found = self.random.choice(sorted(machine.beads().values(), key=lambda each: each.id))
        deeds: list[Callable[[Machine, Bead], object]] = [
            self.edit, self.note, self.need, self.create, self.claim, self.finish, self.sync,
        ]  # fmt: skip
        self.random.choice(deeds)(machine, found)

    def edit(self, machine: Machine, found: Bead) -> None:
        machine.edit(found.id, f"title {self.random.random():.3f}")

    def note(self, machine: Machine, found: Bead) -> None:
        remark = Note(f"n-{self.random.random()}", machine.tick(), machine.actor, "hm")
        machine.do("note", found.id, lambda each: replace(each, notes=(*each.notes, remark)))

    def need(self, machine: Machine, found: Bead) -> None:
        other = self.random.choice(sorted(machine.beads()))
        machine.do(
            "dep",
            found.id,
            lambda each: replace(each, spec=replace(each.spec, needs=each.spec.needs ^ {other} - {each.id})),
        )

    def create(self, machine: Machine, _found: Bead) -> None:
        """A new Bead, from so few ids that two machines often take the same."""
        name = bead_id(100 + self.random.randrange(4))
        if name in machine.beads():
            return
        uid = f"{machine.name}-{self.random.random()}"
        made = replace(bead(0), id=name, uid=uid)
        made = replace(made, created=replace(made.created, at=NOW + self.random.randrange(3)))
        self.uids.add(uid)
        message = Message("create", "create", machine.actor, (name,), machine.tick())
        with machine.ledger.hold() as held:
            machine.ledger.update(held, message, lambda _: Changes({name: made})).close()

    def claim(self, machine: Machine, found: Bead) -> None:
        digits = "".join(self.random.choice("abcdefgh") for _ in range(4))
        machine.take(found.id, digits)

    def finish(self, machine: Machine, found: Bead) -> None:
        lease = found.status.lease
        if lease and lease.clone == f"clone-{machine.name}":
            self.random.choice((machine.give_back, machine.offer))(found.id, lease.token)
        elif found.phase is Phase.CLOSED:
            machine.do("reopen", found.id, lambda each: moves.reopen(each, LIMITS))
        else:
            machine.end(found.id)

    def sync(self, machine: Machine, _found: Bead) -> None:
        sync(machine, send=self.random.random() < 0.7)


def sync(machine: Machine, *, send: bool = True) -> None:
    """Whatever it comes to, the hub could have admitted it."""
    hub = discover(machine.path.parent / "hub.git")
    before = refs.read(hub, LEDGER)
    machine.sync(send=send)
    assert judge(hub, before, refs.read(hub, LEDGER), NOW + 10**6).objections == ()


@pytest.mark.parametrize("seed", [4, 10])
def test_whatever_is_done_apart_all_come_to_the_same_and_lose_nothing(repo_path: Path, seed: int) -> None:
    town = shared(repo_path, *(bead(n) for n in range(3)))
    machines = [town.first, town.clone("b"), town.clone("c")]
    for each, skew in zip(machines, (0, 5000, -300), strict=True):
        each.clock += skew
    day = Day(seed)
    for _ in range(DEEDS):
        with suppress(IllegalMove):
            day.deed(day.random.choice(machines))
    commits = {line for each in machines for line in each.git("rev-list", "beads").split("\n")}
    for each in (*machines, *machines):
        sync(each)
    assert {each.tip() for each in machines} == {town.tip()}
    assert commits <= set(run_git(town.hub, "rev-list", "beads").split("\n"))
    beads = town.first.beads()
    uids = sorted(each.uid for each in beads.values())
    assert len(set(uids)) == len(uids)
    assert day.uids <= set(uids)
    assert all(need in beads for each in beads.values() for need in each.spec.needs)
    assert all(each.beads() == beads for each in machines)
