"""Landings that are pushed: they have landed when the remote has accepted them, and not before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.core.draft import Origin
from gt.core.state import TownState
from gt.core.world import Standing
from gt.drive.delivery import Delivery
from gt.drive.handing_in import hand_in_branch
from gt.drive.merge import look
from gt.errors import Busy, NotFound, Refused
from gt.refinery import pins
from gt.refinery.moving import Mover
from gt.verbs.offer import offer as offer_branch
from gt.verbs.offer import offered_by
from gt.verbs.waive import end, waive
from gt.verbs.withdraw import withdraw
from tests.conftest import run_git
from tests.drive.machines import Fleet, Machine, commit, fleet
from tests.store.scenes import bead_id

ONE, TWO = bead_id(1), bead_id(2)


class Killed(BaseException):
    """The end of a process, as far as what it did is concerned."""


@pytest.fixture
def town(repo_path: Path) -> Fleet:
    return fleet(repo_path, beads=2)


def offer(machine: Machine, bead: str = ONE, files: dict[str, str] | None = None) -> str:
    """Claim the Bead and submit these files; returns the commit."""
    taken = machine.claim(bead)
    made = commit(taken.worktree, files or {f"{bead}.txt": "x\n"})
    machine.submit(taken)
    return made


def landed(machine: Machine) -> list[str]:
    """What main says has landed, by the Bead, oldest first."""
    said = machine.git(
        "log", "--first-parent", "--reverse", "--format=%(trailers:key=Gt-Bead,valueonly)", "main"
    )
    return said.split()


def all_here(town: Fleet, *machines: Machine) -> bool:
    """Whether main is the same here and there, and so is what is known of it."""
    tips = {town.tip()} | {machine.tip() for machine in machines}
    own = {town.tip(pins.landing_ref("main"))}
    return len(tips | own | {machine.tip(pins.landing_ref("main")) for machine in machines}) == 1


def test_it_lands_on_the_remote_and_here_and_everybody_knows_it_for_gts(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    offer(a)
    report = b.merge()
    assert [name for name, _, _ in report.landed] == [ONE]
    assert town.tip() == b.tip()
    assert town.tip("beads") == b.tip("beads"), "what a merge did is told when it ends"
    assert b.get(ONE).phase is Phase.LANDED
    a.reconcile()
    assert all_here(town, a, b)
    assert a.get(ONE).phase is Phase.LANDED
    assert (a.path / f"{ONE}.txt").exists(), "what is checked out came along"
    offer(a, TWO)
    report = a.merge()
    assert [len(run.members) for run in report.runs] == [1], "no control run: b's landing is gt's"
    assert landed(a) == [ONE, TWO]


def test_the_intent_is_on_the_ledger_with_the_landing(town: Fleet) -> None:
    a = town.first
    offer(a)
    a.merge()
    submission = a.get(ONE).status.submission
    assert submission is not None
    assert submission.landing == town.tip()
    verbs = a.git("log", "--first-parent", "--format=%(trailers:key=Gt-Verb,valueonly)", "beads").split()
    assert verbs[:3] == ["landed", "landing", "submit"]


def test_others_move_the_target_while_the_gates_run(town: Fleet) -> None:
    """Nothing is lost, nothing lands that wasn't tested on what is there, and what others did is adopted first."""
    a, b = town.first, town.machine("b")
    offer(a, TWO)
    a.merge()
    b.reconcile()
    offer(a)
    commit(b.path, {"theirs": "x\n"})
    once = town.script.with_name("once")
    town.gate(f"[ -e {once} ] || {{ touch {once}; git -C {b.path} push -q origin main; }}; test ! -e bad")
    report = a.merge()
    assert [name for name, _, _ in report.landed] == [ONE]
    assert town.tip("main^1") == b.tip()
    assert all_here(town, a)
    assert [len(run.members) for run in report.runs] == [1, 0, 1]


