"""`gt revert`, and what other commands say of what was reverted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    (repo_path / ".gt" / "town.yaml").write_text("apiVersion: gt/v1\nungated: true\n")
    run_git(repo_path, "add", ".gt")
    run_git(repo_path, "commit", "-q", "-m", "settings")
    return scene


def landed(town: TownScene) -> str:
    """A Bead that has landed."""
    run_git(town.path, "checkout", "-q", "-b", "side")
    (town.path / "made").write_text("made\n")
    run_git(town.path, "add", "made")
    run_git(town.path, "commit", "-q", "-m", "Make it")
    run_git(town.path, "checkout", "-q", "main")
    made = str(town("submit", "--branch", "side", "--json").data["id"])
    town("merge")
    assert (town.path / "made").exists()
    return made


def test_from_the_revert_to_the_reopened_bead(town: TownScene) -> None:
    one = landed(town)
    two = town.create("More", "--needs", one)
    said = town("revert", one, "--reason", "it burns", "--title", "Unmake it")
    new = said.out.split()[0]
    assert said.out == f"{new} submitted, to revert {one}\n"
    assert f"{two} need {one}, and won't wait for it unless it is reopened" in said.err
    assert f"{new}  submitted  Unmake it" in town("show", one).out
    why = town("why", one)
    assert f"{new}, which reverts it, is submitted\n  {new} is submitted" in why.out
    again = town("revert", one, code=1)
    assert f"hint: gt why {new}" in again.err
    town("merge")
    assert not (town.path / "made").exists()
    shown = town("show", one).out
    assert f"reverted:   by {new}" in shown
    why = town("why", one)
    assert f"; reverted by {new} at " in why.out
    assert f"hint: gt reopen {one}" in why.err
    assert town.ready() == ["More"]
    town("reopen", one)
    assert town.ready() == ["Make it"]
    assert "What this task landed earlier was taken back" in town("prime", one).out


def test_a_proposal_is_looked_at_and_accepted(town: TownScene) -> None:
    one = landed(town)
    said = town("revert", one, "--propose", "--json").data
    new, commit = said["id"], said["status"]["submission"]["commit"]
    assert (said["status"]["phase"], said["spec"]["links"]) == ("proposed", {"reverts": [one]})
    assert f"comes with: {commit[:12]} for main" in town("show", new).out
    assert "-made" in town("diff", new).out
    assert town("queue", "--json").data["items"] == []
    assert f"hint: gt accept {new}" in town("revert", one, code=1).err
    town("accept", new)
    assert f"hint: gt withdraw {new}" in town("undo", code=1).err
    town("merge")
    assert not (town.path / "made").exists()
    assert town("doctor").code == 0


def test_the_hint_of_a_conflict_makes_the_bead_that_resolves_it(town: TownScene) -> None:
    one = landed(town)
    (town.path / "made").write_text("otherwise\n")
    run_git(town.path, "commit", "-q", "-a", "-m", "Change it by hand")
    tip = town.tip()
    said = town("revert", one, "--json", code=3)
    error = said.error
    assert error["kind"] == "conflict"
    assert "in made" in error["message"]
    assert "Change it by hand" in error["message"]
    assert town.tip() == tip
    name, *typed = shlex.split(error["hint"])
    assert name == "gt"
    new = town(*typed).out.strip()
    assert town.bead(new)["spec"]["links"] == {"reverts": [one]}
    assert f"{new}, which reverts it, is open" in town("why", one).out
