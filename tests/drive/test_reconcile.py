"""reconcile: its Actions are carried out once, one that fails keeps no other from it, and rest is left alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Attempt, Landed, Phase, Result, Status, Stuck, StuckReason
from gt.core.calls import calls
from gt.core.ids import bead_path
from gt.core.page import MAX_SENDS
from gt.core.plan import Next
from gt.drive.observe import observe
from gt.drive.reconcile import Reconciled, reconcile
from gt.errors import NotFound
from gt.fleet import roster
from gt.fleet.places import PRIVATE
from gt.git import loose
from gt.verbs.ack import ack
from gt.verbs.page import call_for
from gt.verbs.prune import Stays, prune
from tests.conftest import NOW, run_git
from tests.core.small import lease
from tests.drive.attempts import Scene, town
from tests.store.scenes import ALICE, bead, bead_id

ONE, TWO = bead_id(1), bead_id(2)
TOKEN = "1-aaaa"
LANDED = Status(phase=Phase.LANDED, landed=Landed("1" * 40, "2" * 40, NOW))
STUCK = Status(phase=Phase.STUCK, stuck=Stuck(StuckReason.ATTEMPTS, NOW, "red: no"))


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    return town(repo_path, tmp_path)


def verbs(outcome: Reconciled) -> list[str]:
    return [action.verb for action in outcome.done]


def test_at_rest_nothing_is_written(scene: Scene) -> None:
    scene.put(bead(1, LANDED))
    reconcile(scene.hands())

    def state() -> object:
        objects = run_git(scene.path, "count-objects", "-v")
        index = (scene.path / ".git/index").stat().st_mtime_ns
        return objects, run_git(scene.path, "for-each-ref"), index, sorted(scene.repo.gt_dir.rglob("*"))

    before = state()
    outcome = reconcile(scene.hands("nobody asks who acts"))
    assert (outcome.done, outcome.failed, outcome.plan.next) == ([], [], Next.REST)
    assert state() == before
    assert run_git(scene.path, "status", "--porcelain") == ""


def test_who_acts_is_not_asked_while_there_is_nothing_to_do(scene: Scene) -> None:
    def who() -> str:
        raise AssertionError

    assert reconcile(replace(scene.hands(), who=who)).plan.next is Next.DUE


def test_the_lease_of_the_dead_is_ended_once(scene: Scene) -> None:
    held = lease(TOKEN, clone=roster.clone(scene.repo), host=roster.host(), boot="", worktree="/nowhere/x")
    scene.put(
        bead(
            1,
            Status(
                phase=Phase.LEASED, lease=replace(held, basecommit=run_git(scene.path, "rev-parse", "main"))
            ),
        )
    )
    first = reconcile(scene.hands())
    assert verbs(first) == ["expire"]
    assert scene.get(ONE).status.attempts[-1].result is Result.CRASHED
    tip = run_git(scene.path, "rev-parse", "beads")
    second = reconcile(scene.hands())
    assert second.done == []
    assert run_git(scene.path, "rev-parse", "beads") == tip


def test_an_epic_closes_and_then_the_epic_that_holds_it(scene: Scene) -> None:
    scene.put(
        bead(1, LANDED, parent=TWO),
        bead(2, type="epic", parent=bead_id(3)),
        bead(3, type="epic"),
    )
    outcome = reconcile(scene.hands())
    assert [action.args[0] for action in outcome.done] == [TWO, bead_id(3)]
    assert outcome.plan.next is Next.REST


def test_a_page_is_recorded_once_where_nothing_sends_it(scene: Scene) -> None:
    scene.put(bead(1, STUCK))
    assert verbs(reconcile(scene.hands())) == ["page"]
    again = reconcile(scene.hands())
    assert (again.done, again.plan.next) == ([], Next.HUMAN)
    with scene.ledger.read() as snapshot:
        (page,) = snapshot.pages()
    assert (page.subject, page.sends, page.sent) == (ONE, 0, None)
    acked = ack(scene.ledger, [page.id[:5]], actor=ALICE, now=NOW)
    assert acked.changed == 1
    assert ack(scene.ledger, None, actor=ALICE, now=NOW).changed == 0


def test_a_call_is_acknowledged_by_the_page_that_it_will_be(scene: Scene) -> None:
    scene.put(bead(1, STUCK), bead(2, STUCK))
    first, second = (
        call_for(call.subject, call.reason, call.epoch, call.text, NOW)
        for call in calls(observe(scene.repo, scene.ledger, NOW))
    )
    assert ack(scene.ledger, [first.id], actor=ALICE, now=NOW, unwritten=[first, second]).changed == 1
    assert verbs(reconcile(scene.hands())) == ["page"]
    with scene.ledger.read() as snapshot:
        assert {page.id: bool(page.acknowledged) for page in snapshot.pages()} == {
            first.id: True,
            second.id: False,
        }
    assert ack(scene.ledger, [first.id], actor=ALICE, now=NOW, unwritten=[first]).changed == 0
    with pytest.raises(NotFound):
        ack(scene.ledger, ["p-nosuch"], actor=ALICE, now=NOW, unwritten=[first])


def test_a_page_is_sent_with_its_json_on_stdin(scene: Scene, tmp_path: Path) -> None:
    scene.settings(rest=f'page: {{command: "cat >> {tmp_path}/pages"}}')
    scene.put(bead(1, STUCK))
    reconcile(scene.hands())
    reconcile(scene.hands())
    (line,) = (tmp_path / "pages").read_text().splitlines()
    assert f'"subject": "{ONE}"' in line
    assert list((scene.repo.gt_dir / "pages").iterdir()) == []


def test_a_page_that_cannot_be_sent_fails_alone_and_is_tried_again_later_but_not_for_ever(
    scene: Scene,
) -> None:
    scene.settings(rest='page: {command: "echo no such pager >&2; exit 1"}')
    scene.put(bead(1, STUCK), bead(2, STUCK))
    outcome = reconcile(scene.hands())
    assert outcome.done == []
    assert ["no such pager" in error.message for _, error in outcome.failed] == [True, True]
    assert outcome.plan.next_wake == NOW + 60
    assert reconcile(scene.hands()).failed == []
    now = NOW
    for _ in range(10):
        now += 10_000
        reconcile(replace(scene.hands(), clock=lambda: now))  # noqa: B023
    with scene.ledger.read() as snapshot:
        assert [page.sends for page in snapshot.pages()] == [MAX_SENDS] * 2


def test_one_that_fails_does_not_stop_the_others(scene: Scene) -> None:
    scene.settings(rest='page: {command: "exit 1"}')
    scene.put(bead(1, STUCK), bead(2, type="epic"), bead(3, LANDED, parent=TWO))
    outcome = reconcile(scene.hands())
    assert verbs(outcome) == ["close"]
    assert [action.verb for action, _ in outcome.failed] == ["page"]


def left_behind(scene: Scene, tmp_path: Path, agent: str = "sh") -> Path:
    """An attempt that is over, whose worktree, with uncommitted work, nobody removed."""
    place = tmp_path / "repo.gt" / f"{ONE}-{TOKEN}"
    run_git(scene.path, "worktree", "add", "-q", "-b", f"gt/{ONE}/{TOKEN}", str(place))
    (place / PRIVATE).mkdir()
    (place / "new").write_text("kept\n")
    ended = Attempt(TOKEN, agent, NOW - 99, NOW - 90, Result.CRASHED)
    scene.put(bead(1, Status(phase=Phase.STUCK, stuck=STUCK.stuck, attempts=(ended,))))
    return place


def test_what_an_attempt_left_is_pinned_before_it_goes(scene: Scene, tmp_path: Path) -> None:
    place = left_behind(scene, tmp_path)
    assert "prune" in verbs(reconcile(scene.hands()))
    assert not place.exists()
    assert run_git(scene.path, "for-each-ref", "refs/heads/gt") == ""
    assert run_git(scene.path, "show", f"refs/gt/wip/{ONE}/{TOKEN}:new") == "kept"
    assert reconcile(scene.hands()).plan.actions == ()


def test_a_worktree_with_a_repository_inside_stays_and_is_not_tried_again(
    scene: Scene, tmp_path: Path
) -> None:
    place = left_behind(scene, tmp_path)
    run_git(place, "init", "-q", "inside")
    (place / "inside" / "f").write_text("x")
    assert reconcile(scene.hands()).failed == []
    assert (place / "inside" / "f").exists()
    assert reconcile(scene.hands()).plan.actions == ()
    with pytest.raises(Stays, match="it has repositories of its own: inside") as stays:
        prune(scene.repo, scene.ledger, ONE, TOKEN, now=NOW)
    assert str(place) in (stays.value.hint or "")
    shutil.rmtree(place / "inside")
    assert prune(scene.repo, scene.ledger, ONE, TOKEN, now=NOW)
    assert not place.exists()


def test_a_persons_worktree_is_refused(scene: Scene, tmp_path: Path) -> None:
    from gt.errors import Refused

    place = left_behind(scene, tmp_path, agent="")
    reconcile(scene.hands())
    assert (place / "new").exists()
    with pytest.raises(Refused, match="was a person's") as refused:
        prune(scene.repo, scene.ledger, ONE, TOKEN, now=NOW)
    assert refused.value.hint == "git worktree list"
    assert (place / "new").exists()


def test_what_a_submitted_attempt_left_goes_too(scene: Scene) -> None:
    scene.agent("echo a > a")
    submitted = scene.work(ONE).attempt
    place = scene.path.parent / "repo.gt" / f"{ONE}-{submitted.token}"
    branch = f"gt/{ONE}/{submitted.token}"
    run_git(scene.path, "worktree", "add", "-q", "-b", branch, str(place), str(submitted.head))
    run_git(scene.path, "update-ref", f"refs/gt/wip/{ONE}/{submitted.token}", str(submitted.head))
    roster.lock_path(scene.repo, ONE, submitted.token).touch()
    outcome = reconcile(scene.hands())
    assert (verbs(outcome), outcome.failed) == (["prune"], [])
    scene.nothing_left()
    pins = run_git(scene.path, "for-each-ref", "--format=%(refname)", "refs/gt/wip", "refs/gt/sub")
    assert pins == f"refs/gt/sub/{ONE}/{submitted.token}"
    assert reconcile(scene.hands()).done == []


def test_what_another_git_pruned_too_early_is_given_back(scene: Scene) -> None:
    scene.put(bead(1, LANDED))
    tree = run_git(scene.path, "rev-parse", f"beads:{Path(bead_path(ONE)).parent}")
    loose.path_in(scene.repo.common_dir / "objects", tree).unlink()
    outcome = reconcile(scene.hands())
    assert [action.command for action in outcome.done] == ["gt heal refs/heads/beads"]
    assert outcome.plan.next is Next.REST
    run_git(scene.path, "fsck")
    assert reconcile(scene.hands()).done == []
