"""The Crew: each has a worktree that gt makes and keeps, and is on duty once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt import lock
from gt.drive.crew import Duty, crew, report_for_duty
from gt.errors import Busy, NotFound, Refused
from gt.git import worktree
from gt.git.repo import Repo, discover
from tests.conftest import run_git

SETTINGS = """
apiVersion: gt/v1
ungated: true
crew:
  mayor: {command: [./mayor, "{worktree}"], boot: true}
  clerk: {command: "echo {repo}", worktree: false}
"""
ENVIRON = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "API_KEY": "secret"}


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return town(repo_path, SETTINGS)


def town(path: Path, settings: str) -> Repo:
    (path / ".gt").mkdir(exist_ok=True)
    (path / ".gt" / "town.yaml").write_text(settings)
    (path / ".env").write_text("TOKEN=1\n")
    run_git(path, "add", ".gt")
    run_git(path, "commit", "-qm", "settings")
    run_git(path, "config", "gt.target", "main")
    return discover(path)


def on_duty(repo: Repo, name: str = "mayor") -> Duty:
    """As when it was on duty for a moment."""
    duty = report_for_duty(repo, name, ENVIRON)
    lock.release(duty.held)
    return duty


def land(path: Path, **files: str) -> str:
    for name, text in files.items():
        (path / name).write_text(text)
        run_git(path, "add", name)
    run_git(path, "commit", "-qm", "more")
    return run_git(path, "rev-parse", "HEAD")


def test_a_member_gets_a_worktree_and_its_command(repo: Repo, repo_path: Path) -> None:
    duty = on_duty(repo)
    assert duty.cwd == repo_path.parent / "repo.gt" / "crew-mayor"
    assert duty.argv == ("./mayor", str(duty.cwd))
    assert run_git(duty.cwd, "rev-parse", "HEAD") == run_git(repo_path, "rev-parse", "main")
    assert run_git(duty.cwd, "branch", "--show-current") == ""
    assert duty.environ["API_KEY"] == "secret"
    assert (duty.environ["GT_CREW"], duty.environ["GT_ACTOR"]) == ("mayor", "crew/mayor")
    assert duty.remark is None


def test_without_a_worktree_of_its_own_it_works_in_the_main_one(repo: Repo, repo_path: Path) -> None:
    duty = on_duty(repo, "clerk")
    assert duty.cwd == repo_path
    assert duty.argv[-1] == str(repo_path)
    assert len(worktree.listing(repo)) == 1


def test_who_is_on_duty_is_so_once_until_the_lock_is_free(repo: Repo) -> None:
    assert [(each.name, each.on_duty, each.there) for each in crew(repo)] == [
        ("clerk", False, True),
        ("mayor", False, False),
    ]
    duty = report_for_duty(repo, "mayor", ENVIRON)
    assert os.get_inheritable(duty.held.fd)
    assert [each.on_duty for each in crew(repo)] == [False, True]
    with pytest.raises(Busy, match="on duty already"):
        report_for_duty(repo, "mayor", ENVIRON)
    lock.release(duty.held)
    on_duty(repo)


def test_a_worktree_is_brought_forward_and_what_is_changed_there_stays(repo: Repo, repo_path: Path) -> None:
    place = on_duty(repo).cwd
    (place / "README.md").write_text("its own\n")
    tip = land(repo_path, new="new\n")
    assert on_duty(repo).remark is None
    assert run_git(place, "rev-parse", "HEAD") == tip
    assert (place / "README.md").read_text() == "its own\n"


@pytest.mark.parametrize("ignored", [False, True])
def test_a_file_in_the_way_stays_and_is_told(repo: Repo, repo_path: Path, *, ignored: bool) -> None:
    place = on_duty(repo).cwd
    before = run_git(place, "rev-parse", "HEAD")
    (place / "new").write_text("its own\n")
    if ignored:
        info = repo_path / ".git" / "info"
        info.mkdir(exist_ok=True)
        (info / "exclude").write_text("new\n")
    land_forced(repo_path, "new", "new\n")
    duty = on_duty(repo)
    assert duty.remark is not None
    assert "stays as it is" in duty.remark
    assert run_git(place, "rev-parse", "HEAD") == before
    assert (place / "new").read_text() == "its own\n"


def land_forced(path: Path, name: str, text: str) -> None:
    (path / name).write_text(text)
    run_git(path, "add", "-f", name)
    run_git(path, "commit", "-qm", "more")


def test_commits_and_a_branch_of_its_own_stay(repo: Repo, repo_path: Path) -> None:
    place = on_duty(repo).cwd
    own = land(place, own="own\n")
    land(repo_path, new="new\n")
    assert "stays as it is" in (on_duty(repo).remark or "")
    assert run_git(place, "rev-parse", "HEAD") == own
    run_git(place, "switch", "-qc", "mine")
    assert on_duty(repo).remark == f"{place} is on mine, and stays there"


def test_it_is_made_usable_once(repo_path: Path) -> None:
    setup = 'worktrees: {copy: [.env], setup: "test -e .env && echo x >> ready"}\n'
    repo = town(repo_path, SETTINGS + setup)
    place = on_duty(repo).cwd
    on_duty(repo)
    assert (place / "ready").read_text() == "x\n"


def test_a_failing_set_up_is_told_and_tried_again(repo_path: Path) -> None:
    repo = town(repo_path, SETTINGS + 'worktrees: {setup: "echo no luck; test -e /dev/null/x"}\n')
    for _ in range(2):
        with pytest.raises(Refused, match=r"the set-up failed: exit code 1\nno luck"):
            report_for_duty(repo, "mayor", ENVIRON)
    town(repo_path, SETTINGS + "worktrees: {setup: 'true'}\n")
    on_duty(repo)


def test_a_worktree_that_git_was_killed_over_is_made_again(repo: Repo, repo_path: Path) -> None:
    place = repo_path.parent / "repo.gt" / "crew-mayor"
    run_git(repo_path, "worktree", "add", "-q", "--detach", "--lock", "--reason", "initializing", str(place))
    (place / "README.md").unlink()
    lockfile = repo_path / ".git" / "worktrees" / "crew-mayor" / "locked"
    lockfile.write_text("initializing")
    on_duty(repo)
    assert (place / "README.md").exists()
    assert not lockfile.exists()


def test_one_whose_directory_is_gone_is_made_again(repo: Repo) -> None:
    place = on_duty(repo).cwd
    own = land(place, own="own\n")
    worktree.remove_all(place)
    on_duty(repo)
    assert run_git(place, "rev-parse", "HEAD") == own
    assert (place / "own").exists()


def test_what_has_taken_the_place_of_one_is_left_alone(repo: Repo) -> None:
    place = on_duty(repo).cwd
    worktree.remove_all(place)
    place.mkdir()
    (place / "precious").write_text("x")
    with pytest.raises(Refused, match="is no worktree of repo any more"):
        report_for_duty(repo, "mayor", ENVIRON)
    assert (place / "precious").read_text() == "x"


def test_what_is_no_worktree_is_left_alone(repo: Repo, repo_path: Path) -> None:
    place = repo_path.parent / "repo.gt" / "crew-mayor"
    place.mkdir(parents=True)
    (place / "precious").write_text("x")
    with pytest.raises(Refused, match="can't make the worktree"):
        report_for_duty(repo, "mayor", ENVIRON)
    assert (place / "precious").read_text() == "x"
    assert crew(repo)[1].on_duty is False


def test_who_is_unknown_is_refused(repo: Repo) -> None:
    with pytest.raises(NotFound, match="no such member of the Crew: nobody"):
        report_for_duty(repo, "nobody", ENVIRON)
