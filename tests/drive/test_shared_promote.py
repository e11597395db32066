"""Stages of a target that is pushed: promoted when the remote has accepted it, and known to every machine by its mark."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.core.plan import plan
from gt.core.promotion import Stage
from gt.drive import promote as drive
from gt.drive.observe import observe
from gt.drive.promote import PromoteReport
from gt.refinery import marks, pins
from gt.refinery.moving import Mover
from gt.verbs.vouch import vouch
from tests.conftest import NOW, run_git
from tests.drive.machines import Fleet, Machine, commit, fleet
from tests.drive.test_shared_merge import offer
from tests.store.scenes import bead_id

ONE, TWO = bead_id(1), bead_id(2)
STAGES = 'stages: [{branch: staging, gates: [{name: smoke, run: "true"}]}, {branch: release, bake: 1h, approve: true}]\n'
MARK = pins.landing_ref("staging")


class Killed(BaseException):
    """The end of a process, as far as what it did is concerned."""


@pytest.fixture
def town(repo_path: Path) -> Fleet:
    """One machine, with a landing that no stage has yet."""
    made = fleet(repo_path, beads=2)
    settings = (repo_path / ".gt/town.yaml").read_text()
    commit(repo_path, {".gt/town.yaml": settings + STAGES})
    run_git(repo_path, "push", "-q", "origin", "main")
    land(made.first, ONE)
    return made


def land(machine: Machine, bead: str) -> str:
    """Submits something for this Bead and lands it; returns the target's tip."""
    offer(machine, bead)
    assert [name for name, _, _ in machine.merge().landed] == [bead]
    return machine.tip()


def promoted(machine: Machine, stage: str | None = None, *, again: bool = False) -> PromoteReport:
    return drive.run(
        machine.repo, machine.ledger, stage=stage, actor=machine.actor, clock=lambda: machine.now,
        environ=dict(os.environ), say=machine.said.append, again=again,
    )  # fmt: skip


def look(machine: Machine) -> dict[str, Stage]:
    return {stage.branch: stage for stage in observe(machine.repo, machine.ledger, machine.now).stages}


def commits(report: PromoteReport) -> list[str]:
    return [each.new for each in report.promoted]


def second(town: Fleet, name: str = "b") -> Machine:
    """Another machine, which knows what is on the hub."""
    made = town.machine(name)
    made.sync()
    made.merge()
    return made


def test_the_remote_has_the_stage_and_its_mark_and_a_branch_here_follows(town: Fleet) -> None:
    tip = town.tip()
    assert commits(promoted(town.first)) == [tip]
    assert town.tip("staging") == tip
    assert town.tip(MARK) == town.first.tip(MARK)
    assert town.first.git("branch", "--list", "staging") == ""
    town.first.git("branch", "staging", "main^")
    promoted(town.first)
    assert town.first.tip("staging") == tip


def test_what_the_remote_refuses_is_not_promoted(town: Fleet) -> None:
    town.git_hook("update", 'case $1 in refs/heads/staging) echo "not today" >&2; exit 1;; esac')
    assert promoted(town.first).exit_code == 20
    assert run_git(town.hub, "branch", "--list", "staging") == ""
    decision = look(town.first)["staging"].decision
    assert (decision.step, decision.cause) == ("held", "refused")
    assert "not today" in decision.why
    (call,) = plan(observe(town.first.repo, town.first.ledger, town.first.now)).calls
    assert (call.subject, call.reason, call.hint) == (
        "stage:staging",
        "refused",
        "gt promote staging --again",
    )
    town.git_hook("update", "")
    assert commits(promoted(town.first)) == []
    report = promoted(town.first, again=True)
    assert (commits(report), report.runs) == ([town.tip()], [])


