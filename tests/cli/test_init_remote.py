"""`gt init` where a remote may have the town's ledger already."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git

NO_PATH = {"PATH": ""}


@pytest.fixture
def hub(gt: Gt, repo_path: Path, tmp_path: Path) -> Path:
    """A bare repository with a project and a ledger of one Bead."""
    scene = TownScene(repo_path, gt)
    scene("init", "--commit", environ=NO_PATH)
    scene.create("there")
    hub = tmp_path / "hub.git"
    run_git(tmp_path, "clone", "-q", "--bare", str(repo_path), str(hub))
    run_git(hub, "config", "uploadpack.allowFilter", "true")
    return hub


def cloned(hub: Path, gt: Gt, *options: str) -> TownScene:
    path = hub.parent / "clone"
    run_git(hub.parent, "clone", "-q", *options, f"file://{hub}", str(path))
    return TownScene(path, gt)


def tip(path: Path) -> str:
    return run_git(path, "rev-parse", "refs/heads/beads")


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--single-branch", "--branch=main"),
        ("--depth=1",),
        ("--depth=1", "--no-single-branch"),
        ("--filter=blob:none",),
        ("--filter=blob:none", "--single-branch", "--branch=main"),
        ("--filter=tree:0", "--depth=1", "--no-single-branch"),
    ],
)
def test_every_kind_of_clone_gets_the_whole_ledger(hub: Path, gt: Gt, options: tuple[str, ...]) -> None:
    clone = cloned(hub, gt, *options)
    said = clone("init", "--json", environ=NO_PATH).data
    assert (said["ledger"], said["remote"]) == ("adopted", "origin/beads")
    assert clone.tip() == tip(hub)
    assert clone.ready() == ["there"]
    # Without the remote nothing of the ledger is missing.
    shutil.rmtree(hub)
    assert run_git(clone.path, "rev-list", "--count", "beads") == "2"
    listed = run_git(clone.path, "rev-list", "--objects", "--missing=print", "beads")
    assert "?" not in listed
    if "--depth=1" in options:
        assert run_git(clone.path, "rev-list", "--count", "main") == "1"


def test_a_bare_clone_of_one_branch(hub: Path, gt: Gt) -> None:
    bare = cloned(hub, gt, "--bare", "--single-branch", "--branch=main")
    assert bare("init", "--json", environ=NO_PATH).data["ledger"] == "adopted"
    assert bare.ready() == ["there"]


def test_what_a_remote_has_now_counts_not_what_was_fetched(hub: Path, gt: Gt) -> None:
    clone = cloned(hub, gt)
    other = hub.parent / "repo"
    run_git(other, "remote", "add", "origin", str(hub))
    scene = TownScene(other, gt)
    scene.create("newer")
    scene("sync")
    clone("init", environ=NO_PATH)
    assert sorted(clone.ready()) == ["newer", "there"]
    clone("sync", environ=NO_PATH)


def test_a_remote_that_gives_no_answer_may_have_a_ledger(hub: Path, gt: Gt) -> None:
    clone = cloned(hub, gt, "--single-branch", "--branch=main")
    hub.rename(hub.with_name("away.git"))
    said = clone("init", code=1, environ=NO_PATH).err
    assert "whether there is a ledger already can't be told" in said
    assert said.endswith("hint: gt init --offline\n")
    assert run_git(clone.path, "branch", "--list", "beads") == ""
    assert clone("init", "--offline", "--json", environ=NO_PATH).data["ledger"] == "created"
    # Both have one now, each with Beads of its own; nothing but joining brings them together.
    mine = clone.create("mine")
    hub.with_name("away.git").rename(hub)
    assert "hint: gt join origin" in clone("sync", code=1).err
    assert "needs --yes" in clone("join", "origin", code=1).err
    clone("join", "origin", "--yes")
    assert clone.tip() == tip(hub)
    assert sorted(clone.ready()) == ["mine", "there"]
    assert "of this very town" in clone("join", "origin", "--yes", code=1).err
    first = TownScene(hub.parent / "repo", gt)
    run_git(first.path, "remote", "add", "origin", str(hub))
    first("sync")
    assert first.bead(mine)["spec"]["title"] == "mine"


def test_offline_goes_by_what_was_fetched(hub: Path, gt: Gt) -> None:
    clone = cloned(hub, gt)
    hub.rename(hub.with_name("away.git"))
    assert clone("init", "--offline", "--json", environ=NO_PATH).data["ledger"] == "adopted"
    assert clone.ready() == ["there"]


def test_of_several_remotes_the_one_that_is_shared_through_counts(hub: Path, gt: Gt, tmp_path: Path) -> None:
    clone = cloned(hub, gt)
    run_git(tmp_path, "clone", "-q", "--bare", str(hub), "other.git")
    run_git(tmp_path / "other.git", "update-ref", "refs/heads/beads", "beads~1")
    run_git(clone.path, "remote", "rename", "origin", "one")
    run_git(clone.path, "remote", "add", "two", str(tmp_path / "other.git"))
    assert "several remotes have a branch beads: one/beads, two/beads" in clone("init", code=1).err
    run_git(clone.path, "config", "gt.remote", "one")
    assert clone("init", "--json", environ=NO_PATH).data["remote"] == "one/beads"


def test_a_remote_without_a_ledger_leaves_it_to_us(hub: Path, gt: Gt) -> None:
    run_git(hub, "branch", "-D", "beads")
    clone = cloned(hub, gt)
    assert clone("init", "--json", environ=NO_PATH).data["ledger"] == "created"
    clone("sync")
    assert tip(hub) == clone.tip()


def test_another_object_format(gt: Gt, tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256", "first")
    run_git(tmp_path / "first", "commit", "-q", "--allow-empty", "-m", "begin")
    first = TownScene(tmp_path / "first", gt)
    first("init", environ=NO_PATH)
    first.create("there")
    run_git(tmp_path, "clone", "-q", "--bare", "first", "hub.git")
    clone = cloned(tmp_path / "hub.git", gt, "--single-branch", "--branch=main")
    clone("init", environ=NO_PATH)
    assert clone.ready() == ["there"]
    clone.create("mine")
    run_git(first.path, "remote", "add", "origin", str(tmp_path / "hub.git"))
    first.create("theirs")
    clone("sync")
    first("sync")
    assert sorted(first.ready()) == ["mine", "theirs", "there"]
    assert first.tip() == tip(tmp_path / "hub.git")
