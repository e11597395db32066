from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gt.errors import Malformed, NotFound, Refused
from gt.git import config
from gt.git.repo import Repo, config_add, config_unset, config_values, discover
from gt.git.run import GitFailed, git
from tests.git.gitscenes import plain


def test_found_from_below_and_from_inside(repo_path: Path) -> None:
    (repo_path / "a" / "b").mkdir(parents=True)
    repo = discover(repo_path / "a" / "b")
    assert repo == Repo(repo_path / ".git", repo_path / ".git", repo_path, "sha1", "files")
    assert discover(repo_path / ".git" / "refs") == repo
    assert repo.name == "repo"
    assert repo.gt_dir == repo_path / ".git" / "gt"
    assert repo.zero == "0" * 40


def test_a_linked_worktree(repo_path: Path, tmp_path: Path) -> None:
    plain(repo_path, "worktree", "add", "-q", str(tmp_path / "other"))
    (tmp_path / "other" / "sub").mkdir()
    repo = discover(tmp_path / "other" / "sub")
    assert repo.git_dir == repo_path / ".git" / "worktrees" / "other"
    assert repo.common_dir == repo_path / ".git"
    assert repo.work_tree == tmp_path / "other"
    assert repo.name == "repo"
    assert discover(repo_path, git_dir=str(repo.git_dir)) == repo


def test_a_bare_repository(tmp_path: Path) -> None:
    plain(tmp_path, "init", "-q", "--bare", "town.git")
    repo = discover(tmp_path / "town.git" / "refs")
    assert (repo.work_tree, repo.git_dir, repo.name) == (None, tmp_path / "town.git", "town")


def test_a_sha256_repository(tmp_path: Path) -> None:
    plain(tmp_path, "init", "-q", "--object-format=sha256", "new")
    repo = discover(tmp_path / "new")
    assert repo.object_format == "sha256"
    assert repo.zero == "0" * 64


def test_a_submodule_is_a_repository_of_its_own(repo_path: Path, tmp_path: Path) -> None:
    subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo_path), "lib"],
        cwd=repo_path,
        check=True,
        capture_output=True,
    )
    repo = discover(repo_path / "lib")
    assert repo.git_dir == repo.common_dir == repo_path / ".git" / "modules" / "lib"
    assert repo.work_tree == repo_path / "lib"
    assert repo.name == "lib"


def test_a_named_git_dir_wins(repo_path: Path, tmp_path: Path) -> None:
    elsewhere = discover(tmp_path, git_dir="repo/.git", work_tree="repo")
    assert elsewhere == discover(repo_path)
    with pytest.raises(NotFound):
        discover(repo_path, git_dir="nothing")


def test_nothing_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such git repository"):
        discover(tmp_path)


def test_a_git_file_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(Malformed, match="/nowhere"):
        discover(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_git_judges_a_repository_of_another_user(repo_path: Path, sealed: Path) -> None:
    os.chown(repo_path, 12345, 12345)
    os.chown(repo_path / ".git", 12345, 12345)
    with pytest.raises(Refused, match="dubious ownership") as refused:
        discover(repo_path)
    assert refused.value.hint == f"git config --global --add safe.directory {repo_path}"
    plain(repo_path, "config", "--global", "--add", "safe.directory", str(repo_path))
    assert discover(repo_path).work_tree == repo_path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
@pytest.mark.parametrize("foreign", ["repo", "repo/.git", "other", "repo/.git/worktrees/other"])
def test_each_part_of_a_repository_must_be_its_users(
    repo_path: Path, tmp_path: Path, sealed: Path, foreign: str
) -> None:
    plain(repo_path, "worktree", "add", "-q", str(tmp_path / "other"))
    os.chown(tmp_path / foreign, 12345, 12345)
    start = tmp_path / ("repo" if foreign.startswith("repo") and "other" not in foreign else "other")
    with pytest.raises(Refused, match="dubious ownership"):
        discover(start)
    with pytest.raises(Refused, match="dubious ownership"):
        discover(start, work_tree=str(start))  # GIT_WORK_TREE doesn't make it trusted
    plain(repo_path, "config", "--global", "safe.directory", "*")
    assert discover(start).work_tree == start


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_repository_cannot_trust_itself(repo_path: Path) -> None:
    plain(repo_path, "config", "safe.directory", "*")
    os.chown(repo_path / ".git", 12345, 12345)
    with pytest.raises(Refused, match="dubious ownership"):
        discover(repo_path)


def test_config_is_read_written_and_unset(repo_path: Path) -> None:
    repo = discover(repo_path)
    assert config_values(repo, "gt.target") == ()
    config_add(repo, "gt.target", "main")
    config_add(repo, "gt.target", "release # 2")
    assert config_values(repo, "gt.target") == ("main", "release # 2")
    config_unset(repo, "gt.target")
    config_unset(repo, "gt.target")
    assert config_values(repo, "GT.Target") == ()


def test_included_config_counts(repo_path: Path) -> None:
    (repo_path / ".git" / "more").write_text("[gt]\n\ttarget = included\n")
    plain(repo_path, "config", "include.path", "more")
    assert config_values(discover(repo_path), "gt.target") == ("included",)


def test_the_users_config_doesnt_choose_a_target(repo_path: Path) -> None:
    plain(repo_path, "config", "--global", "gt.target", "evil")
    assert config_values(discover(repo_path), "gt.target") == ()


@pytest.mark.parametrize(
    "text",
    [
        '[core]\n\tbare = false\n[remote "Origin.x"]\n\turl = /a b/c \n\tPrune\n',
        '# c\n[a]\nk=v\n;d\n[b "c"] \n k = \n',
        '[user]\n\tname = "A # B"\n[x]\n\ty = a\\tb ; c\n',
        "[a] k = v\n[a.B]\nk = w\n",
    ],
)
def test_config_is_read_as_git_reads_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(text)
    said = plain(tmp_path, "config", "--file", "config", "-z", "--list").removesuffix("\0").split("\0")
    expected = tuple((pair.split("\n")[0], pair.split("\n")[1] if "\n" in pair else "true") for pair in said)
    assert config.load(tmp_path / "config") == expected


def test_git_is_deaf_to_the_environment(
    repo_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"):
        monkeypatch.setenv(name, str(tmp_path / "wrong"))
    assert git(discover(repo_path), "rev-parse", "--verify", "main").code == 0


def test_git_runs_no_hook_and_no_monitor_unless_the_user_does(repo_path: Path, tmp_path: Path) -> None:
    hook = repo_path / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    repo = discover(repo_path)
    git(repo, "update-ref", "refs/heads/quiet", "main")
    assert not (tmp_path / "ran").exists()
    git(repo, "update-ref", "refs/heads/loud", "main", user=True)
    assert (tmp_path / "ran").exists()


def test_a_failing_git_says_why(repo_path: Path) -> None:
    with pytest.raises(GitFailed, match="git rev-parse: Needed a single revision") as failed:
        git(discover(repo_path), "-c", "a.b=c", "rev-parse", "--verify", "nothing")
    assert failed.value.code == 128
