"""One attempt, start to end, with agents of all kinds."""

from __future__ import annotations

import itertools
import os
import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase, Result, Stuck, StuckReason
from gt.core.ids import submission_ref, wip_ref
from gt.core.plan import By
from gt.drive.reconcile import reconcile
from gt.drive.work import OnlyPeople, Worked
from gt.errors import Busy
from gt.verbs.reject import reject
from tests.conftest import NOW, run_git
from tests.drive.attempts import Scene, last, town
from tests.store.scenes import ALICE, bead, bead_id

ONE = bead_id(1)


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    return town(repo_path, tmp_path)


def test_what_is_left_uncommitted_is_committed_and_submitted(scene: Scene) -> None:
    scene.agent("echo new > new; echo changed > README.md")
    worked = scene.work()
    submission = worked.bead.status.submission
    assert submission is not None
    assert (worked.bead.phase, worked.attempt.result) == (Phase.SUBMITTED, Result.SUBMITTED)
    assert scene.files(submission.commit) == {"README.md": "changed", "new": "new"}
    token = worked.attempt.token
    assert run_git(scene.path, "rev-parse", submission_ref(ONE, token)) == submission.commit
    assert (
        run_git(scene.path, "log", "-1", "--format=%an <%ae>", submission.commit)
        == "agent <agent@gt.invalid>"
    )
    assert run_git(scene.path, "for-each-ref", "refs/gt/wip") == ""
    scene.nothing_left()


def test_commits_of_the_agent_count(scene: Scene) -> None:
    scene.agent("echo a > a; git add a; git commit -qm mine")
    worked = scene.work(ONE)
    head = worked.attempt.head
    assert run_git(scene.path, "log", "-1", "--format=%s", head or "") == "mine"
    assert worked.attempt.commits == 1
    scene.nothing_left()


def test_commits_on_a_detached_head_count(scene: Scene) -> None:
    scene.agent("git checkout -q --detach; echo a > a; git add a; git commit -qm mine")
    worked = scene.work(ONE)
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "a": "a"}
    scene.nothing_left()


def test_commits_that_only_the_reflog_knows_are_kept(scene: Scene) -> None:
    scene.agent(
        "git checkout -q --detach; echo a > a; git add a; git commit -qm lost; git rev-parse HEAD;"
        " git checkout -q -; echo b > b"
    )
    worked = scene.work(ONE)
    lost = (scene.repo.common_dir / str(worked.attempt.log)).read_text().split()[0]
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "b": "b"}
    wip = wip_ref(ONE, worked.attempt.token)
    assert lost in run_git(scene.path, "rev-list", wip).splitlines()
    scene.nothing_left()


def test_doing_nothing_is_no_change_whatever_the_exit_code(scene: Scene) -> None:
    scene.agent("echo done")
    worked = scene.work()
    assert (worked.bead.phase, worked.attempt.result, worked.attempt.head) == (
        Phase.OPEN,
        Result.NO_CHANGE,
        None,
    )
    assert worked.attempt.reason.endswith("Its last words: done")
    scene.agent("echo words; exit 7")
    scene.put(bead(2))
    failed = scene.work(bead_id(2))
    assert (failed.attempt.result, failed.attempt.reason) == (Result.WORK_FAILED, "exit code 7")
    assert run_git(scene.path, "for-each-ref", "refs/gt/wip", "refs/gt/sub") == ""
    scene.nothing_left()


def test_a_failing_agent_that_made_something_is_submitted(scene: Scene) -> None:
    scene.agent("echo a > a; exit 1")
    assert scene.work().attempt.result is Result.SUBMITTED


def test_what_was_refused_half_way_is_kept_and_not_submitted(scene: Scene) -> None:
    scene.settings(agent="    failures: [{result: infra, reason: no more credit, codes: [9]}]")
    scene.agent("echo half > half; exit 9")
    worked = scene.work()
    assert (worked.attempt.result, worked.attempt.reason) == (Result.INFRA, "no more credit")
    assert worked.bead.counted == 0
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "half": "half"}
    scene.put(_awake(scene))
    scene.agent("""
test -f half; echo more > more
echo '{"type": "result", "is_error": true, "api_error_status": 401, "result": "no such key"}'""")
    again = scene.work().attempt
    assert (again.result, set(scene.files(again.head))) == (Result.INFRA, {"README.md", "half", "more"})


