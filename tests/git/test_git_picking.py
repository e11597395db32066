from __future__ import annotations

from pathlib import Path

import pytest

from gt.git.picking import picked
from gt.git.repo import Repo, discover
from tests.git.gitscenes import commit_file, plain


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


def test_only_the_commits_own_change_comes_along(repo: Repo, repo_path: Path) -> None:
    start = plain(repo_path, "rev-parse", "HEAD")
    commit_file(repo_path, "below", "1\n")
    change = commit_file(repo_path, "mine", "2\n")
    plain(repo_path, "checkout", "-q", "--detach", start)
    onto = commit_file(repo_path, "theirs", "3\n")
    made = picked(repo, onto, change, arena=repo.gt_dir / "arena")
    assert made.tree is not None
    assert plain(repo_path, "ls-tree", "--name-only", made.tree).split() == ["README.md", "mine", "theirs"]
    plain(repo_path, "cherry-pick", change)
    assert plain(repo_path, "rev-parse", "HEAD^{tree}") == made.tree


def test_a_conflict_names_its_paths(repo: Repo, repo_path: Path) -> None:
    start = plain(repo_path, "rev-parse", "HEAD")
    change = commit_file(repo_path, "README.md", "mine\n")
    plain(repo_path, "checkout", "-q", "--detach", start)
    onto = commit_file(repo_path, "README.md", "theirs\n")
    made = picked(repo, onto, change, arena=repo.gt_dir / "arena")
    assert (made.tree, made.conflicts) == (None, ("README.md",))


def test_a_first_commit_is_a_change_of_nothing(repo: Repo, repo_path: Path) -> None:
    root = plain(repo_path, "commit-tree", "HEAD^{tree}", "-m", "root")
    plain(repo_path, "rm", "-q", "README.md")
    plain(repo_path, "commit", "-q", "-m", "empty")
    made = picked(repo, plain(repo_path, "rev-parse", "HEAD"), root, arena=repo.gt_dir / "arena")
    assert made.tree == plain(repo_path, "rev-parse", f"{root}^{{tree}}")
