"""What landed where the target is pushed, and was taken away there: nobody lands on until a person has seen it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.core.calls import Call
from gt.refinery import pins
from gt.verbs.ack import ack
from gt.verbs.page import call_for
from tests.conftest import run_git
from tests.drive.machines import Fleet, Machine, commit, fleet
from tests.store.scenes import bead_id

ONE, TWO, THREE = bead_id(1), bead_id(2), bead_id(3)


@pytest.fixture
def town(repo_path: Path) -> Fleet:
    return fleet(repo_path, beads=3)


def offer(machine: Machine, bead: str) -> None:
    taken = machine.claim(bead)
    commit(taken.worktree, {f"{bead}.txt": "x\n"})
    machine.submit(taken)


def rewound(town: Fleet, to: str) -> None:
    run_git(town.hub, "update-ref", "refs/heads/main", to)


def call_of(machine: Machine) -> Call:
    (call,) = machine.plan().calls
    return call


def accepted(machine: Machine, call: Call) -> None:
    page = call_for(call.subject, call.reason, call.epoch, call.text, machine.now)
    assert call.hint == f"gt ack {page.id}"
    ack(machine.ledger, [page.id], actor=machine.actor, now=machine.now, unwritten=[page])
    machine.sync()


def stopped(machine: Machine, lost: str) -> Call:
    """A merge there lands nothing, for this landing is lost; the call for a person."""
    report = machine.merge()
    assert (report.exit_code, report.landed) == (20, [])
    assert lost[:12] in (report.trouble or "")
    call = call_of(machine)
    assert (call.subject, call.paged) == ("target:main", True)
    return call


@pytest.mark.parametrize("clone", ["stayed behind", "new"])
def test_who_never_had_the_landing_knows_of_it_by_the_ledger(town: Fleet, clone: str) -> None:
    a, old = town.first, town.tip()
    b = town.machine("b") if clone == "stayed behind" else None
    offer(a, ONE)
    a.merge()
    lost = town.tip()
    rewound(town, old)
    b = b or town.machine("b")
    offer(b, TWO)
    accepted(b, stopped(b, lost))
    assert [name for name, _, _ in b.merge().landed] == [TWO]
    assert town.tip("main^1") == old
    # Who has it still is alone with it, and isn't told to bring back what a person let go.
    offer(a, THREE)
    assert a.merge().landed == []
    call = call_of(a)
    assert (call.reason, call.paged) == ("parted", False)
    assert f"{lost[:12]}, which gt landed and origin doesn't have any more, as a person accepted" in call.text
    a.git("reset", "-q", "--hard", pins.there_ref("main"))
    assert [name for name, _, _ in a.merge().landed] == [THREE]
    assert {town.tip(), a.tip()} == {a.tip(pins.landing_ref("main"))}


def test_accepted_it_stays_so_when_others_go_on_from_there(town: Fleet) -> None:
    a, old = town.first, town.tip()
    b = town.machine("b")
    offer(a, ONE)
    a.merge()
    lost = town.tip()
    rewound(town, old)
    offer(b, TWO)
    accepted(b, stopped(b, lost))
    run_git(b.path, "checkout", "-q", "main")
    commit(b.path, {"theirs": "x\n"})
    b.git("push", "-q", "origin", "main")
    report = b.merge()
    assert [name for name, _, _ in report.landed] == [TWO]
    assert report.runs[0].members == (), "what others put there is proven first"


def test_of_a_landing_that_another_landing_followed_both_are_lost(town: Fleet) -> None:
    a, old = town.first, town.tip()
    b = town.machine("b")
    offer(a, ONE)
    a.merge()
    b.reconcile()
    offer(a, TWO)
    a.merge()
    rewound(town, old)
    offer(b, THREE)
    # This one had the first of them, and hasn't that any more: it goes by what it knows itself.
    call = stopped(b, b.tip())
    assert call.reason == "rewound"
    b.git("reset", "-q", "--hard", old)
    accepted(b, stopped(b, a.tip()))
    assert [name for name, _, _ in b.merge().landed] == [THREE]


def test_one_after_another_each_is_let_go_by_all(town: Fleet) -> None:
    """The clone that stayed behind lost the first, the other the second, which stood on what was there before."""
    a, old = town.first, town.tip()
    b = town.machine("b")
    offer(a, ONE)
    a.merge()
    b.reconcile()
    for bead in (TWO, THREE):
        rewound(town, old)
        offer(a, bead)
        a.git("reset", "-q", "--hard", old)
        accepted(a, stopped(a, a.tip(pins.landing_ref("main"))))
        if bead == TWO:
            assert [name for name, _, _ in a.merge().landed] == [TWO]
    b.git("reset", "-q", "--hard", old)
    b.sync()
    assert [name for name, _, _ in b.merge().landed] == [THREE]


def test_it_is_called_though_nothing_waits_to_land(town: Fleet) -> None:
    a, old = town.first, town.tip()
    b = town.machine("b")
    offer(a, ONE)
    a.merge()
    rewound(town, old)
    for machine, reason in ((a, "rewound"), (b, "moved")):
        machine.reconcile()
        (call,) = [each for each in machine.plan().calls if each.paged]
        assert (call.subject, call.reason) == ("target:main", reason)
    accepted(b, call)
    assert [each for each in b.plan().calls if each.paged] == []


def test_attempts_begin_without_what_only_this_clone_has(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    run_git(b.path, "checkout", "-q", "main")
    commit(b.path, {"private": "x\n"})
    offer(b, ONE)
    assert [name for name, _, _ in a.merge().landed] == [ONE]
    assert "private" not in a.git("ls-tree", "-r", "--name-only", "main")


def test_where_others_have_something_else_in_its_place_a_push_would_not_do(town: Fleet) -> None:
    a, old = town.first, town.tip()
    offer(a, ONE)
    a.merge()
    lost = town.tip()
    other = run_git(town.hub, "commit-tree", "-p", old, "-m", "theirs", f"{old}^{{tree}}")
    rewound(town, other)
    offer(a, TWO)
    call = stopped(a, lost)
    assert (call.reason, call.hint) == (
        "replaced", "git log --oneline --left-right main...refs/gt/there/main",
    )  # fmt: skip
    a.git("checkout", "-q", "main")
    a.git("merge", "-q", "-m", "both", pins.there_ref("main"))
    a.git("push", "-q", "origin", "main")
    assert [name for name, _, _ in a.merge().landed] == [TWO]
    assert a.get(ONE).phase is Phase.LANDED
