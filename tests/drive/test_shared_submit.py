"""Submissions in a town of several machines: the work is on the remote before the ledger speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase, Result
from gt.core.ids import submission_ref, wip_ref
from gt.drive.delivery import Delivery
from gt.drive.hands import Hands
from gt.store.hub import hub_of
from tests.drive.machines import Fleet, Machine, commit, fleet
from tests.store.scenes import bead_id

ONE = bead_id(1)


@pytest.fixture
def town(repo_path: Path) -> Fleet:
    return fleet(repo_path)


def offer(machine: Machine) -> tuple[str, str]:
    """Claim and submit a file of one's own; returns the pin and its commit."""
    taken = machine.claim(ONE)
    made = commit(taken.worktree, {f"{machine.name}.txt": "x\n"})
    machine.submit(taken)
    return submission_ref(ONE, machine.token_of(taken)), made


def test_what_is_submitted_is_there_for_the_others(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    pin, made = offer(a)
    assert town.tip(pin) == made
    assert town.tip("beads") == a.tip("beads")
    assert b.reconcile().done[0].verb == "sync"
    assert b.tip(pin) == made
    assert [action.verb for action in b.plan().actions] == ["merge"]


def test_an_attempt_hands_in_by_itself(town: Fleet) -> None:
    a = town.first
    worked = a.work()
    assert worked.delivery == Delivery("origin")
    token = worked.attempt.token
    assert town.tip(submission_ref(ONE, token)) == worked.attempt.head
    assert town.tip("beads") == a.tip("beads")


def test_a_failed_attempt_is_told_too(town: Fleet) -> None:
    town.agent("echo I give up; exit 1")
    assert town.first.work().attempt.result is Result.WORK_FAILED
    assert town.tip("beads") == town.first.tip("beads")


def test_the_work_goes_before_the_ledger(town: Fleet) -> None:
    """Where the hub takes the work and not the ledger, the others never hear of a commit that they can't get."""
    a = town.first
    taken = a.claim(ONE)
    made = commit(taken.worktree, {"x": "x"})
    before = town.tip("beads")
    town.git_hook("update", "case $1 in refs/heads/beads) echo closed for now; exit 1;; esac")
    done = a.submit(taken)
    assert done.delivery is not None
    assert "closed for now" in done.delivery.kept
    assert town.tip("beads") == before
    assert town.tip(submission_ref(ONE, a.token_of(taken))) == made


def test_out_of_reach_it_is_kept_and_sent_later(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    taken = a.claim(ONE)
    made = commit(taken.worktree, {"x": "x"})
    town.cut()
    done = a.submit(taken)
    assert done.delivery is not None
    assert "can't be reached" in done.delivery.kept
    assert a.get(ONE).phase is Phase.SUBMITTED
    assert [action.verb for action in a.plan().actions] == ["sync", "merge"]
    failed = a.reconcile().failed
    assert [action.command for action, _ in failed] == ["gt sync"]
    assert "can't be reached" in failed[0][1].message
    town.mend()
    assert a.reconcile().done[0].verb == "sync"
    b.reconcile()
    assert b.tip(submission_ref(ONE, a.token_of(taken))) == made
    assert b.get(ONE).phase is Phase.SUBMITTED


def test_a_pin_that_the_remote_is_not_known_to_have_is_something_to_do(town: Fleet) -> None:
    """The ledger may have got there by another way: by plain git, or before the town was one of several machines."""
    a = town.first
    pin, _ = offer(a)
    (a.repo.gt_dir / "sync" / "origin.sent").unlink()
    hub = hub_of(a.ledger, a.actor, a.now)
    assert hub is not None
    assert hub.waiting() == "1 submitted commit is not known to be on origin"
    assert a.reconcile().plan.at_rest is False
    assert hub.waiting() == ""
    assert town.tip(pin) == a.tip(pin)


def test_the_lease_was_over_for_the_others(town: Fleet) -> None:
    """They end it at its deadline while its holder is cut off: what he submits then doesn't count, and is kept."""
    a, b = town.first, town.machine("b")
    taken = a.claim(ONE)
    token = a.token_of(taken)
    made = commit(taken.worktree, {"x": "x"})
    lease = taken.bead.status.lease
    assert lease is not None
    b.now = lease.expires + (lease.expires - lease.started) // 50 + 60
    b.reconcile()
    assert b.claim(ONE).changed
    done = a.submit(taken)
    assert done.delivery is not None
    assert done.delivery.refused.startswith("is leased under 2-b")
    assert done.delivery.pin == wip_ref(ONE, token)
    assert a.tip(wip_ref(ONE, token)) == made
    assert a.get(ONE).status.lease == b.get(ONE).status.lease


def test_a_town_of_one_machine_asks_nobody(repo_path: Path) -> None:
    a = fleet(repo_path, coordination="local").first
    taken = a.claim(ONE)
    commit(taken.worktree, {"x": "x"})
    assert a.submit(taken).delivery is None
    assert a.git("ls-remote", "origin", "refs/gt/*") == ""


def test_an_idle_pass_writes_nothing(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    offer(a)
    for machine in (a, b):
        machine.reconcile()
        before, files = machine.state(), _files(machine.hands())
        assert machine.reconcile().done == []
        assert machine.state() == before
        assert _files(machine.hands()) == files


def _files(hands: Hands) -> dict[str, int]:
    folder = hands.repo.gt_dir
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and "index" not in path.name
    }
