"""A lock that another git left goes only where nobody is seen at work, and is kept."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gt import lock
from gt.errors import Busy, Refused
from gt.git.repo import Repo, discover
from gt.git.standing import gits_at_work
from gt.verbs.unlock import find, unlock
from tests.conftest import NOW, run_git


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


@pytest.fixture
def left(repo: Repo) -> Path:
    """An old lock on main."""
    path = repo.common_dir / "refs" / "heads" / "main.lock"
    path.write_text("1" * 40)
    os.utime(path, (NOW - 3600, NOW - 3600))
    return path


def test_it_is_moved_and_kept(repo: Repo, left: Path) -> None:
    kept = unlock(repo, find(repo, left, NOW))
    assert (left.exists(), kept.read_text()) == (False, "1" * 40)
    run_git(repo.common_dir, "update-ref", "refs/heads/main", "main")


def test_not_what_is_no_lock(repo: Repo, left: Path, tmp_path: Path) -> None:
    for path in (
        left.with_name("main"),
        tmp_path / "x.lock",
        repo.gt_dir / "ledger.lock",
        left.with_name("none.lock"),
    ):
        with pytest.raises(Refused, match="is not a lock of this repository"):
            find(repo, path, NOW)


def test_not_a_young_one(repo: Repo, left: Path) -> None:
    with pytest.raises(Busy, match="is only 59 s old"):
        find(repo, left, NOW - 3600 + 59)
    assert left.exists()


def test_not_one_of_gts(repo: Repo, left: Path) -> None:
    intent = repo.gt_dir / "intents" / "0123456789abcdef"
    intent.parent.mkdir(parents=True)
    os.link(left, intent)
    with pytest.raises(Refused, match="a gt that died") as refused:
        find(repo, left, NOW)
    assert refused.value.hint == "gt heal refs/heads/main"
    with intent.open() as file:
        assert lock.lock_now(file.fileno())
        with pytest.raises(Busy, match="a gt that is at work"):
            find(repo, left, NOW)


def test_not_one_that_a_process_has_open(repo: Repo, left: Path) -> None:
    with left.open() as file, subprocess.Popen(["sleep", "60"], stdin=file) as holder:
        try:
            with pytest.raises(Busy, match=f"process {holder.pid}"):
                find(repo, left, NOW)
        finally:
            holder.kill()
    assert left.exists()


def test_not_while_a_git_is_at_work_in_the_repository(repo: Repo, left: Path) -> None:
    """A prepared transaction holds its lock with no file open."""
    args = ["git", "cat-file", "--batch"]
    with subprocess.Popen(args, cwd=repo.work_tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:
        assert git.stdin is not None
        assert git.stdout is not None
        git.stdin.write(b"HEAD\n")
        git.stdin.flush()
        git.stdout.readline()
        assert gits_at_work(repo) == (git.pid,)
        with pytest.raises(Busy, match=f"process {git.pid}"):
            find(repo, left, NOW)
        git.stdin.close()
        git.stdout.read()
    assert gits_at_work(repo) == ()
    assert find(repo, left, NOW).path == left


def test_one_that_was_taken_again_meanwhile_stays(repo: Repo, left: Path) -> None:
    found = find(repo, left, NOW)
    left.unlink()
    left.write_text("2" * 40)
    with pytest.raises(Busy, match="is taken again"):
        unlock(repo, found)
    assert left.read_text() == "2" * 40
    left.unlink()
    with pytest.raises(Busy, match="is gone"):
        unlock(repo, found)