def test_machines_take_turns_and_pay_for_nothing_twice(town: Fleet) -> None:
    """A machine learns of the others' promotions by the marks; what bakes does so from when the first promoted it."""
    promoted(town.first)
    other = second(town)
    other.now = NOW + 600
    report = promoted(other)
    assert (commits(report), report.runs) == ([], [])
    stages = look(other)
    assert stages["staging"].decision.step == "done"
    assert stages["release"].decision.until == NOW + 3600
    tip = land(other, TWO)
    assert commits(promoted(other)) == [tip]
    town.first.sync()
    town.first.merge()
    assert commits(promoted(town.first)) == []
    assert look(town.first)["staging"].tip == town.tip("staging") == tip
    assert town.first.tip(MARK) == town.tip(MARK)


def test_one_that_was_overtaken_leaves_the_stage_to_the_other(
    town: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted(town.first)
    other = second(town)
    tip = land(other, TWO)
    town.first.sync()
    town.first.merge()
    real = marks.make
    going: list[bool] = []

    def make(*args: object) -> str:
        if not going:
            going.append(True)
            assert commits(promoted(other)) == [tip]
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(marks, "make", make)
    assert commits(promoted(town.first)) == []
    assert len(list(marks.chain(other.repo, town.tip(MARK)))) == 2
    promoted(town.first)
    assert look(town.first)["staging"].tip == tip


def test_a_word_given_on_one_machine_counts_on_the_other(town: Fleet) -> None:
    promoted(town.first)
    other = second(town)
    promoted(other)
    town.first.now = other.now = NOW + 3600
    (found,) = drive.named(drive.look(town.first.repo, town.first.ledger, NOW + 3600)[0], "release")
    vouch(town.first.repo, town.first.ledger, found, None, actor=town.first.actor, now=NOW + 3600)
    town.first.sync()
    assert commits(promoted(other)) == []
    other.sync()
    assert commits(promoted(other)) == [town.tip("staging")]
    assert town.tip("release") == town.tip()


def test_one_that_others_moved_on_the_remote_is_noticed_by_all(town: Fleet) -> None:
    promoted(town.first)
    run_git(town.hub, "update-ref", "refs/heads/staging", "main^")
    land(town.first, TWO)
    for machine in (town.first, second(town)):
        assert commits(promoted(machine)) == []
        assert look(machine)["staging"].decision.cause == "moved"
        assert any(
            call.subject == "stage:staging" for call in plan(observe(machine.repo, machine.ledger, NOW)).calls
        )
    run_git(town.hub, "branch", "-D", "staging")
    assert commits(promoted(town.first)) == []
    assert "was removed by others" in look(town.first)["staging"].decision.why


def test_commits_made_here_are_not_lost_and_not_sent(town: Fleet) -> None:
    promoted(town.first)
    mine = town.first.git("commit-tree", "main^{tree}", "-p", "main", "-m", "mine")
    town.first.git("branch", "staging", mine)
    tip = land(town.first, TWO)
    assert commits(promoted(town.first)) == [tip]
    assert (town.tip("staging"), town.first.tip("staging")) == (tip, mine)
    assert f"staging doesn't follow origin's here: it has commits that {tip[:12]} hasn't" in town.first.said


@pytest.mark.parametrize("lost", [None, "refs/heads/staging", MARK])
def test_killed_after_the_push_the_next_one_goes_on_from_there(
    town: Fleet, monkeypatch: pytest.MonkeyPatch, lost: str | None
) -> None:
    """Also if the push came only to half its end."""
    real = Mover.put

    def put(self: Mover, ref: str, oid: str | None) -> None:
        if ref == pins.there_ref("staging") and oid is not None:
            raise Killed
        real(self, ref, oid)

    with monkeypatch.context() as patch:
        patch.setattr(Mover, "put", put)
        with pytest.raises(Killed):
            promoted(town.first)
    if lost is not None:
        run_git(town.hub, "update-ref", "-d", lost)
    assert promoted(town.first).runs == []
    assert town.tip("staging") == town.tip()
    assert town.tip(MARK) == town.first.tip(MARK)
    assert look(town.first)["staging"].decision.step == "done"