def test_another_machine_lands_while_the_gates_run(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    offer(a)
    offer(a, TWO)
    b.reconcile()
    before = town.tip("beads")
    assert b.merge().exit_code == 0
    won, won_beads = town.tip(), town.tip("beads")
    run_git(town.hub, "update-ref", "refs/heads/main", a.tip())
    run_git(town.hub, "update-ref", "-d", pins.landing_ref("main"))
    run_git(town.hub, "update-ref", "refs/heads/beads", before)
    once = town.script.with_name("once")
    moves = "\n".join(
        f"git -C {town.hub} update-ref {ref} {to}"
        for ref, to in (
            ("refs/heads/main", won),
            (pins.landing_ref("main"), won),
            ("refs/heads/beads", won_beads),
        )
    )
    town.gate(f"[ -e {once} ] || {{ touch {once}\n{moves}\n}}; test ! -e bad")
    report = a.merge()
    assert report.landed == []
    assert landed(a) == [ONE, TWO]
    assert all_here(town, a, b)
    assert {a.get(name).phase for name in (ONE, TWO)} == {Phase.LANDED}


def test_commits_that_only_this_clone_has(town: Fleet) -> None:
    a = town.first
    offer(a)
    commit(a.path, {"mine": "x\n"}, "mine")
    report = a.merge()
    assert (report.exit_code, report.runs, report.landed) == (20, [], [])
    assert report.trouble == "has commits that origin doesn't have"
    (call,) = [call for call in a.plan().calls if call.subject == "target:main"]
    assert (call.hint, call.paged) == ("git push origin main", False)
    a.git("push", "-q", "origin", "main")
    assert [name for name, _, _ in a.merge().landed] == [ONE]
    assert town.tip() == a.tip()


def test_my_files_are_in_the_way_of_what_others_landed(town: Fleet) -> None:
    """What landed has landed; this clone stays behind until its user makes room, and says so."""
    a, b = town.first, town.machine("b")
    offer(a, files={"README.md": "new\n"})
    offer(a, TWO)
    (b.path / "README.md").write_text("mine\n")
    a.merge()
    old = b.tip()
    b.reconcile()
    assert b.tip() == old
    assert b.reconcile().done == [], "nothing is tried again and again"
    assert (b.path / "README.md").read_text() == "mine\n"
    assert b.get(ONE).phase is Phase.LANDED
    b.git("checkout", "-q", "README.md")
    b.reconcile()
    assert b.tip() == town.tip()


def test_a_merge_here_waits_for_my_files(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    offer(a, files={"README.md": "new\n"})
    a.merge()
    (b.path / "README.md").write_text("mine\n")
    offer(a, TWO)
    report = b.merge()
    assert (report.exit_code, report.landed) == (20, [])
    assert report.trouble is not None
    assert "in the way are README.md" in report.trouble
    b.git("checkout", "-q", "README.md")
    assert [name for name, _, _ in b.merge().landed] == [TWO]


def test_withdrawn_on_another_machine_before_it_is_sent(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    offer(a)
    b.reconcile()
    before = town.tip("beads")
    withdraw(b.repo, b.ledger, ONE, actor=b.actor, now=b.now)
    b.sync()
    gone = town.tip("beads")
    run_git(town.hub, "update-ref", "refs/heads/beads", before)
    town.gate(f"git -C {town.hub} update-ref refs/heads/beads {gone}")
    report = a.merge()
    assert (report.landed, len(report.runs)) == ([], 1)
    assert a.get(ONE).phase is Phase.OPEN
    assert town.tip() == a.tip() == b.tip()
    assert any("is no longer submitted" in line for line in a.said)


def test_a_waiver_goes_for_all_machines_until_one_of_them_ends_it(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    offer(a)
    town.gate("exit 1")
    assert a.merge().exit_code == 20
    waive(a.repo, a.ledger, "main", "test", "known", a.now + 3600, actor=a.actor, now=a.now)
    a.sync()
    b.reconcile()
    assert [name for name, _, _ in b.merge().landed] == [ONE], "red twice there, too"
    a.reconcile()
    offer(a, TWO)
    before = town.tip("beads")
    end(b.repo, b.ledger, "main", "test", actor=b.actor, now=b.now)
    b.sync()
    gone = town.tip("beads")
    run_git(town.hub, "update-ref", "refs/heads/beads", before)
    town.gate(f"git -C {town.hub} update-ref refs/heads/beads {gone}; exit 1")
    report = a.merge()
    assert (report.landed, report.exit_code) == ([], 20)
    assert any("that waiver is over" in line for line in a.said)
    assert town.tip() == a.tip() == b.tip()


def test_withdrawn_on_another_machine_after_it_was_sent(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    offer(a)
    b.reconcile()
    withdraw(b.repo, b.ledger, ONE, actor=b.actor, now=b.now)
    a.merge()
    (refusal,) = b.sync().account.refused
    assert refusal.bead == ONE
    assert b.get(ONE).phase is Phase.LANDED


def test_killed_between_the_push_and_the_move_here(town: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = town.first, town.machine("b")
    offer(a)

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Mover, "move", die)
        with pytest.raises(Killed):
            a.merge()
    assert town.tip() != a.tip()
    report = a.merge()
    assert ([name for name, _, _ in report.landed], report.runs) == ([ONE], [])
    assert landed(a) == [ONE]
    assert all_here(town, a)
    b.reconcile()
    assert all_here(town, a, b)
    verbs = b.git("log", "--format=%(trailers:key=Gt-Verb,valueonly)", "beads").split()
    assert verbs.count("landed") == 1


HALF = """\
#!/bin/sh
# A git whose push of several refs comes to half its end: only those that match are moved, and there is no answer.
case " $* " in
*" --atomic "*)
    for arg; do
        shift
        case $arg in
        --force-with-lease=*) ;;
        *:refs/*) case ${arg#*:} in ONLY) set -- "$@" "+$arg";; esac ;;
        *) set -- "$@" "$arg" ;;
        esac
    done
    GIT "$@" >/dev/null 2>&1
    echo 'fatal: the remote end hung up unexpectedly' >&2
    exit 128 ;;
esac
exec GIT "$@"
"""


@pytest.mark.parametrize("half", ["refs/heads/beads", "refs/heads/main", "refs/gt/landing/main"])
def test_a_push_that_came_to_half_its_end(
    town: Fleet, half: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = town.first, town.machine("b")
    offer(a)
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(HALF.replace("GIT", str(shutil.which("git"))).replace("ONLY", half))
    wrapper.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
        with pytest.raises(Busy, match="hung up"):
            a.merge()
    report = a.merge()
    assert [len(run.members) for run in report.runs] == [], "no gate is paid for twice"
    assert landed(a) == [ONE]
    assert all_here(town, a)
    assert a.get(ONE).phase is Phase.LANDED
    b.reconcile()
    assert all_here(town, a, b)


def test_the_remote_lost_what_had_landed(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    old = town.tip()
    offer(a)
    a.merge()
    b.reconcile()
    offer(a, TWO)
    run_git(town.hub, "update-ref", "refs/heads/main", old)
    for machine in (a, b):
        report = machine.merge()
        assert (report.exit_code, report.landed) == (20, [])
        assert report.trouble is not None
        assert "which gt landed and origin doesn't have any more" in report.trouble
    a.git("push", "-q", "origin", "main")
    assert [name for name, _, _ in a.merge().landed] == [TWO]


def test_a_forged_landing_of_who_may_not_say_so(town: Fleet) -> None:
    """Trailers in what came from the remote are believed only below what its landing ref names."""
    a, b = town.first, town.machine("b")
    made = offer(a)
    token = a.get(ONE).status.submission
    assert token is not None
    text = f"x\n\nGt-Bead: {ONE}\nGt-Token: {token.token}\nGt-Commit: {made}\n"
    (b.path / "other").write_text("x\n")
    b.git("add", "other")
    b.git("commit", "-q", "-m", text)
    b.git("push", "-q", "origin", "main")
    a.reconcile()
    assert a.tip() == town.tip()
    assert a.get(ONE).phase is Phase.SUBMITTED
    seen = look(a.repo, a.ledger, a.now)
    assert (seen.landings, seen.state) == ({}, TownState())
    assert [queued.standing for queued in seen.queue.queued] == [Standing.DUE]


def test_landings_alone_are_pushed(repo_path: Path) -> None:
    """A ledger of one machine, and a target that others look at."""
    town = fleet(repo_path, beads=2, coordination="local")
    a, b = town.first, town.machine("b")
    offer(a)
    assert [name for name, _, _ in a.merge().landed] == [ONE]
    assert all_here(town, a)
    assert a.get(ONE).status.submission is not None
    assert town.tip("beads") != a.tip("beads"), "the ledger is nobody else's"
    b.git("pull", "-q", "--ff-only", "origin", "main")
    commit(b.path, {"theirs": "x\n"})
    b.git("push", "-q", "origin", "main")
    offer(a, TWO)
    assert [name for name, _, _ in a.merge().landed] == [TWO]
    assert town.tip("main^1") == b.tip()


def test_who_asks_for_a_push_lands_nothing_where_there_is_none(repo_path: Path) -> None:
    a = fleet(repo_path, beads=2, coordination="local").first
    offer(a)
    assert a.merge(push=True).landed != []
    settings = (a.path / ".gt/town.yaml").read_text()
    commit(a.path, {".gt/town.yaml": settings.replace("refinery: {push: origin}", "")})
    offer(a, TWO)
    before = a.git("for-each-ref")
    for dry in (False, True):
        with pytest.raises(Refused, match=r"main isn't pushed: .* stays in this clone"):
            a.merge(push=True, dry=dry)
    assert a.git("for-each-ref") == before


def test_a_remote_that_is_not_set_up_here(town: Fleet) -> None:
    a = town.first
    offer(a)
    a.git("remote", "rename", "origin", "elsewhere")
    with pytest.raises(NotFound, match="no such remote: origin"):
        a.merge()
    with pytest.raises(NotFound, match="no such remote: origin"):
        a.claim(TWO)
    ((action, error),) = a.reconcile().failed
    assert (action.command, error.message) == ("gt sync", "no such remote: origin")


def test_every_target_is_pushed_where_the_others_look(town: Fleet) -> None:
    a = town.first
    a.git("switch", "-q", "-c", "other")
    text = (a.path / ".gt" / "town.yaml").read_text()
    (a.path / ".gt" / "town.yaml").write_text(text.partition("coordination")[0])
    a.git("commit", "-qam", "alone")
    a.git("switch", "-q", "main")
    a.git("config", "--add", "gt.target", "other")
    tip = a.tip("other")
    made = a.git("commit-tree", "-p", tip, "-m", "x", f"{a.tip()}^{{tree}}")
    a.git("branch", "mine", made)
    what = offered_by(a.repo, "mine", "other")
    origin = Origin(a.actor, a.now, a.digits, lambda: "0" * 32)
    bead = offer_branch(a.repo, a.ledger, what, None, None, origin)
    seen = look(a.repo, a.ledger, a.now)
    assert seen.queue.targets["other"].cause == "unshared"
    assert [(queued.bead, queued.standing) for queued in seen.queue.queued] == [(bead.id, Standing.WAITING)]


def test_a_branch_of_ones_own_is_handed_in(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    a.git("switch", "-q", "-c", "mine")
    made = commit(a.path, {"mine": "x"})
    a.git("switch", "-q", "main")
    origin = Origin(a.actor, a.now, a.digits, lambda: "1" * 32)
    done = hand_in_branch(a.hands(), "mine", None, None, origin, base=None, strategy=None)
    assert done.delivery == Delivery("origin")
    assert [name for name, _, _ in b.merge().landed] == [done.bead.id]
    assert run_git(town.hub, "rev-parse", "main^2") == made
    other = town.machine("c")
    a.git("switch", "-q", "-c", "again")
    commit(a.path, {"again": "x"})
    a.git("switch", "-q", "main")
    other.claim(ONE)
    late = hand_in_branch(a.hands(), "again", ONE, None, origin, base=None, strategy=None)
    assert late.delivery is not None
    assert "leased" in late.delivery.refused
