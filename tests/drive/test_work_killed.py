"""`gt work` killed at its effects: whoever comes next finds everything, and nothing is left lying about."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Phase, Result
from gt.core.world import ZOMBIE_GRACE
from gt.drive.reconcile import reconcile
from gt.drive.work import work
from gt.fleet import roster
from gt.verbs.expire import expire
from gt.verbs.kill import kill
from gt.verbs.reject import reject
from tests.conftest import NOW, run_git
from tests.drive.attempts import Scene, last, town, until
from tests.store.scenes import ALICE, bead_id

ONE = bead_id(1)
EFFECTS = {"subprocess.Popen", "os.rename", "os.remove", "os.link", "os.mkdir", "shutil.rmtree"}


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    made = town(repo_path, tmp_path)
    made.settings(rest="worktrees: {copy: [.env]}")
    (repo_path / ".env").write_text("secret\n")
    made.agent("echo a > a; git add a; git commit -qm one; echo b > b")
    return made


def _killed_at(scene: Scene, number: int) -> bool:
    """Work in a process that is killed before its effect of this number; False if it came to its end."""
    pid = os.fork()
    if pid == 0:
        left = number

        def hook(event: str, _args: object) -> None:
            nonlocal left
            if event in EFFECTS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            scene.work(ONE)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def _dead(scene: Scene) -> bool:
    lease = scene.get(ONE).status.lease
    return lease is None or roster.state(scene.repo, ONE, lease) is roster.Holder.DEAD


@pytest.mark.parametrize("number", [1, 15, 31, 43, 55, 71, 87, 99, 110, 119, 126, 133])
def test_killed_anywhere(scene: Scene, number: int) -> None:
    if not _killed_at(scene, number):
        pytest.skip(f"it has fewer than {number} effects")
    until(lambda: _dead(scene))
    reconcile(scene.hands())
    found = scene.get(ONE)
    assert found.phase in (Phase.OPEN, Phase.SUBMITTED)
    if found.status.attempts:
        head, ran = last(found).head, (scene.repo.gt_dir / "log" / ONE).exists()
        kept = scene.files(head) if head else {}
        assert (ran, kept) in (
            (False, {}),
            (True, {}),
            (True, {"README.md": "a project", "a": "a"}),
            (True, {"README.md": "a project", "a": "a", "b": "b"}),
        )
    if found.phase is Phase.OPEN:
        scene.put(replace(found, status=replace(found.status, wake=None)))
        found = scene.work(ONE).bead
    assert found.phase is Phase.SUBMITTED
    assert scene.files(last(found).head) == {"README.md": "a project", "a": "a", "b": "b"}
    reject(scene.repo, scene.ledger, ONE, "enough", actor=ALICE, now=NOW)
    reconcile(scene.hands())
    trees = run_git(scene.path, "worktree", "list", "--porcelain")
    locks = [path.name for path in (scene.repo.gt_dir / "locks").glob("*.lock")]
    assert (trees.count("worktree "), locks) == (1, [])
    assert run_git(scene.path, "status", "--porcelain") == "?? .env"
    run_git(scene.path, "fsck", "--strict", "--no-dangling")


def test_an_agent_that_outlives_its_gt_holds_the_lease(scene: Scene, tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    scene.agent(f"echo a > a; touch {busy}; sleep 60")
    lease = scene.orphaned(ONE, busy)
    assert not expire(scene.repo, scene.ledger, ONE, lease.token, actor=ALICE, now=NOW).changed
    late = lease.expires + 10_000
    done = expire(scene.repo, scene.ledger, ONE, lease.token, actor=ALICE, now=late)
    assert done.attempt is not None
    assert done.attempt.result is Result.DEADLINE
    assert scene.files(done.attempt.head) == {"README.md": "a project", "a": "a"}
    assert not expire(scene.repo, scene.ledger, ONE, lease.token, actor=ALICE, now=late).changed
    scene.nothing_left()


def test_a_zombie_is_killed_by_its_lock(scene: Scene, tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    scene.agent(f"touch {busy}; exec env -i sleep 60")
    lease = scene.orphaned(ONE, busy)
    assert kill(scene.repo, scene.ledger, ONE, lease.token, now=NOW + 9999).processes == 0
    scene.without_lease(ONE)
    path = roster.lock_path(scene.repo, ONE, lease.token)
    begun = int(path.stat().st_mtime)
    assert kill(scene.repo, scene.ledger, ONE, lease.token, now=begun + ZOMBIE_GRACE - 1).processes == 0
    assert kill(scene.repo, scene.ledger, ONE, lease.token, now=begun + ZOMBIE_GRACE).processes >= 1
    assert kill(scene.repo, scene.ledger, ONE, lease.token, now=begun + ZOMBIE_GRACE).processes == 0


def test_a_git_that_outlives_its_gt_holds_the_lease(scene: Scene, tmp_path: Path) -> None:
    started, go = tmp_path / "started", tmp_path / "go"
    script = tmp_path / "slow.sh"
    script.write_text(f"touch {started}; while ! test -e {go}; do sleep 0.02; done; cat\n")
    scene.commit({".gitattributes": "slow filter=slow\n", "slow": "slow\n"})
    run_git(scene.path, "config", "filter.slow.smudge", f"sh {script}")
    pid = scene.work_apart(ONE)
    until(started.exists)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert not _dead(scene)
    assert reconcile(scene.hands()).done == []
    go.touch()
    until(lambda: _dead(scene))
    reconcile(scene.hands())
    scene.nothing_left()


DIE = """\
# A filter that kills the git which writes a worktree's files, the git that asked that one to, and gt if it is to; once.
mkdir HERE/died 2>/dev/null || exec cat
pid=$PPID
until [ $pid = $(cat HERE/pid) ]; do all="$pid $all"; pid=$(cut -d' ' -f4 /proc/$pid/stat); done
kill -9 GT $all
"""


@pytest.mark.parametrize("outlived", [False, True], ids=["with gt", "gt lives on"])
def test_a_git_killed_with_half_a_worktree_written_has_removed_nothing(
    scene: Scene, tmp_path: Path, outlived: bool
) -> None:
    """What it hadn't come to is no deletion of the agent's."""
    script = tmp_path / "die.sh"
    script.write_text(DIE.replace("HERE", str(tmp_path)).replace("GT", "" if outlived else "$pid"))
    scene.commit({".gitattributes": "slow filter=die\n", "a": "a\n", "slow": "slow\n", "z": "z\n"})
    run_git(scene.path, "config", "filter.die.smudge", f"sh {script}")
    scene.agent("echo done > done")
    pid = os.fork()
    if pid == 0:
        (tmp_path / "pid").write_text(f"{os.getpid()}\n")
        scene.work(ONE)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == (0 if outlived else signal.SIGKILL)
    until(lambda: _dead(scene))
    reconcile(scene.hands())
    assert scene.get(ONE).phase is Phase.OPEN
    assert last(scene.get(ONE)).head is None
    work(replace(scene.hands(), clock=lambda: NOW + 3600), ONE)
    head = last(scene.get(ONE)).head
    assert head is not None
    assert run_git(scene.path, "diff", "--name-status", "main", head) == "A\tdone"
    scene.nothing_left()