def test_past_the_deadline_the_work_is_kept_and_not_submitted(scene: Scene) -> None:
    scene.settings(deadline="1s")
    scene.agent("echo half > half; sleep 60")
    worked = scene.work()
    assert (worked.bead.phase, worked.attempt.result) == (Phase.OPEN, Result.DEADLINE)
    assert scene.files(wip_ref(ONE, worked.attempt.token)) == {"README.md": "a project", "half": "half"}
    scene.nothing_left()


def test_a_stall_is_seen_and_files_are_progress(scene: Scene) -> None:
    scene.settings(agent="    stall: 1s")
    scene.agent("echo once > once; sleep 60")
    assert scene.work().attempt.result is Result.STALLED
    scene.nothing_left()


def test_a_signal_ends_the_attempt_as_interrupted(scene: Scene) -> None:
    scene.agent("echo half > half; kill -TERM $PPID; sleep 60")
    before = signal.getsignal(signal.SIGTERM)
    worked = scene.work()
    assert (worked.attempt.result, worked.bead.counted) == (Result.INTERRUPTED, 0)
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "half": "half"}
    assert signal.getsignal(signal.SIGTERM) is before
    scene.nothing_left()


def test_the_next_attempt_goes_on_from_the_last(scene: Scene) -> None:
    scene.settings(deadline="1s")
    scene.agent("echo half > half; sleep 60")
    first = scene.work().attempt
    scene.commit({"other": "by another"})
    scene.agent("cat half; grep -q 'is in your worktree already' .gt-attempt/prompt.md; echo rest > rest")
    scene.put(_awake(scene))
    second = scene.work()
    assert second.attempt.result is Result.SUBMITTED
    assert set(scene.files(second.attempt.head)) == {"README.md", "half", "rest", "other"}
    parents = run_git(scene.path, "rev-list", "--parents", "-1", f"{second.attempt.head}^").split()
    assert parents[2] == first.head


def test_what_conflicts_is_only_named(scene: Scene) -> None:
    scene.settings(deadline="1s")
    scene.agent("echo mine > README.md; sleep 60")
    first = scene.work().attempt
    scene.commit({"README.md": "theirs\n"})
    scene.agent(f"grep -q theirs README.md; grep -q {first.head} .gt-attempt/prompt.md; echo a > a")
    scene.put(_awake(scene))
    second = scene.work().attempt
    assert set(scene.files(second.head)) == {"README.md", "a"}


def test_the_same_work_is_not_submitted_twice(scene: Scene) -> None:
    from gt.verbs.reject import reject

    scene.agent("echo a > a")
    first = scene.work().attempt
    reject(scene.repo, scene.ledger, ONE, "not like this", actor="Bob <bob@x>", now=NOW)
    scene.agent("true")
    again = scene.work(ONE)
    assert again.attempt.result is Result.NO_CHANGE
    assert first.token in again.attempt.reason


def test_copied_files_and_what_the_set_up_made_are_never_committed(scene: Scene) -> None:
    rest = 'worktrees: {copy: [.env, folder, link], setup: "echo made > made; echo x >> README.md"}'
    scene.settings(rest=rest)
    (scene.path / ".env").write_text("secret\n")
    (scene.path / "folder").mkdir()
    (scene.path / "folder" / "inside").write_text("too\n")
    (scene.path / "link").symlink_to("/etc/hostname")
    scene.agent("cat .env folder/inside made; test ! -e link; echo a > a; git add -A; git commit -qm all")
    worked = scene.work()
    assert worked.attempt.result is Result.SUBMITTED
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "a": "a"}
    assert worked.attempt.head is not None
    objects = run_git(scene.path, "rev-list", "--objects", worked.attempt.head, "^main")
    assert ".env" not in objects
    scene.nothing_left()


def test_a_failing_set_up_is_infrastructure(scene: Scene) -> None:
    scene.settings(rest='worktrees: {setup: "echo no such thing; exit 3"}')
    worked = scene.work()
    assert (worked.attempt.result, worked.bead.counted) == (Result.INFRA, 0)
    assert "no such thing" in worked.attempt.reason
    scene.nothing_left()


