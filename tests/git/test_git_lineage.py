"""What a branch went through."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.git import lineage
from gt.git.lineage import steps
from gt.git.repo import Repo, discover
from tests.git.gitscenes import plain
from tests.git.test_git_merge import fork


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


def line(repo: Repo, old: str | None, new: str) -> list[str]:
    return [step.oid for step in steps(repo, old, new)]


def test_the_first_parents_of_a_merge(repo: Repo, repo_path: Path) -> None:
    first = plain(repo_path, "rev-parse", "HEAD")
    ours, theirs = fork(repo_path, {"a": "1\n"}, {"b": "2\n"})
    plain(repo_path, "checkout", "-q", "--detach", ours)
    plain(repo_path, "merge", "-q", "--no-edit", theirs)
    top = plain(repo_path, "rev-parse", "HEAD")
    assert line(repo, first, top) == [top, ours]
    assert line(repo, None, top) == [top, ours, first]
    assert line(repo, top, top) == []


def test_between_ids_it_is_asked_once(repo: Repo, repo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = plain(repo_path, "rev-parse", "HEAD")
    plain(repo_path, "commit", "-q", "--allow-empty", "-m", "more")
    tip = plain(repo_path, "rev-parse", "HEAD")
    known = steps(repo, first, tip), steps(repo, None, tip, limit=1)
    monkeypatch.setattr(lineage, "git", None)
    assert (steps(repo, first, tip), steps(repo, None, tip, limit=1)) == known


def test_of_a_branch_it_is_told_anew(repo: Repo, repo_path: Path) -> None:
    before = line(repo, None, "main")
    plain(repo_path, "commit", "-q", "--allow-empty", "-m", "more")
    assert line(repo, None, "main") == [plain(repo_path, "rev-parse", "HEAD"), *before]


def test_what_a_fetch_may_deepen_is_told_anew(repo_path: Path, tmp_path: Path) -> None:
    plain(repo_path, "commit", "-q", "--allow-empty", "-m", "more")
    plain(tmp_path, "clone", "-q", "--depth", "1", f"file://{repo_path}", "shallow")
    shallow, tip = discover(tmp_path / "shallow"), plain(repo_path, "rev-parse", "HEAD")
    assert line(shallow, None, tip) == [tip]
    assert [step.oid for step in steps(shallow, None, tip, limit=2)] == [tip]
    plain(shallow.common_dir, "fetch", "-q", "--unshallow")
    assert line(shallow, None, tip) == [tip, plain(repo_path, "rev-parse", "HEAD^")]
    assert len(steps(shallow, None, tip, limit=2)) == 2
