"""A slot is made afresh, whatever was done to it."""

from __future__ import annotations

from pathlib import Path

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
