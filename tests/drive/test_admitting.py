"""What a push may do in a shared repository, and what becomes of the branches that were pushed there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt import lock
from gt.core import moves
from gt.core.bead import Bead, Landed, Phase
from gt.core.ids import LEDGER, submission_ref, work_branch
from gt.drive.admitting import RefMove, admit
from gt.drive.receiving import fates_of, record, turn
from gt.errors import Busy, Refused
from gt.git import refs
from gt.git.repo import Repo, discover
from gt.refinery.places import merge_lock
from gt.store.ledger import Ledger
from tests.conftest import NOW, run_git
from tests.crash.dying import dies_at
from tests.store.machines import Shared, shared
from tests.store.scenes import bead, bead_id

BEAD = bead_id(0)
LATE = NOW + 10**4


@pytest.fixture
def town(repo_path: Path) -> Shared:
    """A hub with one Bead that another machine holds, with work that the hub has as an object only."""
    (repo_path / ".gt").mkdir()
    (repo_path / ".gt/town.yaml").write_text("apiVersion: gt/v1\nungated: true\n")
    run_git(repo_path, "add", ".gt")
    run_git(repo_path, "commit", "-q", "-m", "settings")
    made = shared(repo_path, bead(0), bead(1))
    run_git(made.hub, "config", "gt.target", "main")
    return made


@pytest.fixture
def repo(town: Shared) -> Repo:
    return discover(town.hub)


def work(town: Shared, name: str = "made") -> str:
    path = town.first.path
    run_git(path, "checkout", "-q", "-B", name, "main")
    (path / name).write_text(f"{name}\n")
    run_git(path, "add", name)
    run_git(path, "commit", "-q", "-m", name)
    commit = run_git(path, "rev-parse", "HEAD")
    run_git(path, "push", "-q", "origin", f"{name}:refs/heads/other/{name}")
    return commit


def settle(town: Shared, more: str) -> None:
    """Give the target of the hub other settings."""
    path = town.first.path
    run_git(path, "checkout", "-q", "main")
    (path / ".gt/town.yaml").write_text(f"apiVersion: gt/v1\nungated: true\n{more}")
    run_git(path, "commit", "-q", "-a", "-m", "settings")
    run_git(path, "push", "-q", "origin", "main")


def held(town: Shared, token_digits: str = "aaaa") -> str:
    """The token under which the first machine holds the Bead, the hub knowing it."""
    token = town.first.claim(0, token_digits)
    town.first.sync()
    return token


def branch(token: str, name: str = BEAD) -> str:
    return f"refs/heads/{work_branch(name, token)}"


def against(repo: Repo, *wanted: tuple[str, str | None, str | None], who: tuple[str, ...] = ()) -> list[str]:
    found = admit(repo, [RefMove(*move) for move in wanted], who, LATE)
    return [f"{each.why} [{each.hint}]" for each in found]


def test_work_goes_in_under_the_token_that_holds_the_bead(town: Shared, repo: Repo) -> None:
    commit, token = work(town), held(town)
    assert against(repo, (branch(token), None, commit)) == []
    (why,) = against(repo, (branch("2-zzzz"), None, commit))
    assert why.startswith(f"{BEAD} is leased under {token}, not 2-zzzz: that attempt is over")
    (why,) = against(repo, (branch("1-aaaa", bead_id(1)), None, commit))
    assert why.endswith(
        f"that attempt is over; claim it anew, and bring the work along [gt sync && gt claim {bead_id(1)}]"
    )
    (why,) = against(repo, (branch("1-aaaa", bead_id(7)), None, commit))
    assert why == f"is for {bead_id(7)}, which the ledger here doesn't know: push that first [gt sync]"
    (why,) = against(repo, (branch(token), None, refs.read(repo, "refs/heads/main")))
    assert "there is nothing to submit" in why
    stranger = run_git(town.hub, "commit-tree", f"{commit}^{{tree}}", "-m", "x")
    (why,) = against(repo, (branch(token), None, stranger))
    assert "have no commit in common" in why
    assert against(repo, ("refs/heads/gt/mine", None, commit), (branch("2-zzzz"), commit, None)) == []


def test_targets_and_what_is_gts_own_move_for_whom_the_config_names(town: Shared, repo: Repo) -> None:
    commit = work(town)
    main = refs.read(repo, "refs/heads/main")
    wanted = [
        ("refs/heads/main", main, commit),
        ("refs/gt/landing/main", None, commit),
        (submission_ref(BEAD, "1-aaaa"), commit, main),
    ]
    assert len(against(repo, *wanted, who=("uid:7", "REMOTE_USER=bob"))) == 3
    assert "moves only by the Refinery here" in against(repo, wanted[0])[0]
    run_git(town.hub, "config", "gt.admit", "key:ABC")
    run_git(town.hub, "config", "--add", "gt.admit", "REMOTE_USER=bob")
    assert against(repo, *wanted, who=("uid:7", "REMOTE_USER=bob")) == []
    assert len(against(repo, *wanted, who=("REMOTE_USER=bobby",))) == 3
    assert against(repo, (submission_ref(BEAD, "1-aaaa"), None, commit)) == []
    assert against(repo, ("refs/heads/topic", main, commit), ("refs/tags/v1", None, commit)) == []


def test_a_stage_moves_for_whom_the_config_names(town: Shared, repo: Repo) -> None:
    def move(branch: str) -> tuple[str, str | None, str | None]:
        return f"refs/heads/{branch}", None, commit

    commit = work(town)
    assert against(repo, move("staging")) == []
    settle(town, "stages: [{branch: staging}]\n")
    assert against(repo, move("staging")) == [
        "is a stage: it moves only by promotion, to what its gates have passed [gt help promote]"
    ]
    assert against(repo, move("other")) == []
    run_git(town.hub, "config", "gt.admit", "uid:7")
    assert against(repo, move("staging"), who=("uid:7",)) == []


def test_where_nobody_can_tell_the_stages_what_gt_has_promoted_stays_put(town: Shared, repo: Repo) -> None:
    commit = work(town)
    run_git(town.hub, "update-ref", "refs/gt/landing/staging", commit)
    settle(town, "stages: staging\n")
    assert len(against(repo, ("refs/heads/staging", None, commit), ("refs/heads/new", None, commit))) == 1


def test_a_push_is_judged_as_a_whole(town: Shared, repo: Repo) -> None:
    commit = work(town)
    before = town.tip()
    token = town.first.claim(0, "aaaa")
    run_git(town.first.path, "push", "-q", "origin", "beads:refs/heads/other/beads")
    ledger = run_git(town.first.path, "rev-parse", "beads")
    assert against(repo, (LEDGER, before, ledger), (branch(token), None, commit)) == []
    assert len(against(repo, (branch(token), None, commit))) == 1


def test_that_something_has_landed_the_target_must_show(town: Shared, repo: Repo) -> None:
    commit, token, before = work(town), held(town), town.tip()
    town.first.offer(BEAD, token)

    def land(found: Bead) -> Bead:
        assert found.phase is Phase.SUBMITTED
        return moves.land(found, Landed(commit, "0" * 40, LATE))

    town.first.do("land", BEAD, land)
    run_git(town.first.path, "push", "-q", "origin", "beads:refs/heads/other/beads")
    move = (LEDGER, town.tip(), run_git(town.first.path, "rev-parse", "beads"))
    assert before == town.tip()
    (why,) = against(repo, move)
    assert f"{BEAD} is said to have landed as {commit[:12]}, which isn't on main" in why
    run_git(town.hub, "config", "gt.admit", "uid:7")
    main = refs.read(repo, "refs/heads/main")
    assert against(repo, move, ("refs/heads/main", main, commit), who=("uid:7",)) == []


def test_no_ref_moves_while_a_push_is_judged(town: Shared, repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "quarantine").mkdir()
    judging = replace(repo, incoming=tmp_path / "quarantine")
    tip = refs.read(repo, "refs/heads/main")
    with pytest.raises(Refused, match="can't move while a push is judged"):
        refs.swap(judging, "refs/heads/new", tip, None, message="", actor="a <a@b>", now=NOW)


# what was pushed


def test_a_branch_that_was_pushed_is_submitted_once_whoever_asks(town: Shared, repo: Repo) -> None:
    commit, token = work(town), held(town)
    run_git(town.hub, "update-ref", branch(token), commit)
    run_git(town.hub, "update-ref", branch("1-aaaa", bead_id(1)), commit)
    ledger = Ledger(repo)
    (found,) = record(repo, ledger, LATE)
    assert (found.bead, found.token, found.commit, found.new, found.trouble) == (
        BEAD,
        token,
        commit,
        True,
        "",
    )
    with ledger.read() as snapshot:
        sub = snapshot.get(BEAD).status.submission
    assert sub is not None
    assert (sub.token, sub.commit, sub.by) == (token, commit, town.first.actor)
    tip = ledger.tip()
    (again,) = record(repo, ledger, LATE)
    assert (again.new, ledger.tip()) == (False, tip)
    # Killed between the pin and the ledger, or pinned by nobody: the next call sees to it.
    run_git(town.hub, "update-ref", "-d", submission_ref(BEAD, token))
    record(repo, ledger, LATE)
    assert refs.read(repo, submission_ref(BEAD, token)) == commit
    (fate,) = fates_of(repo, ledger, {BEAD: token}, LATE)
    assert (fate.decided, fate.held, fate.waits) == (False, False, "is due for main")


def test_killed_anywhere_the_next_call_records_it(town: Shared, repo: Repo) -> None:
    commit, token = work(town), held(town)
    run_git(town.hub, "update-ref", branch(token), commit)
    ledger, before, number = Ledger(repo), town.tip(), 1
    while dies_at(number, lambda: record(repo, ledger, LATE)):
        record(repo, ledger, LATE)
        with ledger.read() as snapshot:
            assert snapshot.get(BEAD).phase is Phase.SUBMITTED
        assert refs.read(repo, submission_ref(BEAD, token)) == commit
        run_git(town.hub, "update-ref", "-d", submission_ref(BEAD, token))
        run_git(town.hub, "update-ref", "refs/heads/beads", before)
        number += 1
    assert number > 3


def test_what_can_not_land_is_told_and_the_rest_recorded(town: Shared, repo: Repo) -> None:
    commit, token = work(town), held(town)
    town.first.take(bead_id(1), "bbbb")
    town.first.sync()
    run_git(town.hub, "update-ref", branch(token), "main")
    run_git(town.hub, "update-ref", branch("1-bbbb", bead_id(1)), commit)
    bad, good = record(repo, Ledger(repo), LATE)
    assert "there is nothing to submit" in bad.trouble
    assert (good.bead, good.new) == (bead_id(1), True)


def test_one_merges_and_one_waits_however_many_there_are(repo: Repo) -> None:
    with turn(repo, 0) as first:
        assert first is not None
        assert first.path == merge_lock(repo)
        with pytest.raises(Busy, match="is held"), turn(repo, 0):
            pass
        # The waiting place is free again for the next one.
        with pytest.raises(Busy, match="is held"), turn(repo, 0):
            pass
    waiting = lock.try_hold(repo.gt_dir / "receive.lock")
    assert waiting is not None
    with turn(repo, 0) as second:
        assert second is None
    lock.release(waiting)