def test_an_agent_that_is_not_there_is_infrastructure(scene: Scene) -> None:
    text = "apiVersion: gt/v1\nagent: x\nagents: {x: {command: [/no/such/agent]}}\nungated: true\n"
    scene.commit({".gt/town.yaml": text})
    assert scene.work().attempt.result is Result.INFRA


def test_a_nested_repository_keeps_the_worktree(scene: Scene) -> None:
    scene.agent(
        "echo a > a; git init -q inner; git -C inner -c core.editor=true commit -q --allow-empty -m x"
    )
    worked = scene.work()
    place = scene.path.parent / "repo.gt" / f"{ONE}-{worked.attempt.token}"
    assert (place / "inner" / ".git").is_dir()
    assert "inner" in worked.bead.notes[-1].text
    assert worked.attempt.result is Result.SUBMITTED
    assert set(scene.files(worked.attempt.head)) == {"README.md", "a"}


def test_an_agent_that_removes_its_worktree(scene: Scene) -> None:
    scene.agent('cd /; rm -rf "$GT_WORKTREE"')
    worked = scene.work()
    assert worked.attempt.result is Result.NO_CHANGE
    scene.nothing_left()


def test_what_it_says_takes_effect_once(scene: Scene) -> None:
    scene.agent(
        'python3 "$SAY" note text "look here" aaaa0001; python3 "$SAY" propose title "Another" aaaa0002;'
        ' python3 "$SAY" fail reason "no" aaaa0003; echo a > a; echo junk > "$GT_OUTBOX/junk"'
    )
    worked = scene.work()
    assert (worked.attempt.result, worked.attempt.reason) == (Result.WORK_FAILED, "no")
    assert worked.bead.notes[0].text == "look here"
    assert "junk" in worked.bead.notes[1].text
    with scene.ledger.read() as snapshot:
        (proposal,) = snapshot.in_phase(Phase.PROPOSED)
    assert (proposal.spec.title, dict(proposal.spec.links)) == (
        "Another",
        {"discovered-from": frozenset({ONE})},
    )
    assert proposal.created.by == f"sh/{ONE}/{worked.attempt.token}"
    assert set(scene.files(worked.attempt.head)) == {"README.md", "a"}


def test_a_question_comes_before_a_failure(scene: Scene) -> None:
    scene.agent(
        'python3 "$SAY" fail reason "no" aaaa0001; python3 "$SAY" ask question "which?" aaaa0002; echo a > a'
    )
    worked = scene.work()
    assert (worked.bead.phase, worked.attempt.result) == (Phase.STUCK, Result.ASKED)
    assert worked.bead.status.question is not None
    assert worked.bead.status.question.text == "which?"


