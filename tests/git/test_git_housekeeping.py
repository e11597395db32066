"""When git is asked to pack by itself, and when it is left in peace."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gt.fleet.launch import Job, run
from gt.git import housekeeping
from gt.git.objects import FILE, Entry, Objects
from gt.git.repo import Repo, discover
from tests.git.gitscenes import commit_file, plain, together

MANY = 2000
"""Loose objects of which some lie in the one of 256 directories that git looks into."""


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    """Git packs here as soon as there are a few loose objects."""
    found = discover(repo_path)
    plain(repo_path, "config", "gc.auto", "1")
    with Objects(found) as odb:
        entries = []
        for number in range(MANY):
            entries.append(Entry(FILE, f"f{number}", odb.add_blob(f"{number}\n".encode())))
            if number % 90 == 0:
                odb.flush()  # more at once would be a pack
        tree = odb.add_tree(entries)
        commit = odb.add_commit(tree, (), "many", "Alice <a@x>", 0)
        odb.flush()
    plain(repo_path, "update-ref", "refs/heads/many", commit)
    return found


def pack(repo: Repo) -> None:
    housekeeping.pack_sometime(repo, plain(repo.common_dir, "rev-parse", "HEAD"))


def packs(repo: Repo) -> int:
    return len(list((repo.common_dir / "objects" / "pack").glob("*.pack")))


def wait_for_one_pack(repo: Repo) -> None:
    """Git goes to the background first, and says in `gc.pid` that it is at work only then."""
    end = time.monotonic() + 60
    while (repo.common_dir / "gc.pid").exists() or packs(repo) != 1:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_many_loose_objects_are_packed_and_paths_are_known_from_then_on(repo: Repo, repo_path: Path) -> None:
    assert not housekeeping.knows_paths(repo)
    pack(repo)
    wait_for_one_pack(repo)
    assert housekeeping.knows_paths(repo)
    commit_file(repo_path, "other", "2\n")
    plain(repo_path, "gc", "-q")
    assert housekeeping.knows_paths(repo)
    plain(repo_path, "commit-graph", "write", "--reachable", "--split=replace", "--changed-paths")
    assert housekeeping.knows_paths(repo)
    plain(repo_path, "commit-graph", "write", "--reachable", "--no-changed-paths")
    assert not housekeeping.knows_paths(repo)


def test_where_it_is_turned_off_nothing_is_done(repo: Repo) -> None:
    plain(repo.common_dir, "config", "gc.auto", "0")
    pack(repo)
    assert packs(repo) == 0
    assert not housekeeping.knows_paths(repo)


def test_nothing_is_begun_while_a_job_runs_that_would_be_taken_for_its_orphan(
    repo: Repo, tmp_path: Path
) -> None:
    known: list[bool] = []

    def began(_pid: int) -> None:
        pack(repo)
        known.append(housekeeping.knows_paths(repo))

    ended = run(Job(("true",), tmp_path, {}, tmp_path / "log", deadline=60.0, on_start=began))
    assert (ended.why, known) == ("exit", [False])
    pack(repo)
    wait_for_one_pack(repo)


@pytest.mark.parametrize("name", ["gc.pid", "gc.log"])
def test_where_another_is_at_work_or_has_complained_nothing_is_done(repo: Repo, name: str) -> None:
    (repo.common_dir / name).write_text("1 elsewhere\n")
    pack(repo)
    (repo.common_dir / name).unlink()
    assert packs(repo) == 0
    assert not housekeeping.knows_paths(repo)


def test_several_at_once_do_no_harm(repo: Repo) -> None:
    together(4, lambda _: pack(repo))
    wait_for_one_pack(repo)
    assert not (repo.common_dir / "gc.log").exists(), (repo.common_dir / "gc.log").read_text()
    plain(repo.common_dir, "fsck", "--strict", "--no-dangling")
    assert not list((repo.common_dir / "objects" / "info").rglob("*.lock"))
