"""A lease that somebody else wrote into the ledger: its paths, pids and branches lead gt nowhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gt.core.bead import Attempt, Lease, Phase, Result, Status
from gt.core.ids import work_branch
from gt.drive.attempt_claim import take
from gt.drive.attempt_diff import ends_of
from gt.drive.reconcile import reconcile
from gt.errors import GtError, Refused
from gt.fleet import processes, records, roster
from gt.fleet.places import place_of
from gt.fleet.records import Record
from gt.store.targets import town_of
from gt.verbs.expire import expire
from gt.verbs.prune import prune
from gt.verbs.stop import stop
from gt.verbs.submit import submit
from tests.conftest import NOW, run_git
from tests.core.small import lease
from tests.drive.attempts import Scene, town
from tests.store.scenes import ALICE, bead, bead_id

ONE = bead_id(1)
TOKEN = "1-aaaa"

PATHS = (
    "/etc",
    "../../x",
    "",
    "--upload-pack=x",
    "a\x00b",
    f"/x\x1b/{ONE}-{TOKEN}",
    f"relative/{ONE}-{TOKEN}",
    f"/x/../etc/{ONE}-{TOKEN}",
    f"/{'x' * 300}/{ONE}-{TOKEN}",
)


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    made = town(repo_path, tmp_path)
    roster.clone(made.repo)
    return made


def planted(scene: Scene, **fields: object) -> Lease:
    """A lease as an enemy would write it, under this very clone's name, which the ledger tells."""
    main = run_git(scene.path, "rev-parse", "main")
    own: dict[str, object] = {"token": TOKEN, "agent": "sh", "lock": True, "basecommit": main}
    own |= {"clone": roster.clone(scene.repo), "host": roster.host(), "boot": processes.boot_id()}
    forged = lease(**{**own, **fields})  # type: ignore[arg-type]
    scene.put(bead(1, Status(phase=Phase.LEASED, lease=forged)))
    return forged


def precious(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "thesis").write_text("years of work\n")
    return path


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_a_worktree_that_is_not_called_after_the_attempt_is_not_believed(scene: Scene, path: str) -> None:
    forged = planted(scene, worktree=path)
    assert place_of(scene.repo, ONE, forged).worktree == scene.path.parent / "repo.gt" / f"{ONE}-{TOKEN}"
    outcome = reconcile(scene.hands())
    assert (outcome.failed, scene.get(ONE).phase) == ([], Phase.OPEN)


def test_no_directory_is_removed_because_a_lease_names_it(scene: Scene, tmp_path: Path) -> None:
    """Not even where gt did begin such an attempt, and was killed."""
    home = precious(tmp_path / "home")
    forged = planted(scene, worktree=str(home))
    there = place_of(scene.repo, ONE, forged)
    records.write(there.record, Record(str(tmp_path / "gone"), forged.basecommit, before=forged.basecommit))
    assert expire(scene.repo, scene.ledger, ONE, TOKEN, actor=ALICE, now=NOW).changed
    assert (home / "thesis").read_text() == "years of work\n"


def test_no_worktree_of_the_user_is_removed_because_a_lease_names_it(scene: Scene, tmp_path: Path) -> None:
    feature = tmp_path / "feature"
    run_git(scene.path, "worktree", "add", "-q", "-b", "feature", str(feature))
    (scene.path / ".git" / "info").mkdir(exist_ok=True)
    (feature / ".gitignore").write_text(".env\n")
    (feature / ".env").write_text("secret\n")
    planted(scene, worktree=str(feature))
    reconcile(scene.hands())
    assert (feature / ".env").read_text() == "secret\n"
    assert run_git(scene.path, "for-each-ref", "refs/gt") == ""


@pytest.mark.parametrize("over", [False, True])
def test_a_persons_worktree_does_not_become_an_attempts(scene: Scene, over: bool) -> None:
    taken = take(scene.hands(), ONE, None)
    mine = taken.bead.status.lease
    assert mine is not None
    (taken.worktree / ".gitignore").write_text(".env\n")
    (taken.worktree / ".env").write_text("secret\n")
    planted(scene, **{name: getattr(mine, name) for name in ("token", "worktree", "branch")}, agent="sh")
    if over:
        ended = Attempt(mine.token, "sh", NOW - 9, NOW - 8, Result.CRASHED)
        scene.put(bead(1, Status(phase=Phase.OPEN, attempts=(ended,))))
        with pytest.raises(Refused, match="nothing here says that gt made"):
            prune(scene.repo, scene.ledger, ONE, mine.token, now=NOW)
    for _ in range(2):
        assert reconcile(scene.hands()).failed == []
    assert (taken.worktree / ".env").read_text() == "secret\n"


def test_no_process_is_killed_because_a_lease_names_it(scene: Scene) -> None:
    with subprocess.Popen(["sleep", "60"]) as innocent:
        try:
            started = processes.start_time(innocent.pid)
            planted(scene, pid=innocent.pid, pidstart=started)
            assert not stop(scene.repo, scene.ledger, ONE, actor=ALICE).told
            expire(scene.repo, scene.ledger, ONE, TOKEN, actor=ALICE, now=NOW)
            assert innocent.poll() is None
        finally:
            innocent.kill()


def test_a_persons_lease_chooses_neither_branch_nor_place(scene: Scene, tmp_path: Path) -> None:
    home = precious(tmp_path / "home")
    planted(scene, lock=False, agent="", actor=ALICE, branch="main", worktree=str(home))
    taken = take(scene.hands(), ONE, None)
    assert taken.worktree == scene.path.parent / "repo.gt" / f"{ONE}-{TOKEN}"
    assert run_git(taken.worktree, "symbolic-ref", "--short", "HEAD") == work_branch(ONE, TOKEN)


def test_git_is_not_run_where_a_lease_says(scene: Scene, tmp_path: Path) -> None:
    """A repository found there could bring filters: programs of its own."""
    trap = tmp_path / "trap" / f"{ONE}-{TOKEN}"
    trap.mkdir(parents=True)
    run_git(trap, "init", "-q")
    run_git(trap, "config", "filter.x.clean", f"touch {tmp_path}/ran; cat")
    (trap / ".gitattributes").write_text("* filter=x\n")
    (trap / "f").write_text("f\n")
    planted(scene, lock=False, agent="", actor=ALICE, worktree=str(trap))
    with pytest.raises(Refused, match="is not here"):
        submit(scene.repo, scene.ledger, ONE, TOKEN, actor=ALICE, now=NOW)
    with pytest.raises(GtError, match="no such worktree"):
        ends_of(scene.repo, scene.get(ONE), None)
    with pytest.raises(Refused, match="can't make the worktree"):
        take(scene.hands(), ONE, None)
    assert not (tmp_path / "ran").exists()


def test_settings_come_from_targets_only(scene: Scene) -> None:
    run_git(scene.path, "branch", "elsewhere")
    scene.settings(rest="limits: {attempts: 9}")
    run_git(scene.path, "branch", "-f", "elsewhere", "main")
    scene.settings(rest="limits: {attempts: 2}")
    assert town_of(scene.repo, bead(1)).limits.attempts == 2
    assert town_of(scene.repo, bead(1, base="main")).limits.attempts == 2
    assert town_of(scene.repo, bead(1, base="elsewhere")).limits.attempts == 3
