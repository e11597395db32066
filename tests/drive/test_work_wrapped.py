"""An attempt in a private clone: nothing of it is in the repository till its agent has ended, and nothing is lost."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Phase, Result
from gt.core.ids import wip_ref
from gt.drive.reconcile import reconcile
from gt.errors import Busy
from gt.verbs.kill import kill
from tests.conftest import NOW, run_git
from tests.drive.attempts import Scene, last, town, until
from tests.drive.test_work_killed import _dead, _killed_at
from tests.store.scenes import bead, bead_id

ONE = bead_id(1)
WRAP = "    wrap: [env, INSIDE=1]"


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    made = town(repo_path, tmp_path)
    made.settings(agent=WRAP)
    return made


def _refs(scene: Scene) -> list[str]:
    rows = run_git(scene.path, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return [row for row in rows if not row.startswith(("refs/heads/gt/", "refs/heads/beads", "refs/gt/"))]


def test_commits_and_what_is_uncommitted_come_back(scene: Scene) -> None:
    scene.agent("""
test "$INSIDE" = 1; test -d .git; test -z "$(git status --porcelain)"
git rev-parse --abbrev-ref HEAD; git rev-list --count main beads
echo a > a; git add a; git commit -qm mine; echo b > b""")
    worked = scene.work(ONE)
    submission = worked.bead.status.submission
    assert submission is not None
    assert scene.files(submission.commit) == {"README.md": "a project", "a": "a", "b": "b"}
    assert run_git(scene.path, "log", "-1", "--format=%s", f"{submission.commit}^") == "mine"
    log = (scene.repo.common_dir / str(worked.attempt.log)).read_text()
    assert log.startswith(f"gt/{ONE}/{worked.attempt.token}\n")
    scene.nothing_left()
    run_git(scene.path, "fsck", "--strict", "--no-dangling")


def test_its_refs_are_its_own(scene: Scene) -> None:
    before = _refs(scene)
    scene.agent("""
echo a > a; git add a; git commit -qm evil
git update-ref refs/heads/main HEAD; git update-ref refs/heads/beads HEAD; git tag v1; git branch other
git config core.hooksPath /nowhere; git reset -q --hard HEAD^; echo b > b""")
    worked = scene.work(ONE)
    assert _refs(scene) == before
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "b": "b"}
    wip = wip_ref(ONE, worked.attempt.token)
    assert "evil" in run_git(scene.path, "log", "--format=%s", wip)
    assert "core.hookspath" not in run_git(scene.path, "config", "--local", "--list")
    scene.nothing_left()


@pytest.mark.parametrize(
    ("script", "files"),
    [
        ("git checkout -q --detach; echo a > a; git add a; git commit -qm mine; echo b > b", {"a": "a", "b": "b"}),
        ("git checkout -q -b mine; echo a > a; git add a; git commit -qm mine; git gc -q; echo b > b", {"a": "a", "b": "b"}),
        ("rm -rf .git; echo b > b", {"b": "b"}),
        ("rm -rf .git; git init -q; echo b > b; git add b; git commit -qm root", {"b": "b"}),
        ("echo a > a; git add a; git commit -qm one; git commit -q --amend -m two; git repack -adq", {"a": "a"}),
    ],
)  # fmt: skip
def test_whatever_it_does_to_its_clone(scene: Scene, script: str, files: dict[str, str]) -> None:
    scene.agent(script)
    worked = scene.work(ONE)
    assert worked.attempt.result is Result.SUBMITTED
    assert scene.files(worked.attempt.head) == {"README.md": "a project", **files}
    scene.nothing_left()


def test_where_it_can_not_be_read_it_stays(scene: Scene) -> None:
    scene.agent("""
echo a > a; git add a; git commit -qm mine; echo b > b
rm -f .git/objects/$(git rev-parse HEAD:a | sed 's,^..,&/,')""")
    worked = scene.work(ONE)
    place = Path(worked.attempt.log or "").stem
    there = scene.path.parent / f"{scene.path.name}.gt" / f"{ONE}-{place}"
    assert (there / ".git").is_dir()
    assert "stays" in worked.bead.notes[-1].text
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "a": "a", "b": "b"}


@pytest.mark.parametrize("kind", ["link", "alternates", "commondir"])
def test_objects_from_elsewhere_are_not_taken(scene: Scene, tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    run_git(tmp_path, "init", "-q", str(other))
    (other / "secret").write_text("secret\n")
    run_git(other, "add", "secret")
    run_git(other, "commit", "-qm", "secret")
    secret = run_git(other, "rev-parse", "HEAD")
    lead = {
        "link": f"rm -rf .git/objects; ln -s {other}/.git/objects .git/objects",
        "alternates": f"echo {other}/.git/objects > .git/objects/info/alternates",
        "commondir": f"echo {other}/.git > .git/commondir",
    }[kind]
    scene.agent(f"{lead}; echo {secret} > .git/HEAD; echo b > b")
    worked = scene.work(ONE)
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "b": "b"}
    assert run_git(scene.path, "cat-file", "-t", secret, check=False) == ""


@pytest.mark.parametrize("inside", ["submodule", "closed", "plain"])
def test_no_program_that_it_names_runs_outside(scene: Scene, tmp_path: Path, inside: str) -> None:
    ran = tmp_path / "ran"
    evil = tmp_path / "evil"
    evil.write_text(f'#!/bin/sh\ntest -n "$INSIDE" || touch {ran}\ncat\n')
    evil.chmod(0o755)
    scene.agent(f"""
