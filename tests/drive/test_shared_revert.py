"""What one machine landed, reverted by another."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.core.draft import Origin
from gt.drive.handing_in import HandedIn, hand_in_revert
from gt.drive.trying import Wanted, try_out
from gt.errors import Refused
from gt.refinery.outcomes import Verdict
from gt.refinery.yard import Yard
from gt.verbs.accept import accept
from gt.verbs.sync import Synced, sync
from tests.drive.machines import Fleet, Machine, commit, fleet
from tests.store.scenes import bead_id

ONE = bead_id(1)


@pytest.fixture
def town(repo_path: Path) -> Fleet:
    return fleet(repo_path, beads=2)


def landed(machine: Machine) -> None:
    """The first Bead, landed by this machine."""
    taken = machine.claim(ONE)
    commit(taken.worktree, {"change": "x\n"})
    machine.submit(taken)
    assert [name for name, _, _ in machine.merge().landed] == [ONE]


def synced(machine: Machine) -> Synced:
    return sync(machine.ledger, None, send=True, restore=False, actor=machine.actor, now=machine.now)


def origin(machine: Machine) -> Origin:
    uids = itertools.count(1)
    machine.now += 100
    return Origin(machine.actor, machine.now, machine.digits, lambda: f"{machine.name}{next(uids):031x}")


def back(machine: Machine, *, propose: bool) -> HandedIn:
    """A revert of the first Bead, handed in by this machine."""
    said = origin(machine)
    return hand_in_revert(machine.hands(), ONE, reason="", title=None, propose=propose, origin=said)


def files(machine: Machine) -> list[str]:
    return machine.git("ls-tree", "-r", "--name-only", "main").split()


def test_a_landing_that_is_not_here_yet_comes_first(town: Fleet) -> None:
    b = town.machine("b")
    landed(town.first)
    b.sync()
    assert b.get(ONE).phase is Phase.LANDED
    with pytest.raises(Refused, match="main doesn't have in this clone yet") as caught:
        back(b, propose=False)
    assert caught.value.hint == "gt sync"
    synced(b)
    done = back(b, propose=False)
    assert done.delivery is not None
    assert (done.delivery.kept, done.delivery.refused) == ("", "")
    town.first.now += 1000
    assert [name for name, _, _ in town.first.merge().landed] == [done.bead.id]
    assert "change" not in files(town.first)


def test_a_proposal_is_accepted_on_another_machine(town: Fleet) -> None:
    b = town.machine("b")
    landed(town.first)
    made = back(town.first, propose=True).bead
    synced(town.first)
    synced(b)
    sub = b.get(made.id).status.submission
    assert sub is not None
    assert b.git("cat-file", "-t", sub.commit) == "commit", "who is to accept it can look at it"
    tried = try_out(
        Yard(b.repo, b.actor, lambda: b.now, dict(os.environ), b.said.append), b.ledger, Wanted((made.id,))
    )
    assert (tried.verdict, tried.tree) == (Verdict.PASS, b.git("rev-parse", f"{sub.commit}^{{tree}}"))
    b.now += 1000
    (done,) = accept(b.ledger, [made.id], actor=b.actor, now=b.now)
    assert done.bead.phase is Phase.SUBMITTED
    synced(b)
    assert [name for name, _, _ in b.merge().landed] == [made.id]
    assert "change" not in files(b)
    synced(town.first)
    assert town.first.get(made.id).phase is Phase.LANDED
    assert "change" not in files(town.first)
