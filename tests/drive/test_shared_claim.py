"""Claims in a town of several machines: what the remote has accepted counts, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase, Result
from gt.core.ids import wip_ref
from gt.drive.work import work
from gt.errors import Busy, IllegalMove
from gt.store.claimable import NothingClaimable
from gt.store.ledger import Ledger
from tests.conftest import run_git
from tests.drive.machines import Fleet, commit, fleet
from tests.store.scenes import bead_id

ONE, TWO = bead_id(1), bead_id(2)


class Killed(BaseException):
    """The end of a process, as far as what it did is concerned."""


@pytest.fixture
def town(repo_path: Path) -> Fleet:
    return fleet(repo_path, beads=2)


def test_a_claim_is_on_the_remote_before_anybody_works(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    taken = a.claim(ONE)
    assert taken.worktree.is_dir()
    assert town.tip("beads") == a.tip("beads")
    with pytest.raises(NothingClaimable, match=r"is held by a .* under 1-a"):
        b.claim(ONE)
    assert b.claim().bead.id == TWO
    assert b.git("log", "--merges", "beads") == "", "who comes second leaves no trace"
    with pytest.raises(NothingClaimable):
        b.claim()


def test_another_machine_is_quicker_between_the_look_and_the_push(town: Fleet, tmp_path: Path) -> None:
    a, b = town.first, town.machine("b")
    # The hub lets b's claim pass first: its git hook calls that in, once, while a's push waits.
    claim = b.claim(ONE)
    won = town.tip("beads")
    run_git(town.hub, "update-ref", "refs/heads/beads", a.tip("beads"))
    marker = tmp_path / "quicker"
    town.git_hook(
        "pre-receive",
        f"unset GIT_QUARANTINE_PATH\n[ -e {marker} ] || {{ touch {marker}; git update-ref refs/heads/beads {won}; }}",
    )
    taken = a.claim()
    assert taken.bead.id == TWO, "the next one"
    assert a.token(ONE) == (claim.bead.status.lease and claim.bead.status.lease.token)
    assert len(list((a.repo.gt_dir / "locks").glob("*"))) == 0


def test_who_names_the_bead_hears_who_was_quicker(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    b.claim(ONE)
    before = a.tip("beads")
    with pytest.raises(NothingClaimable, match=rf"{ONE} is held by b .* under 1-b"):
        a.claim(ONE)
    assert a.get(ONE).phase is Phase.LEASED, "what b did is known here now"
    assert a.git("rev-list", "--count", f"{before}..beads") == "1"


def test_a_persons_second_claim_tells_the_remote_what_the_first_could_not(town: Fleet) -> None:
    a = town.first
    first = a.claim(ONE, offline=True)
    assert town.tip("beads") != a.tip("beads")
    again = a.claim(ONE)
    assert not again.changed
    assert again.worktree == first.worktree
    assert town.tip("beads") == a.tip("beads")


def test_a_claim_of_mine_in_another_clone_is_not_worked_on_here(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    taken = a.claim(ONE)
    b.name = "a"
    with pytest.raises(NothingClaimable, match=f"in another clone: {taken.worktree} on"):
        b.claim(ONE)


def test_out_of_reach_nothing_is_claimed(town: Fleet) -> None:
    a = town.first
    before = a.state()
    town.cut()
    with pytest.raises(Busy, match="can't be reached") as told:
        a.claim(ONE)
    assert told.value.hint == f"gt claim {ONE} --offline"
    with pytest.raises(Busy) as told:
        a.work()
    assert told.value.hint == "gt work --offline"
    assert a.state() == before


def test_no_answer_to_the_push_and_the_claim_is_taken_back(town: Fleet, tmp_path: Path) -> None:
    """The hub accepts and its answer is lost: what happened is unknown, so the lease is ended, at no cost."""
    a, b = town.first, town.machine("b")
    town.git_hook("post-receive", "kill -9 $PPID; exit 1")
    with pytest.raises(Busy) as told:
        a.claim(ONE)
    assert told.value.hint == f"gt claim {ONE} --offline"
    found = a.get(ONE)
    assert (found.phase, found.counted) == (Phase.OPEN, 0)
    assert [attempt.result for attempt in found.status.attempts] == [Result.RELEASED]
    town.git_hook("post-receive", "")
    assert a.claim(ONE).changed
    with pytest.raises(NothingClaimable, match="under 2-a"):
        b.claim(ONE)


def test_an_attempt_begins_from_what_the_remote_has(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    (a.path / "new").write_text("1\n")
    a.git("add", "new")
    a.git("commit", "-q", "-m", "new")
    a.git("push", "-q", "origin", "main")
    before = b.tip()
    taken = b.claim(ONE)
    assert (taken.worktree / "new").exists()
    assert b.tip() == before, "a claim doesn't move what is checked out"


def test_settings_that_came_with_the_remote_are_agreed_to_first(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    text = (a.path / ".gt" / "town.yaml").read_text()
    (a.path / ".gt" / "town.yaml").write_text(text.replace("grace: 1s", "grace: 2s"))
    a.git("commit", "-qam", "settings")
    a.git("push", "-q", "origin", "main")
    with pytest.raises(Busy, match="main has other settings on origin than here"):
        b.claim(ONE)
    b.reconcile()
    assert b.tip() == a.tip()
    assert b.claim(ONE).changed


def test_an_offline_claim_that_loses(town: Fleet) -> None:
    """Whoever syncs is told, what is done under it is refused by its fence, and the worktree stays."""
    a, b = town.first, town.machine("b")
    b.claim(ONE)
    town.agent(
        f"echo mine > mine\ncd {a.path} && GIT_DIR= git fetch -q origin || true\ntouch {town.script}.ran"
    )
    a_claim = a.claim(ONE, offline=True)
    commit(a_claim.worktree, {"mine": "mine\n"})
    token = a.token(ONE)
    report = a.sync()
    (refusal,) = report.account.refused
    assert (refusal.bead, "is leased by b" in refusal.why) == (ONE, True)
    with pytest.raises(IllegalMove, match="that attempt is over"):
        a.submit(a_claim)
    assert any(token in note.text for note in a.get(ONE).notes)
    assert a_claim.worktree.is_dir(), "a person's worktree is theirs"


def test_an_offline_attempt_that_loses_while_it_runs(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    b.claim(ONE)
    town.agent("echo mine > mine")

    def lose(_lease: object, _name: str) -> None:
        a.sync()

    with pytest.raises(IllegalMove, match=f"{ONE} is leased under 1-b"):
        work(a.hands(), ONE, lose, offline=True)
    lost = a.git("for-each-ref", "--format=%(refname)", "refs/gt/wip").splitlines()
    assert len(lost) == 1
    assert a.git("show", f"{lost[0]}:mine") == "mine"
    assert lost[0].startswith(wip_ref(ONE, "1-")[:-1])


def test_of_another_clones_lease_only_the_deadline_speaks(town: Fleet) -> None:
    """Its lock is free here, and may be free there: nobody else may say so."""
    a, b = town.first, town.machine("b")

    def die(_lease: object, _name: str) -> None:
        raise Killed

    with pytest.raises(Killed):
        work(a.hands(), ONE, die)
    b.reconcile()
    lease = b.get(ONE).status.lease
    assert lease is not None
    assert [action.verb for action in b.plan().actions if action.args[:1] == (ONE,)] == []
    assert [action.verb for action in a.plan().actions if action.args[:1] == (ONE,)] == ["expire"]
    b.now = lease.expires + 59
    assert not b.reconcile().done
    b.now = lease.expires + 60
    b.reconcile()
    assert [attempt.result for attempt in b.get(ONE).status.attempts] == [Result.DEADLINE]
    assert town.tip("beads") == b.tip("beads"), "a pass tells the others"
    # The machine that died comes back and finds it done.
    a.now = b.now
    a.reconcile()
    assert a.tip("beads") == b.tip("beads")
    assert [attempt.result for attempt in a.get(ONE).status.attempts] == [Result.DEADLINE]


def test_killed_once_the_remote_has_the_claim(town: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clone doesn't know; as soon as it hears, it knows its own, dead, and ends it for everybody."""
    a, b = town.first, town.machine("b")
    a.reconcile()

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "advance", die)
        with pytest.raises(Killed):
            a.work(ONE)
    assert a.get(ONE).phase is Phase.OPEN
    b.reconcile()
    assert b.get(ONE).phase is Phase.LEASED
    assert [action.verb for action in a.reconcile().done] == ["sync", "expire", "sync"]
    assert [attempt.result for attempt in a.get(ONE).status.attempts] == [Result.CRASHED]
    b.reconcile()
    assert b.get(ONE).phase is Phase.OPEN