def test_the_environment(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    scene.agent("env; pwd > here; readlink /proc/self/fd/* | grep -q locks/")
    worked = scene.work()
    assert worked.attempt.log is not None
    lines = (scene.repo.common_dir / worked.attempt.log).read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    place = scene.path.parent / "repo.gt" / f"{ONE}-{worked.attempt.token}"
    assert said["GT_WORKTREE"] == said["PWD"] == str(place)
    assert (said["GT_BEAD"], said["GT_TOKEN"]) == (ONE, worked.attempt.token)
    assert said["GT_OUTBOX"] == str(place / ".gt-attempt" / "outbox")
    assert said["GT_LEASE"].endswith(f"/{ONE}/{worked.attempt.token}")
    assert not {"SECRET", "GIT_DIR", "GIT_AUTHOR_NAME"} & said.keys()


def test_on_a_machine_that_is_nobodys_an_agent_can_commit(scene: Scene) -> None:
    for key in ("user.name", "user.email"):
        run_git(scene.path, "config", "--unset", key)
    run_git(scene.path, "config", "--global", "--remove-section", "user")
    scene.agent("echo x > made; git add made; git commit -q -m mine")
    submission = scene.work().bead.status.submission
    assert submission is not None
    told = run_git(scene.path, "log", "-1", "--format=%s %an <%ae> %cn", submission.commit)
    assert told == "mine agent <agent@gt.invalid> agent"


def test_the_users_checkout_is_untouched(scene: Scene) -> None:
    (scene.path / "README.md").write_text("dirty\n")
    (scene.path / "untracked").write_text("u\n")
    (scene.path / "staged").write_text("s\n")
    run_git(scene.path, "add", "staged")

    def state() -> tuple[str, bytes, str, str]:
        git_dir = scene.path / ".git"
        return (
            (git_dir / "HEAD").read_text(),
            (git_dir / "index").read_bytes(),
            run_git(scene.path, "status", "--porcelain"),
            run_git(scene.path, "rev-parse", "main"),
        )

    before = state()
    scene.agent("echo a > a")
    scene.work()
    assert state() == before


def test_an_attempt_that_was_ended_by_others_changes_nothing(scene: Scene) -> None:
    from gt.errors import IllegalMove
    from gt.verbs.expire import expire

    def lose(lease: object, name: str) -> None:
        found = scene.get(name).status.lease
        assert found is not None
        elsewhere = scene.get(name)
        scene.put(_with_clone(elsewhere, "other"))
        expire(scene.repo, scene.ledger, name, found.token, actor="x", now=found.expires + 10_000)

    scene.agent("echo a > a")
    with pytest.raises(IllegalMove, match="that attempt is over"):
        scene.work(None, lose)
    assert scene.get(ONE).phase is Phase.OPEN
    assert last(scene.get(ONE)).result is Result.DEADLINE


def test_nothing_ready(scene: Scene) -> None:
    scene.work()
    with pytest.raises(Busy, match="backs off"):
        scene.work(ONE)
    stuck = bead(1)
    scene.put(
        replace(
            stuck, status=replace(stuck.status, phase=Phase.STUCK, stuck=Stuck(StuckReason.ATTEMPTS, NOW))
        )
    )
    with pytest.raises(OnlyPeople) as caught:
        scene.work()
    assert caught.value.exit_code == 20


def test_eight_at_once_and_one_lease(scene: Scene, tmp_path: Path) -> None:
    scene.agent("sleep 0.3; echo a > a")
    gate = os.pipe()
    children = []
    for number in range(8):
        pid = os.fork()
        if pid == 0:
            os.close(gate[1])
            os.read(gate[0], 1)
            os._exit(_code(scene, tmp_path / f"out.{number}"))
        children.append(pid)
    os.close(gate[1])
    os.close(gate[0])
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children)
    assert codes == [0, 75, 75, 75, 75, 75, 75, 75]
    assert len(scene.get(ONE).status.attempts) == 1
    scene.nothing_left()


def _code(scene: Scene, out: Path) -> int:
    scene.tokens = itertools.count(os.getpid())
    try:
        worked: Worked = scene.work()
    except Busy as error:
        return error.exit_code
    except BaseException as error:  # noqa: BLE001
        out.write_text(repr(error))
        return 99
    return 0 if worked.attempt.result is Result.SUBMITTED else 3


def _awake(scene: Scene) -> Bead:
    found = scene.get(ONE)
    return replace(found, status=replace(found.status, wake=None))


def _with_clone(found: Bead, clone: str) -> Bead:
    assert found.status.lease is not None
    return replace(found, status=replace(found.status, lease=replace(found.status.lease, clone=clone)))


def test_what_was_set_aside_is_in_no_later_submission(scene: Scene) -> None:
    scene.settings(rest="worktrees: {copy: [.env]}")
    (scene.path / ".env").write_text("secret\n")
    scene.agent("echo a > a; git add -A -f; git commit -qm all; python3 $SAY fail reason no")
    assert scene.work(ONE).attempt.result is not Result.SUBMITTED
    found = scene.get(ONE)
    scene.put(replace(found, status=replace(found.status, wake=None)))
    scene.agent("test -e a; echo b > b")
    done = scene.work(ONE).attempt
    assert done.result is Result.SUBMITTED
    log = run_git(scene.path, "log", "-m", "--format=", "--name-only", str(done.head))
    assert {"a", "b"} <= set(log.split())
    assert ".env" not in log.split()


@pytest.mark.parametrize("words", ["half \\udcff \\ud83d", "much " * 12_000])
def test_whatever_it_says_its_lease_ends(scene: Scene, tmp_path: Path, words: str) -> None:
    script = tmp_path / "say.py"
    script.write_text(
        "import os\n"
        "for kind, key in (('note', 'text'), ('propose', 'title'), ('fail', 'reason')):\n"
        "    for n in range(8):\n"
        "        name = os.environ['GT_OUTBOX'] + f'/000000000001-{kind[0]}{n:07}.json'\n"
        f'        open(name, \'w\').write(r\'{{"kind": "%s", "at": 1, "%s": "{words}"}}\' % (kind, key))\n'
    )
    scene.agent(f"python3 {script}")
    done = scene.work(ONE)
    assert (done.bead.phase, done.attempt.result) == (Phase.OPEN, Result.WORK_FAILED)
    assert done.attempt.reason.startswith(words[:4])
    assert scene.get(ONE).notes != ()
    assert scene.get(ONE) == done.bead


