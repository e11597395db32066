from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from gt.errors import NotFound, Refused
from gt.git import worktree
from gt.git.repo import Repo, discover
from tests.git.gitscenes import commit_file, plain


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


@pytest.fixture
def desk(repo: Repo, tmp_path: Path) -> Path:
    """A worktree on the branch `gt/b/1-a`."""
    path = tmp_path / "repo.gt" / "desk"
    worktree.add(repo, path, "main", "gt/b/1-a")
    return path


def admin(repo: Repo) -> Path:
    return repo.common_dir / "worktrees" / "desk"


@pytest.mark.parametrize("branch", ["gt/b/1-b", None])
def test_one_that_another_git_makes_at_the_moment_is_waited_for(
    repo: Repo, desk: Path, tmp_path: Path, branch: str | None
) -> None:
    """Sixteen at once met it: a git that looks at a worktree between its being made and being written to dies."""
    half = repo.common_dir / "worktrees" / "half"
    half.mkdir()
    (half / "gitdir").write_text(f"{tmp_path}/half/.git\n")
    (half / "HEAD").write_text(f"{repo.zero}\n")
    (half / "commondir").touch()

    def written() -> None:
        (half / "commondir").write_text("../..\n")

    late = threading.Timer(0.3, written)
    late.start()
    try:
        worktree.add(repo, tmp_path / "new", "main", branch)
    finally:
        late.join()
    assert [tree.branch for tree in worktree.listing(repo) if tree.path == tmp_path / "new"] == [branch]
    assert (tmp_path / "new" / "README.md").exists()


def test_one_that_stays_half_made_is_told_of(
    repo: Repo, desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worktree, "PATIENCE", 0.1)
    half = repo.common_dir / "worktrees" / "half"
    half.mkdir()
    (half / "commondir").touch()
    (half / "gitdir").write_text(f"{tmp_path}/half/.git\n")
    (half / "HEAD").write_text(f"{repo.zero}\n")
    with pytest.raises(Refused, match="commondir"):
        worktree.add(repo, tmp_path / "new", "main", "gt/b/1-b")


def snapshot(repo: Repo, desk: Path) -> worktree.Snapshot:
    return worktree.snapshot_tree(repo, desk, admin(repo), repo.gt_dir / "index", "main")


def names(repo: Repo, tree: str) -> list[str]:
    return plain(repo.common_dir, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", tree).split(
        "\n"
    )


def test_added_and_listed(repo: Repo, repo_path: Path, desk: Path, tmp_path: Path) -> None:
    head = plain(repo_path, "rev-parse", "HEAD")
    worktree.add(repo, tmp_path / "slot", head, None)
    main, mine, slot = worktree.listing(repo)
    assert (main.path, main.main, main.branch, main.git_dir) == (repo_path, True, "main", repo.common_dir)
    assert (mine.path, mine.git_dir, mine.branch, mine.detached, mine.head) == (
        desk, admin(repo), "gt/b/1-a", False, head,
    )  # fmt: skip
    assert (slot.branch, slot.detached, slot.prunable, slot.locked, slot.underway) == (
        None,
        True,
        False,
        False,
        None,
    )
    assert worktree.listing(discover(desk)) == (main, mine, slot)
    assert plain(repo_path, "status", "--porcelain") == ""


def test_no_hook_runs_and_nothing_is_tracked(repo: Repo, repo_path: Path, tmp_path: Path) -> None:
    hook = repo_path / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    plain(repo_path, "config", "branch.autoSetupMerge", "always")
    worktree.add(repo, tmp_path / "desk", "main", "gt/b/1-a")
    assert not (tmp_path / "ran").exists()
    plain(repo_path, "config", "branch.gt/b/1-a.merge", code=1)


def test_refused_where_something_is_in_the_way(repo: Repo, desk: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="already exists"):
        worktree.add(repo, tmp_path / "again", "main", "gt/b/1-a")
    with pytest.raises(Refused, match="already exists"):
        worktree.add(repo, desk, "main", "gt/b/2-a")


def test_a_branch_is_checked_out_also_while_it_is_rebased(repo: Repo, desk: Path) -> None:
    assert worktree.checked_out(repo, "none") == ()
    assert [tree.path for tree in worktree.checked_out(repo, "refs/heads/gt/b/1-a")] == [desk]
    commit_file(desk, "a", "1\n")
    plain(desk, "checkout", "-q", "-B", "gt/b/1-a", "main")
    commit_file(desk, "a", "2\n")
    plain(desk, "rebase", "gt/b/1-a@{2}", code=1)
    (rebasing,) = worktree.checked_out(repo, "gt/b/1-a")
    assert (rebasing.branch, rebasing.underway) == (None, "rebase")


def test_removed_with_its_record(repo: Repo, repo_path: Path, desk: Path) -> None:
    cache = desk / "cache" / "mod"
    cache.mkdir(parents=True)
    (cache / "f").touch()
    cache.chmod(0o500)
    worktree.remove(repo, desk)
    assert not desk.exists()
    assert [tree.path for tree in worktree.listing(repo)] == [repo_path]
    with pytest.raises(NotFound):
        worktree.remove(repo, desk)
    with pytest.raises(Refused, match="main work tree"):
        worktree.remove(repo, repo_path)


