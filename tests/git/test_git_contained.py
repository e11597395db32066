"""Refs that may go: never one whose commit nothing else has."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.git.contained import spare
from gt.git.repo import Repo, discover
from tests.git.gitscenes import plain


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


def commit(repo: Repo, text: str, *parents: str) -> str:
    tree = plain(repo.common_dir, "rev-parse", "main^{tree}")
    above = [arg for parent in parents for arg in ("-p", parent)]
    return plain(repo.common_dir, "commit-tree", tree, *above, "-m", text)


def test_what_a_keeper_has_is_spare_and_what_it_lacks_is_not(repo: Repo) -> None:
    main = plain(repo.common_dir, "rev-parse", "main")
    ahead = commit(repo, "ahead", main)
    merged = commit(repo, "merge", main, ahead)
    lone = commit(repo, "lone", main)
    pins = {"refs/a": ahead, "refs/b": lone, "refs/c": main}
    assert spare(repo, pins, [main]) == {"refs/c"}
    assert spare(repo, pins, [merged]) == {"refs/a", "refs/c"}
    assert spare(repo, pins, []) == {"refs/c"}
    assert spare(repo, {}, [main]) == frozenset()


def test_one_pin_keeps_what_it_contains_and_of_equals_one_stays(repo: Repo) -> None:
    main = plain(repo.common_dir, "rev-parse", "main")
    one = commit(repo, "one", main)
    two = commit(repo, "two", one)
    side = commit(repo, "side")
    pins = {"refs/1": one, "refs/2": two, "refs/2b": two, "refs/s": side, "refs/t": side}
    assert spare(repo, pins, [main]) == {"refs/1", "refs/2b", "refs/t"}


def test_what_is_no_commit_or_isnt_there_is_never_spare(repo: Repo) -> None:
    main, tree = plain(repo.common_dir, "rev-parse", "main", "main^{tree}").split()
    pins = {"refs/tree": tree, "refs/gone": "1" * 40, "refs/main": main}
    assert spare(repo, pins, [main, tree, "2" * 40]) == {"refs/main"}