def test_the_same_files_on_a_newer_target_resolve_a_conflict(scene: Scene) -> None:
    scene.agent("echo mine > README.md")
    first = scene.work(ONE)
    scene.commit({"README.md": "theirs\n"})
    reject(scene.repo, scene.ledger, ONE, "conflicts", result=Result.OVERTAKEN, actor=ALICE, now=NOW)
    second = scene.work(ONE)
    assert second.attempt.result is Result.SUBMITTED
    assert scene.files(second.attempt.head) == scene.files(first.attempt.head)


def test_what_git_can_not_take_in_is_infrastructure_and_stays(scene: Scene) -> None:
    """As on a full disk: git dies of the file, whose maker had no such limit. Nobody knows whether that was all."""
    scene.agent(
        "git commit -q --allow-empty -m mine; ulimit -S -f unlimited; head -c 3000000 /dev/urandom > big"
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        done = scene.work(ONE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.attempt.result is Result.INFRA
    assert done.bead.counted == 0
    assert "can't be read" in done.attempt.reason
    (place,) = (scene.path.parent / "repo.gt").iterdir()
    assert (place / "big").stat().st_size == 3_000_000
    # The clean-up of later passes keeps it, too, until it can be taken in.
    reconcile(scene.hands())
    assert (place / "big").exists() or "big" in run_git(scene.path, "ls-tree", "--name-only", wip(done))


def wip(done: Worked) -> str:
    return wip_ref(ONE, done.attempt.token)


SABOTAGE = {
    "no such commit at HEAD": 'echo 1111111111111111111111111111111111111111 > "$(git rev-parse --git-dir)/HEAD"',
    "garbage at HEAD": 'echo garbage > "$(git rev-parse --git-dir)/HEAD"',
    "no HEAD": 'rm "$(git rev-parse --git-dir)/HEAD"',
    "no git directory": 'rm -rf "$(git rev-parse --git-dir)"',
    "another repository": "rm .git; git init -q .",
    "garbage in its branch": 'echo garbage > "$(git rev-parse --git-common-dir)/refs/heads/gt/$GT_BEAD/$GT_TOKEN"',
    "no such commit in its branch": "n=2222222222222222222222222222222222222222;"
    ' echo $n > "$(git rev-parse --git-common-dir)/refs/heads/gt/$GT_BEAD/$GT_TOKEN"',
    "a link to the user's files": 'mv "$GT_WORKTREE" "$GT_WORKTREE.moved"; ln -s "$GT_WORKTREE/../../repo" "$GT_WORKTREE"',
    "a file in its place": 'cd ..; rm -rf "$GT_WORKTREE"; echo file > "$GT_WORKTREE"',
    "an outbox that leads elsewhere": "rm -rf .gt-attempt/outbox; ln -s / .gt-attempt/outbox",
}


@pytest.mark.parametrize("deed", SABOTAGE)
def test_whatever_it_breaks_its_lease_ends_and_the_town_goes_on(scene: Scene, deed: str) -> None:
    (scene.path / "mine").write_text("mine\n")
    before = run_git(scene.path, "status", "--porcelain")
    scene.agent(f"echo a > a; {SABOTAGE[deed]}")
    done = scene.work(ONE)
    assert done.bead.status.lease is None
    assert "mine" not in scene.files(done.attempt.head or "main")
    left = Path(scene.path.parent, "repo.gt", f"{ONE}-{done.attempt.token}")
    assert left.exists() == (deed in ("a file in its place", "another repository"))
    assert (done.attempt.result is Result.SUBMITTED) == (" its place" not in deed and "link" not in deed)
    scene.put(bead(2))
    scene.agent("echo b > b")
    assert scene.work(bead_id(2)).attempt.result is Result.SUBMITTED
    outcome = reconcile(scene.hands())
    assert (outcome.failed, outcome.plan.by(By.RECONCILE)) == ([], ())
    assert run_git(scene.path, "status", "--porcelain") == before
