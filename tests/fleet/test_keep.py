"""Keeping what an attempt left: all of it is pinned, and what is offered is only its work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from gt.core import ids
from gt.fleet import hidden, keep
from gt.fleet.gathering import Left, gather
from gt.fleet.places import Place
from gt.fleet.records import Record
from gt.git import worktree
from gt.git.objects import Objects
from gt.git.repo import Repo, discover
from gt.git.trees import tree_of
from tests.conftest import NOW, run_git
from tests.store.scenes import bead_id

ONE, TOKEN = bead_id(1), "1-aaaa"


@dataclass
class Desk:
    """An attempt's worktree, as its agent finds it."""

    place: Place
    record: Record

    @property
    def path(self) -> Path:
        return self.place.worktree

    def git(self, *args: str) -> str:
        return run_git(self.path, *args)

    def left(self) -> Left:
        found = gather(self.place, self.record, self.record.start, "work\n", NOW)
        assert found is not None
        return found

    def pinned(self, left: Left) -> str:
        return keep.pin(self.place.repo, ids.wip_ref(ONE, TOKEN), left, self.record.start, NOW)

    def files(self, commit: str) -> set[str]:
        return set(run_git(self.place.repo.common_dir, "ls-tree", "-r", "--name-only", commit).splitlines())

    def everything(self, commit: str) -> set[str]:
        """The paths of a commit and of all before it."""
        log = ("log", "-m", "--format=", "--name-only", commit)
        return {name for name in run_git(self.place.repo.common_dir, *log).splitlines() if name}


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    (repo_path / ".gitignore").write_text("*.built\n")
    run_git(repo_path, "add", ".gitignore")
    run_git(repo_path, "commit", "-q", "-m", "ignore what is built")
    (repo_path / ".git/info").mkdir(exist_ok=True)
    (repo_path / ".git/info/exclude").write_text("*.private\n")
    return discover(repo_path)


def begun(repo: Repo, path: Path) -> Desk:
    """An attempt whose agent begins now; what the set-up brought is there."""
    place = Place(repo, ONE, TOKEN, path)
    start = run_git(repo.common_dir, "rev-parse", "main")
    worktree.add(repo, path, start, place.branch)
    (path / "brought").write_text("secret\n")
    (path / "brought.private").write_text("secret\n")
    git_dir = discover(path).git_dir
    shot = worktree.snapshot_tree(repo, path, git_dir, place.index, start)
    record = Record(str(git_dir), start, before=shot.tree, hidden=hidden.signatures(path, shot.hidden))
    return Desk(place, record)


@pytest.fixture
def desk(repo: Repo, tmp_path: Path) -> Desk:
    return begun(repo, tmp_path / f"{ONE}-{TOKEN}")


def test_what_is_uncommitted_is_its_work(desk: Desk) -> None:
    (desk.path / "new").write_text("new\n")
    left = desk.left()
    assert desk.files(left.head) == {".gitignore", "README.md", "new"}
    assert (left.others, left.commits, left.stays) == ((), 1, "")


def test_what_only_the_clone_or_the_user_ignores_is_kept_and_not_offered(desk: Desk, sealed: Path) -> None:
    (sealed / "ignore").write_text("*.mine\n")
    run_git(desk.path, "config", "--global", "core.excludesFile", str(sealed / "ignore"))
    for name in ("new", "a.private", "b.mine", "c.built", "deep/d.private"):
        (desk.path / name).parent.mkdir(exist_ok=True)
        (desk.path / name).write_text(name)
    left = desk.left()
    assert desk.files(left.head) == {".gitignore", "README.md", "new"}
    kept = desk.everything(desk.pinned(left))
    assert kept >= {"new", "a.private", "b.mine", "deep/d.private"}
    assert not kept & {"c.built", "brought", "brought.private"}
    assert left.stays == ""


def test_hidden_files_alone_are_no_work(desk: Desk) -> None:
    (desk.path / "a.private").write_text("a")
    left = desk.left()
    assert (left.head, left.commits) == (desk.record.start, 0)
    assert "a.private" in desk.everything(desk.pinned(left))


def test_the_work_in_a_pin_is_without_what_was_set_aside(desk: Desk) -> None:
    (desk.path / "new").write_text("new\n")
    (desk.path / "a.private").write_text("a")
    left = desk.left()
    pinned = desk.pinned(left)
    with Objects(desk.place.repo) as odb:
        assert (keep.work_in(odb, pinned), keep.work_in(odb, left.head)) == (left.head, left.head)


def test_a_brought_file_that_was_changed_is_the_agents(desk: Desk) -> None:
    (desk.path / "brought.private").write_text("not so secret\n")
    left = desk.left()
    assert "brought.private" in desk.everything(desk.pinned(left))


def test_a_worktree_in_which_nothing_happened_leaves_nothing(desk: Desk) -> None:
    assert desk.left() == Left(
        desk.record.start, tree_of(desk.place.repo, desk.record.start), desk.record.start
    )


def test_pinning_again_changes_nothing_and_loses_nothing(desk: Desk) -> None:
    (desk.path / "new").write_text("new\n")
    first = desk.pinned(desk.left())
    assert desk.pinned(desk.left()) is not None
    (desk.path / "new").write_text("other\n")
    second = desk.pinned(desk.left())
    assert run_git(desk.place.repo.common_dir, "merge-base", first, second) == first


def test_outside_the_users_sparse_checkout_nothing_is_lost(
    repo: Repo, repo_path: Path, tmp_path: Path
) -> None:
    (repo_path / "src").mkdir()
    for name in ("src/f", "docs"):
        (repo_path / name).write_text("f\n")
    run_git(repo_path, "add", ".")
    run_git(repo_path, "commit", "-q", "-m", "more")
    run_git(repo_path, "sparse-checkout", "set", "src")
    full = begun(repo, tmp_path / f"{ONE}-{TOKEN}")
    (full.path / "other").mkdir()
    (full.path / "other/new").write_text("new\n")
    assert full.files(full.left().head) == {".gitignore", "README.md", "docs", "other/new", "src/f"}
    # An agent may make its own worktree sparse, too.
    full.git("sparse-checkout", "set", "src")
    (full.path / "third").mkdir()
    (full.path / "third/new").write_text("new\n")
    assert full.files(full.left().head) >= {"docs", "src/f", "third/new"}


def test_a_worktree_whose_making_was_killed_can_go(desk: Desk) -> None:
    (Path(desk.record.git_dir) / "locked").write_text("initializing")
    assert desk.left().stays == ""
    (Path(desk.record.git_dir) / "locked").write_text("mine")
    assert desk.left().stays == "it is locked"