for repo in . sub; do
    test -d $repo || git init -q $repo
    git -C $repo config core.fsmonitor {evil}; git -C $repo config filter.x.clean {evil}
    git -C $repo config core.hooksPath {tmp_path}; git -C $repo config uploadpack.packObjectsHook {evil}
    git -C $repo config core.alternateRefsCommand {evil}; git -C $repo config diff.external {evil}
    echo '* filter=x' > $repo/.gitattributes
    echo a > $repo/a; git -C $repo add a; git -C $repo commit -qm a
done
test {inside} = plain || {{ git add sub; git commit -qm gitlink; }}
touch -d 2001-01-01 sub/a; echo c > sub/a; echo d > d
test {inside} != closed || chmod 0311 sub""")
    for hook in ("reference-transaction", "post-index-change"):
        (tmp_path / hook).write_bytes(evil.read_bytes())
        (tmp_path / hook).chmod(0o755)
    worked = scene.work(ONE)
    assert not ran.exists()
    assert "sub" in worked.bead.notes[-1].text
    assert run_git(scene.path, "show", f"{worked.attempt.head}:d") == "d"


def test_what_it_says_is_heard(scene: Scene) -> None:
    scene.agent("echo a > a; python3 $SAY note text hello")
    worked = scene.work(ONE)
    assert [note.text for note in worked.bead.notes] == ["hello"]


def test_an_outbox_that_leads_elsewhere_is_not_read(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "id_secret").write_text("x")
    scene.agent(f"echo a > a; rm -rf .gt-attempt/outbox; ln -s {tmp_path} .gt-attempt/outbox")
    texts = [note.text for note in scene.work(ONE).bead.notes]
    assert len(texts) == 1
    assert "id_secret" not in texts[0]


def test_the_set_up_runs_inside_and_can_not_lead_the_prompt_astray(scene: Scene, tmp_path: Path) -> None:
    scene.settings(agent=WRAP, rest='worktrees: {setup: "echo $INSIDE > made; test -d .git"}')
    scene.agent("cat made > seen")
    assert scene.files(scene.work(ONE).attempt.head) == {"README.md": "a project", "seen": "1"}
    scene.settings(
        agent=WRAP, rest=f'worktrees: {{setup: "rm -rf .gt-attempt; ln -s {tmp_path} .gt-attempt"}}'
    )
    scene.put(bead(2))
    assert scene.work(bead_id(2)).attempt.result is Result.INFRA
    assert not (tmp_path / "prompt.md").exists()


def test_a_wrapper_that_can_not_run_is_no_failure_of_the_bead(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "bwrap"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    scene.settings(agent="    wrap: bwrap")
    worked = scene.work(ONE)
    assert (worked.attempt.result, worked.bead.counted) == (Result.INFRA, 0)
    assert "its wrapper couldn't run it" in worked.attempt.reason
    scene.nothing_left()


def test_what_outlives_its_wrapper_is_ended_by_name(scene: Scene, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    scene.settings(agent=f'    wrap: {{command: [env], kill: "rm {alive}-{{token}}"}}')
    scene.agent(f"echo a > a; touch {alive}-$GT_TOKEN")
    assert scene.work(ONE).attempt.result is Result.SUBMITTED
    assert list(tmp_path.glob("alive*")) == []


def test_while_what_is_inside_can_not_be_ended_the_lease_stays(scene: Scene, tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    scene.settings(agent=f'    wrap: {{command: [env], kill: "echo no such luck >&2; test -e {switch}"}}')
    scene.agent("echo a > a")
    with pytest.raises(Busy, match="no such luck"):
        scene.work(ONE)
    assert scene.get(ONE).phase is Phase.LEASED
    reconcile(scene.hands())
    assert scene.get(ONE).phase is Phase.LEASED
    switch.touch()
    reconcile(scene.hands())
    found = scene.get(ONE)
    assert (found.phase, scene.files(last(found).head)["a"]) == (Phase.OPEN, "a")
    scene.nothing_left()


def test_what_outlives_its_lease_is_ended_by_the_wrappers_own_command(scene: Scene, tmp_path: Path) -> None:
    inside, busy = tmp_path / "inside", tmp_path / "busy"
    scene.settings(agent=f'    wrap: {{command: [env], kill: "rm -f {inside}"}}')
    scene.agent(f"touch {inside} {busy}; sleep 60")
    lease = scene.orphaned(ONE, busy)
    scene.without_lease(ONE)
    assert kill(scene.repo, scene.ledger, ONE, lease.token, now=NOW + 10**9).processes >= 1
    assert not inside.exists()


WHOLE = {"README.md": "a project", "a": "a", "b": "b"}


@pytest.mark.parametrize("number", [24, 44, 60, 76, 92, 106, 118, 130, 142, 152])
def test_killed_anywhere(scene: Scene, number: int) -> None:
    scene.agent("echo a > a; git add a; git commit -qm one; echo b > b")
    if not _killed_at(scene, number):
        pytest.skip(f"it has fewer than {number} effects")
    until(lambda: _dead(scene))
    reconcile(scene.hands())
    found = scene.get(ONE)
    assert found.phase in (Phase.OPEN, Phase.SUBMITTED)
    if found.status.attempts:
        # Where gt was killed while it waited, its agent may have been cut short by whoever came next.
        head = last(found).head
        assert (scene.files(head) if head else {}) in ({}, {"README.md": "a project", "a": "a"}, WHOLE)
    if found.phase is Phase.OPEN:
        scene.nothing_left()
        scene.put(replace(found, status=replace(found.status, wake=None)))
        found = scene.work(ONE).bead
    assert found.phase is Phase.SUBMITTED
    assert scene.files(last(found).head) == WHOLE
    assert run_git(scene.path, "worktree", "list", "--porcelain").count("worktree ") == 1
    run_git(scene.path, "fsck", "--strict", "--no-dangling")
