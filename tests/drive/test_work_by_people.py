"""People claim, work, submit and give back; and stop what agents do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Landed, Lease, Phase, Result
from gt.drive.attempt_claim import Taken, take
from gt.drive.attempt_detach import Told, detached
from gt.drive.attempt_diff import ends_of
from gt.drive.attempt_logs import read_log, token_of
from gt.drive.attempt_prompt import prime
from gt.drive.attempt_stop import stop_attempt
from gt.drive.work import work
from gt.errors import Busy, IllegalMove, Refused
from gt.fleet.places import standing_in
from gt.git import show
from gt.git.repo import discover
from gt.store.claimable import NothingClaimable
from gt.verbs.end import end
from gt.verbs.expire import expire
from gt.verbs.submit import submit
from tests.conftest import NOW, run_git
from tests.drive.attempts import Scene, last, town, until
from tests.store.scenes import ALICE, bead, bead_id

ONE, TWO = bead_id(1), bead_id(2)
BOB = "Bob <bob@example.com>"


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    return town(repo_path, tmp_path)


def lease_of(taken: Taken) -> Lease:
    assert taken.bead.status.lease is not None
    return taken.bead.status.lease


def test_claim_work_submit(scene: Scene) -> None:
    taken = take(scene.hands(), None, None)
    lease = lease_of(taken)
    assert taken.worktree == scene.path.parent / "repo.gt" / f"{ONE}-{lease.token}"
    assert (lease.lock, lease.agent, lease.actor, lease.expires) == (False, "", ALICE, NOW + 86400)
    assert run_git(taken.worktree, "symbolic-ref", "--short", "HEAD") == f"gt/{ONE}/{lease.token}"
    assert standing_in(discover(taken.worktree)) == (ONE, lease.token)

    def offer() -> object:
        return submit(scene.repo, scene.ledger, ONE, lease.token, actor=ALICE, now=NOW)

    with pytest.raises(Refused, match="nothing to submit"):
        offer()
    (taken.worktree / "a").write_text("a\n")
    with pytest.raises(Refused, match="not committed yet: a"):
        offer()
    run_git(taken.worktree, "add", "a")
    run_git(taken.worktree, "commit", "-qm", "mine")
    offer()
    found = scene.get(ONE)
    assert (found.phase, last(found).result) == (Phase.SUBMITTED, Result.SUBMITTED)
    assert found.status.submission is not None
    assert found.status.submission.commit == run_git(taken.worktree, "rev-parse", "HEAD")
    assert taken.worktree.is_dir()
    with pytest.raises(IllegalMove, match="that attempt is over"):
        offer()


def test_claiming_again_changes_nothing_and_lasts_longer_on_demand(scene: Scene) -> None:
    first = take(scene.hands(), ONE, 100)
    again = take(scene.hands(), ONE, None)
    assert (again.changed, lease_of(again)) == (False, lease_of(first))
    longer = take(scene.hands(), ONE, 500)
    assert (longer.changed, lease_of(longer).expires) == (True, NOW + 500)
    run_git(scene.path, "worktree", "remove", str(first.worktree))
    assert take(scene.hands(), ONE, None).worktree == first.worktree
    assert run_git(first.worktree, "symbolic-ref", "--short", "HEAD") == lease_of(first).branch
    with pytest.raises(NothingClaimable, match=f"held by {ALICE}"):
        take(scene.hands(BOB), ONE, None)
    with pytest.raises(Busy):
        scene.work(ONE)


def test_a_stale_token_is_refused(scene: Scene) -> None:
    old = lease_of(take(scene.hands(), ONE, None))
    end(scene.repo, scene.ledger, ONE, None, Result.RELEASED, "", actor=ALICE, now=NOW)
    new = lease_of(take(scene.hands(), ONE, None))
    for token in (old.token, "9-zzzz"):
        with pytest.raises(IllegalMove, match=f"leased under {new.token}, not {token}"):
            submit(scene.repo, scene.ledger, ONE, token, actor=ALICE, now=NOW)
    with pytest.raises(Refused, match=f"held by {ALICE}, not by {BOB}"):
        end(scene.repo, scene.ledger, ONE, None, Result.WORK_FAILED, "no", actor=BOB, now=NOW)


def test_failing_asking_and_giving_back_keep_the_worktree_and_pin_the_work(scene: Scene) -> None:
    results = []
    for result, word in ((Result.RELEASED, "later"), (Result.WORK_FAILED, "no"), (Result.ASKED, "which?")):
        taken = take(scene.hands(), ONE, None)
        (taken.worktree / word).write_text("w\n")
        found = end(scene.repo, scene.ledger, ONE, lease_of(taken).token, result, word, actor=ALICE, now=NOW)
        assert taken.worktree.is_dir()
        assert word in scene.files(last(found).head)
        results.append((last(found).result, found.phase))
        scene.put(replace(found, status=replace(found.status, wake=None)))
    assert results == [
        (Result.RELEASED, Phase.OPEN),
        (Result.WORK_FAILED, Phase.OPEN),
        (Result.ASKED, Phase.STUCK),
    ]


def test_a_persons_lease_ends_by_the_clock_alone(scene: Scene) -> None:
    taken = take(scene.hands(), ONE, 100)
    token = lease_of(taken).token
    assert not expire(scene.repo, scene.ledger, ONE, token, actor=BOB, now=NOW + 159).changed
    done = expire(scene.repo, scene.ledger, ONE, token, actor=BOB, now=NOW + 160)
    assert done.attempt is not None
    assert (done.attempt.result, done.bead.phase) == (Result.RELEASED, Phase.OPEN)
    assert taken.worktree.is_dir()


def test_the_base_has_what_is_needed(scene: Scene) -> None:
    need, after = bead(1), bead(2, needs=frozenset({ONE}))
    elsewhere = run_git(scene.path, "commit-tree", "-m", "x", "main^{tree}")
    tree = run_git(scene.path, "rev-parse", "main^{tree}")
    landed = replace(
        need, status=replace(need.status, phase=Phase.LANDED, landed=Landed(elsewhere, tree, NOW))
    )
    scene.put(landed, after)
    with pytest.raises(Busy, match=r"whose landing .* is not in main here"):
        take(scene.hands(), TWO, None)
    here = replace(landed, status=replace(landed.status, landed=Landed(scene.commit({"x": "x"}), tree, NOW)))
    scene.put(here)
    assert take(scene.hands(), TWO, None).changed


def test_limits_bind_agents_and_not_people(scene: Scene) -> None:
    scene.settings(rest="limits: {concurrent: 1}")
    lease = lease_of(take(scene.hands(), ONE, None))
    scene.put(bead(2), bead(3))
    found = scene.get(ONE)
    scene.put(replace(found, status=replace(found.status, lease=replace(lease, lock=True, agent="sh"))))
    with pytest.raises(Busy, match=r"`limits.concurrent` is 1"):
        scene.work(TWO)
    assert take(scene.hands(), TWO, None).changed


def test_stopping_a_live_attempt(scene: Scene, tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    scene.agent(f"echo a > a; touch {busy}; sleep 60")
    pid = scene.work_apart(ONE)
    until(busy.exists)
    found = stop_attempt(scene.hands(BOB), ONE)
    os.waitpid(pid, 0)
    assert (found.phase, last(found).result, last(found).reason, found.counted) == (
        Phase.OPEN,
        Result.RELEASED,
        f"stopped by {BOB}",
        0,
    )
    assert scene.files(last(found).head) == {"README.md": "a project", "a": "a"}
    scene.nothing_left()
    with pytest.raises(IllegalMove, match="nothing of it runs"):
        stop_attempt(scene.hands(BOB), ONE)


def test_stopping_one_whose_gt_is_dead(scene: Scene, tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    scene.agent(f"echo a > a; touch {busy}; sleep 60")
    pid = scene.work_apart(ONE)
    until(busy.exists)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    found = stop_attempt(scene.hands(), ONE)
    assert (last(found).result, last(found).reason) == (Result.RELEASED, f"stopped by {ALICE}")
    scene.nothing_left()


def test_detached_it_says_what_it_claimed(scene: Scene, tmp_path: Path) -> None:
    scene.agent("echo said; echo a > a; sleep 0.3")
    log = scene.repo.gt_dir / "log" / "work.log"

    def run(wanted: str | None) -> Callable[[Told], object]:
        return lambda told: work(scene.hands(), wanted, lambda lease, name: told(name, lease.token))

    name, token = detached(run(None), log)
    found = scene.get(ONE)
    assert (name, found.status.lease and found.status.lease.token) == (ONE, token)
    assert "".join(read_log(scene.repo, found, token_of(found, None), follow=True)) == "said\n"
    with pytest.raises(Busy) as caught:
        detached(run(ONE), log)
    assert caught.value.exit_code == 75
    until(lambda: scene.get(ONE).phase is Phase.SUBMITTED)
    until(lambda: not roster_file(scene, token).exists())
    ends = ends_of(scene.repo, scene.get(ONE), None)
    assert b"+a" in show.diff(ends.where, ends.old, str(ends.new))


def roster_file(scene: Scene, token: str) -> Path:
    from gt.fleet import roster

    return roster.lock_path(scene.repo, ONE, token)


def test_what_is_said_of_earlier_work_is_so(scene: Scene) -> None:
    """A person's worktree begins at the target, and nothing stands against what was left."""
    scene.settings(deadline="1s")
    scene.agent("echo half > half; sleep 60")
    assert scene.work().attempt.result is Result.DEADLINE
    left = scene.get(ONE)
    scene.put(replace(left, status=replace(left.status, wake=None)))
    for _ in range(2):
        with scene.ledger.read() as snapshot:
            told = prime(scene.repo, snapshot, snapshot.get(ONE), NOW)
        assert "NOT in your worktree." in told
        assert "no longer merges" not in told
        taken = take(scene.hands(), ONE, None)
        assert not (taken.worktree / "half").exists()
