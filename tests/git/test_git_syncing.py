"""What others committed is synced before gt promises it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.git.repo import discover
from gt.git.syncing import make_durable
from tests.git.gitscenes import commit_file, plain

ELSEWHERE = "1" * 40


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were synced, in order."""
    paths: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        paths.append(os.readlink(f"/proc/self/fd/{fd}"))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return paths


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc to tell which file is synced")
def test_all_that_is_new_is_synced_the_folders_last(repo_path: Path, synced: list[str]) -> None:
    known = commit_file(repo_path, "known", "1\n")
    one, two = commit_file(repo_path, "a/one", "1\n"), commit_file(repo_path, "two", "2\n")
    folder = os.path.realpath(repo_path / ".git" / "objects")
    make_durable(discover(repo_path), two, (known, ELSEWHERE))
    listed = plain(repo_path, "rev-list", "--objects", "--no-object-names", two, f"^{known}").split()
    files = {f"{folder}/{oid[:2]}/{oid[2:]}" for oid in listed}
    assert {f"{folder}/{oid[:2]}/{oid[2:]}" for oid in (one, two)} < files
    assert set(synced[: len(files)]) == files
    assert set(synced[len(files) :]) == {os.path.dirname(path) for path in files}


def test_what_is_packed_was_synced_by_who_packed_it(repo_path: Path, synced: list[str]) -> None:
    commit_file(repo_path, "one", "1\n")
    plain(repo_path, "gc", "-q")
    make_durable(discover(repo_path), plain(repo_path, "rev-parse", "HEAD"), ())
    assert synced == []
