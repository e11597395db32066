"""What gt's git hooks for a server do when git calls them: gt is asked only about what is its business."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from gt.git.repo import Repo, discover
from gt.interop.githooks import NAMES, SERVER, State, install, look, uninstall
from tests.conftest import run_git

GT = """\
#!/bin/sh
echo "gt $*" >>"$LOG"
sed 's/^/  /' >>"$LOG"
[ -z "$GIT_QUARANTINE_PATH" ] || echo "  quarantined" >>"$LOG"
[ ! -e "$LOG.no" ] || exit 1
"""
"""Stands for gt: says how it was called, and refuses if it is told to."""


@pytest.fixture
def repo(tmp_path: Path, repo_path: Path) -> Repo:
    """A bare town that `repo_path` pushes to."""
    hub = tmp_path / "hub.git"
    run_git(tmp_path, "clone", "-q", "--bare", str(repo_path), str(hub))
    run_git(hub, "config", "gt.target", "main")
    run_git(hub, "config", "gt.command", shlex.quote(str(script(tmp_path / "a gt", GT))))
    run_git(repo_path, "remote", "add", "origin", str(hub))
    found = discover(hub)
    found.gt_dir.mkdir()
    (hub / "hooks").mkdir(exist_ok=True)
    return found


def script(place: Path, text: str) -> Path:
    place.write_text(text)
    place.chmod(0o755)
    return place


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def push(path: Path, log: Path, *refs: str) -> tuple[int, str]:
    env = {**os.environ, "LOG": str(log)}
    argv = ["git", "push", "-q", "origin", *refs]
    done = subprocess.run(argv, cwd=path, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def called(log: Path) -> list[str]:
    said = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return said


def test_in_and_out_again_byte_for_byte(repo: Repo) -> None:
    mine = script(repo.common_dir / "hooks" / "post-receive", "#!/bin/sh\n")
    before = {path.name: os.lstat(path).st_ino for path in mine.parent.iterdir()}
    assert {hook.name for hook in look(repo).hooks} == {*NAMES, *SERVER}
    assert [deed.what for deed in install(repo, SERVER)] == ["installed", "chained"]
    assert {hook.name for hook in look(repo).hooks if hook.state is State.OURS} == set(SERVER)
    assert [(deed.name, deed.what) for deed in uninstall(repo)] == [
        ("pre-receive", "removed"),
        ("post-receive", "restored"),
    ]
    assert {path.name: os.lstat(path).st_ino for path in mine.parent.iterdir()} == before


def test_gt_is_asked_about_the_ledger_targets_and_work_and_about_nothing_else(
    repo: Repo, repo_path: Path, log: Path
) -> None:
    install(repo, SERVER)
    tip = run_git(repo_path, "rev-parse", "HEAD")
    assert push(repo_path, log, "main:topic", "main:refs/tags/v1") == (0, "")
    assert called(log) == []
    run_git(repo_path, "commit", "-q", "--allow-empty", "-m", "next")
    new = run_git(repo_path, "rev-parse", "HEAD")
    assert push(repo_path, log, "HEAD:main", "HEAD:other")[0] == 0
    lines = called(log)
    assert sorted(lines) == sorted(
        [
            "gt admit",
            f"  {tip} {new} refs/heads/main",
            f"  {'0' * 40} {new} refs/heads/other",
            "  quarantined",
        ]
    )
    assert push(repo_path, log, "HEAD:gt/gt-00000000/1-aaaa")[0] == 0
    assert [line for line in called(log) if line.startswith("gt")] == ["gt admit", "gt receive --pushed"]
    assert (repo.gt_dir / "doorbell").exists()


def test_of_other_branches_gt_is_asked_where_a_target_has_stages(
    repo: Repo, repo_path: Path, log: Path
) -> None:
    install(repo, SERVER)
    run_git(repo.git_dir, "config", "--add", "gt.target", "release/1")
    (repo_path / ".gt").mkdir()
    (repo_path / ".gt/town.yaml").write_text('apiVersion: gt/v1\n"stages": [{branch: staging}]\n')
    run_git(repo_path, "add", ".gt")
    run_git(repo_path, "commit", "-q", "-m", "stages")
    assert push(repo_path, log, "HEAD:refs/heads/release/1")[0] == 0
    assert called(log)[0] == "gt admit"
    assert push(repo_path, log, "HEAD:staging", "HEAD:refs/tags/v1")[0] == 0
    assert called(log)[0] == "gt admit"
    assert push(repo_path, log, "HEAD:refs/tags/v2")[0] == 0
    assert called(log) == []


def test_what_gt_refuses_does_not_go_in(repo: Repo, repo_path: Path, log: Path) -> None:
    install(repo, SERVER)
    run_git(repo_path, "commit", "-q", "--allow-empty", "-m", "next")
    log.with_name("log.no").touch()
    before = run_git(repo.git_dir, "for-each-ref")
    assert push(repo_path, log, "HEAD:main", "HEAD:other")[0] != 0
    assert run_git(repo.git_dir, "for-each-ref") == before
    run_git(repo.git_dir, "config", "gt.command", "/nowhere/gt")
    code, said = push(repo_path, log, "HEAD:main")
    assert code != 0
    assert "error: gt can't be run here, so nothing can be let in" in said


def test_what_was_there_before_gets_the_same_and_has_the_last_word(
    repo: Repo, repo_path: Path, log: Path
) -> None:
    hooks = repo.common_dir / "hooks"
    for name in SERVER:
        script(hooks / name, f'#!/bin/sh\necho {name} >>"$LOG"\nsed "s/^/  /" >>"$LOG"\nexit 1\n')
    install(repo, SERVER)
    tip = run_git(repo_path, "rev-parse", "HEAD")
    assert push(repo_path, log, "HEAD:topic")[0] != 0
    assert called(log) == ["pre-receive", f"  {'0' * 40} {tip} refs/heads/topic"]
    script(hooks / "pre-receive.before-gt", "#!/bin/sh\n")
    assert push(repo_path, log, "HEAD:topic")[0] == 0
    assert called(log) == ["post-receive", f"  {'0' * 40} {tip} refs/heads/topic"]
