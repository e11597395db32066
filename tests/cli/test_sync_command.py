"""`gt sync` as it is typed: what it prints, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, untouched
from tests.conftest import run_git
from tests.store.scenes import commit_files

NO_PATH = {"PATH": ""}
BOB = {"GT_ACTOR": "Bob <bob@example.com>"}


@pytest.fixture
def alice(gt: Gt, repo_path: Path, tmp_path: Path) -> TownScene:
    """A town that is shared through a bare repository."""
    run_git(tmp_path, "init", "-q", "--bare", "-b", "main", "hub.git")
    run_git(repo_path, "remote", "add", "origin", "../hub.git")
    run_git(repo_path, "push", "-q", "origin", "main")
    scene = TownScene(repo_path, gt)
    scene("init", "--commit", environ=NO_PATH)
    return scene


@pytest.fixture
def bob(alice: TownScene, gt: Gt) -> TownScene:
    """Another clone of it, with one Bead, as everywhere."""
    alice.create("wanted")
    alice("sync")
    run_git(alice.path.parent, "clone", "-q", "hub.git", "bob")
    scene = TownScene(alice.path.parent / "bob", gt)
    scene("init", environ=NO_PATH)
    return scene


def test_what_went_to_and_fro_is_told(alice: TownScene, bob: TownScene) -> None:
    same = untouched(alice.path)
    assert alice("sync").out == "in step with origin\n"
    bob.create("by Bob")
    alice.create("by Alice")
    assert alice("sync").out == "sent 1 commit to origin, received 0 commits\n"
    said = bob("sync", "--json").data
    assert (said["kind"], said["sent"], said["received"], said["inStep"]) == ("SyncReport", 1, 1, True)
    assert said["tip"] == bob.tip()
    assert alice("sync").out == "sent 0 commits to origin, received 1 commit\n"
    assert sorted(alice.ready()) == ["by Alice", "by Bob", "wanted"]
    same()


def test_status_tells_what_was_not_sent(alice: TownScene, bob: TownScene) -> None:
    assert alice("status", "--json").data["unsent"] == []
    alice.create("a")
    alice.create("b")
    assert "origin hasn't got 2 commits of the ledger: gt sync origin" in alice("status").out
    assert alice("status", "--json").data["unsent"] == [{"remote": "origin", "commits": 2}]
    alice("sync")
    assert "hasn't got" not in alice("status").out


def test_a_claim_that_lost_is_told_by_3_and_its_work_stays(alice: TownScene, bob: TownScene) -> None:
    (bead,) = (item["id"] for item in alice("list", "--json").data["items"])
    alice("claim", bead, "--for", "1h")
    alice("sync")
    place = Path(bob("claim", bead, "--for", "1h", environ=BOB).out.strip())
    (place / "work").write_text("unfinished\n")
    said = bob("sync", code=3, environ=BOB)
    assert f"refused: {bead} is leased by Alice" in said.out
    assert f"hint: gt show {bead}" in said.err
    assert (place / "work").read_text() == "unfinished\n"
    run_git(place, "add", "work")
    run_git(place, "commit", "-q", "-m", "work")
    assert "is leased under" in bob("submit", cwd=place, code=1, environ=BOB).err
    assert bob.bead(bead)["status"]["lease"]["actor"].startswith("Alice")
    (note,) = bob.bead(bead)["notes"]
    assert (note["by"], f"gt/{bead}/1-" in note["text"]) == (BOB["GT_ACTOR"], True)
    assert bob("sync", environ=BOB).out == "in step with origin\n"


def test_refused_under_exit_zero_and_as_json(alice: TownScene, bob: TownScene) -> None:
    (bead,) = (item["id"] for item in alice("list", "--json").data["items"])
    for scene, who in ((alice, {}), (bob, BOB)):
        scene("claim", bead, "--for", "1h", environ=who)
    alice("sync")
    (refused,) = bob("sync", "--json", "--exit-zero", environ=BOB).data["refused"]
    assert refused["bead"] == bead
    assert run_git(bob.path, "log", "-1", "--format=%s", refused["commit"]) == f"claim {bead}: wanted"


def test_no_push_only_brings_in(alice: TownScene, bob: TownScene) -> None:
    alice.create("a")
    alice("sync")
    bob.create("b")
    assert "origin doesn't have everything of this clone's" in bob("sync", "--no-push").out
    assert sorted(bob.ready()) == ["a", "b", "wanted"]
    assert alice("sync").out == "in step with origin\n"


def test_what_cant_be_shared_is_said(alice: TownScene, bob: TownScene, gt: Gt, tmp_path: Path) -> None:
    assert "no such remote: nowhere" in alice("sync", "nowhere", code=1).err
    run_git(alice.path.parent / "hub.git", "update-ref", "refs/heads/beads", "beads~1")
    said = alice("sync", code=3).err
    assert "was rewound" in said
    assert said.endswith("hint: gt sync --restore\n")
    alice("sync", "--restore")
    (bead,) = (item["id"] for item in alice("list", "--json").data["items"])
    path = f"beads/{bead[-2]}/{bead[-1]}/{bead}.yaml"
    commit_files(alice.path, {path: "<<<<<<< HEAD\n"})
    said = alice("sync", code=1).err
    assert f"{path}: has conflict markers, in this ledger; --restore puts the last good version back" in said
    assert f"restored: {path}\n" in alice("sync", "--restore").out
    assert alice("doctor").out == ""
    (alice.path.parent / "hub.git").rename(tmp_path / "away")
    assert "can't be reached" in bob("sync", code=75).err
    bob("sync", "--exit-zero")
    run_git(bob.path, "remote", "remove", "origin")
    assert "has no remote" in bob("sync", code=1).err