def test_a_removal_can_be_finished(repo: Repo, desk: Path) -> None:
    shutil.rmtree(desk)
    assert worktree.listing(repo)[1].prunable
    worktree.remove(repo, desk)
    assert len(worktree.listing(repo)) == 1


def test_a_symbolic_link_put_in_its_place_isnt_followed(repo: Repo, desk: Path, tmp_path: Path) -> None:
    desk.rename(tmp_path / "moved")
    desk.symlink_to(tmp_path / "moved")
    worktree.remove(repo, desk)
    assert (tmp_path / "moved" / "README.md").exists()
    assert not desk.is_symlink()


def test_a_snapshot_holds_all_but_what_is_ignored(repo: Repo, desk: Path) -> None:
    (desk / ".gitignore").write_text("*.o\n")
    (desk / "new ü").write_text("new\n")
    (desk / "x.o").touch()
    (desk / "README.md").unlink()
    commit_file(desk, "committed", "1\n")
    index = (admin(repo) / "index").read_bytes()
    taken = snapshot(repo, desk)
    assert names(repo, taken.tree) == [".gitignore", "committed", "new ü"]
    assert (taken.nested, taken.failed) == ((), ())
    assert (admin(repo) / "index").read_bytes() == index


def test_an_unchanged_worktree_is_its_base(repo: Repo, repo_path: Path, desk: Path) -> None:
    assert snapshot(repo, desk).tree == plain(repo_path, "rev-parse", "main^{tree}")


def test_a_snapshot_trusts_nothing_in_the_worktree(repo: Repo, repo_path: Path, desk: Path) -> None:
    (desk / "work").write_text("work\n")
    plain(desk, "update-index", "--assume-unchanged", "README.md")
    (desk / "README.md").write_text("changed\n")
    expected = snapshot(repo, desk).tree
    assert plain(repo.common_dir, "show", f"{expected}:README.md") == "changed"
    plain(desk, "checkout", "-q", "--detach")
    (admin(repo) / "index").write_bytes(b"rubbish")
    assert snapshot(repo, desk).tree == expected
    (desk / ".git").unlink()
    assert snapshot(repo, desk).tree == expected
    (desk / ".git").write_text(f"gitdir: {repo_path}/elsewhere\n")
    assert snapshot(repo, desk).tree == expected
    (desk / ".git").unlink()
    plain(desk, "init", "-q")
    assert snapshot(repo, desk).tree == expected
    (admin(repo) / "HEAD").write_text("rubbish\n")
    assert snapshot(repo, desk).tree == expected
    shutil.rmtree(admin(repo))
    (repo.gt_dir / "index.lock").touch()
    assert snapshot(repo, desk).tree == expected


def test_embedded_repositories_are_named_and_left_out(repo: Repo, desk: Path) -> None:
    plain(desk, "init", "-q", "with")
    commit_file(desk / "with", "f", "1\n")
    plain(desk, "init", "-q", "sub/without")
    (desk / "sub" / "file").write_text("kept\n")
    taken = snapshot(repo, desk)
    assert taken.nested == ("sub/without", "with")
    assert names(repo, taken.tree) == ["README.md", "sub/file"]


def test_submodules_of_the_base_stay(repo: Repo, repo_path: Path, desk: Path) -> None:
    head = plain(repo_path, "rev-parse", "HEAD")
    plain(repo_path, "update-index", "--add", "--cacheinfo", f"160000,{head},lib")
    plain(repo_path, "commit", "-q", "-m", "submodule")
    plain(desk, "checkout", "-q", "main", "--detach")
    taken = snapshot(repo, desk)
    assert taken == worktree.Snapshot(plain(repo_path, "rev-parse", "main^{tree}"), (), ())


def test_files_that_git_cant_take_are_named(repo: Repo, repo_path: Path, desk: Path) -> None:
    plain(repo_path, "config", "filter.x.clean", "false")
    plain(repo_path, "config", "filter.x.required", "true")
    (desk / ".gitattributes").write_text("*.bin filter=x\n")
    for name in ("one.bin", "two.bin", "fine"):
        (desk / name).write_text("data\n")
    taken = snapshot(repo, desk)
    assert taken.failed == ("one.bin", "two.bin")
    assert names(repo, taken.tree) == [".gitattributes", "README.md", "fine"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_files_that_cant_be_read_are_named(repo: Repo, desk: Path) -> None:
    (desk / "secret").write_text("x")
    (desk / "secret").chmod(0)
    (desk / "closed").mkdir()
    (desk / "closed" / "file").touch()
    (desk / "closed").chmod(0)
    try:
        assert snapshot(repo, desk).failed == ("closed", "secret")
    finally:
        (desk / "closed").chmod(0o700)
