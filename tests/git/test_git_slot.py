"""A slot is made afresh, whatever was done to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.git import slot
from gt.git.repo import discover
from tests.git.gitscenes import plain


def test_its_head_is_put_where_it_belongs_and_nothing_is_written_through_a_link(
    repo_path: Path, tmp_path: Path
) -> None:
    repo, tip = discover(repo_path), plain(repo_path, "rev-parse", "HEAD")
    tree = plain(repo_path, "rev-parse", "HEAD^{tree}")
    other = plain(repo_path, "commit-tree", tree, "-p", tip, "-m", "candidate")
    place = slot.place(repo, tmp_path / "slot", tip)
    slot.fill(repo, place, tip, tree)
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs\n")
    (place.git_dir / "HEAD").unlink()
    for name in ("HEAD", "HEAD.new"):
        (place.git_dir / name).symlink_to(theirs)
    (place.git_dir / "HEAD.lock").touch()
    slot.fill(repo, place, other, tree)
    assert theirs.read_text() == "theirs\n"
    assert plain(place.path, "rev-parse", "HEAD") == other
    assert plain(place.path, "symbolic-ref", "-q", "HEAD", code=1) == ""
    assert plain(place.path, "status", "--porcelain") == ""
    assert slot.folds_case(place) is (place.path / ".Git").exists()


class Trees:
    """A slot, and the trees to fill it with."""

    def __init__(self, path: Path, place: Path) -> None:
        self.path, self.repo = path, discover(path)
        self.tip = plain(path, "rev-parse", "HEAD")
        self.slot = slot.place(self.repo, place, self.tip)

    def tree(self, **files: str | None) -> str:
        """The last tree with these files instead, `__` for a slash; None: without."""
        for name, text in files.items():
            at = self.path / name.replace("__", "/")
            if text is None:
                at.unlink()
            else:
                at.parent.mkdir(parents=True, exist_ok=True)
                at.write_text(text)
        plain(self.path, "add", "-A")
        return plain(self.path, "write-tree")

    def fill(self, tree: str, *keep: str) -> None:
        slot.fill(self.repo, self.slot, self.tip, tree, keep)

    def has(self, name: str) -> bool:
        return (self.slot.path / name).exists()


@pytest.fixture
def trees(repo_path: Path, tmp_path: Path) -> Trees:
    return Trees(repo_path, tmp_path / "slot")


def test_a_cache_is_kept_and_all_else_goes(trees: Trees) -> None:
    tree = trees.tree(a="a")
    trees.fill(tree, "cache")
    for name in ("cache/x", "other/x"):
        (trees.slot.path / name).parent.mkdir()
        (trees.slot.path / name).write_text("x")
    trees.fill(trees.tree(a="b"), "cache/")
    assert (trees.has("cache/x"), trees.has("other")) == (True, False)


def test_what_was_tracked_in_a_cache_is_not_taken_for_what_was_cached(trees: Trees) -> None:
    tracked = trees.tree(vendor__lib="lib", a="a")
    without = trees.tree(vendor__lib=None)
    trees.fill(tracked, "vendor")
    (trees.slot.path / "vendor" / "made").write_text("x")
    trees.fill(without, "vendor")
    assert not trees.has("vendor")
    (trees.slot.path / "vendor").mkdir()
    (trees.slot.path / "vendor" / "made").write_text("x")
    trees.fill(without, "vendor")
    assert trees.has("vendor/made"), "there is nothing tracked any more"
    trees.fill(tracked, "vendor")
    assert (trees.has("vendor/lib"), trees.has("vendor/made")) == (True, False)


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_what_is_hidden_from_the_index_that_lies_there_is_seen(trees: Trees, flag: str) -> None:
    tree = trees.tree(config="1", other="1")
    trees.fill(tree)
    filled = slot.index(trees.slot)
    assert slot.altered(trees.repo, trees.slot, tree, filled) == ()
    (trees.slot.path / "config").write_text("2")
    plain(trees.slot.path, "update-index", flag, "config")
    assert slot.altered(trees.repo, trees.slot, tree, filled) == ("config",)
    assert slot.altered(trees.repo, trees.slot, tree, filled) == ("config",)
