"""`gt init`, in every kind of repository."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.git.repo import discover
from gt.store.settings import town_at
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git

NO_PATH = {"PATH": ""}


@pytest.fixture
def scene(gt: Gt, repo_path: Path) -> TownScene:
    return TownScene(repo_path, gt)


def agents_on_path(folder: Path, *names: str) -> dict[str, str]:
    folder.mkdir()
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def test_init_makes_a_town_and_again_changes_nothing(scene: TownScene) -> None:
    head = run_git(scene.path, "rev-parse", "HEAD")
    out = scene("init", environ=NO_PATH).out
    assert "git add .gt/town.yaml" in out
    assert "no agent was found" in out
    assert "no gate was found" in out
    assert run_git(scene.path, "config", "--get-all", "gt.target") == "main"
    assert run_git(scene.path, "rev-parse", "HEAD") == head
    assert run_git(scene.path, "status", "--porcelain") == "?? .gt/"
    tip, text = scene.tip(), (scene.path / ".gt/town.yaml").read_bytes()
    (scene.path / ".gt/town.yaml").write_bytes(text + b"# mine\n")
    assert "there already" in scene("init", environ=NO_PATH).out
    assert (scene.tip(), (scene.path / ".gt/town.yaml").read_bytes()) == (tip, text + b"# mine\n")
    assert run_git(scene.path, "config", "--get-all", "gt.target") == "main"


def test_the_agents_found_are_told_with_what_they_may_do(scene: TownScene, tmp_path: Path) -> None:
    environ = agents_on_path(tmp_path / "bin", "claude", "codex")
    said = scene("init", "--commit", environ=environ).out
    assert "agent claude runs: claude -p --output-format json --permission-mode bypassPermissions" in said
    assert "what it may do unasked: --sandbox workspace-write" in said
    town = town_at(discover(scene.path), run_git(scene.path, "rev-parse", "main"))
    assert (town.agent, sorted(town.agents)) == ("claude", ["claude", "codex"])
    again = scene("init", "--json", environ=NO_PATH).data
    assert [agent["name"] for agent in again["agents"]] == ["claude", "codex"]
    assert (again["committed"], again["wrote"]) == (True, False)


@pytest.mark.parametrize(
    ("files", "gate"),
    [
        ({"Makefile": "all:\n\ntest: all\n\ttrue\n", "pyproject.toml": ""}, "make test"),
        ({"Makefile": "test := x\ntested:\n"}, None),
        (
            {"pyproject.toml": "[project]\n", "package.json": '{"scripts": {"test": "jest"}}'},
            "python -m pytest -q",
        ),
        ({"setup.py": "", "test_it.py": ""}, "python -m pytest -q"),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, "npm test"),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, None),
        ({"package.json": "[]"}, None),
        ({"Cargo.toml": ""}, "cargo test"),
        ({"go.mod": ""}, "go test ./..."),
        ({}, None),
    ],
)
def test_a_gate_is_found_and_the_settings_can_be_read(
    scene: TownScene, files: dict[str, str], gate: str | None
) -> None:
    for name, text in files.items():
        (scene.path / name).write_text(text)
    assert scene("init", "--commit", "--json", environ=NO_PATH).data["gate"] == gate
    town = town_at(discover(scene.path), run_git(scene.path, "rev-parse", "main"))
    assert [each.run for each in town.gates] == ([gate] if gate else [])
    assert not town.ungated


def test_commit_takes_the_settings_and_nothing_else(scene: TownScene) -> None:
    (scene.path / "staged").write_text("x")
    run_git(scene.path, "add", "staged")
    (scene.path / "README.md").write_text("changed")
    scene("init", environ=NO_PATH)
    scene("init", "--commit", environ=NO_PATH)
    assert run_git(scene.path, "show", "--name-only", "--format=", "HEAD") == ".gt/town.yaml"
    assert run_git(scene.path, "status", "--porcelain") == " M README.md\nA  staged"
    head = run_git(scene.path, "rev-parse", "HEAD")
    scene("init", "--commit", environ=NO_PATH)
    assert run_git(scene.path, "rev-parse", "HEAD") == head


def test_commit_needs_the_target_checked_out(scene: TownScene) -> None:
    run_git(scene.path, "switch", "-q", "-c", "side")
    assert "--commit needs main checked out here" in scene("init", "--target", "main", "--commit", code=1).err
    assert run_git(scene.path, "branch", "--list", "beads") == ""


def test_a_detached_head_needs_a_target(scene: TownScene) -> None:
    run_git(scene.path, "checkout", "-q", "--detach")
    assert "HEAD is detached" in scene("init", code=1).err
    scene("init", "--target", "main", environ=NO_PATH)
    assert scene("init", "--json", environ=NO_PATH).data["targets"] == ["main"]


def test_a_further_target_is_added(scene: TownScene) -> None:
    run_git(scene.path, "branch", "release")
    scene("init", environ=NO_PATH)
    assert scene("init", "--target", "release", "--json").data["targets"] == ["main", "release"]
    assert "no such branch: nothing" in scene("init", "--target", "nothing", code=1).err


def test_a_repository_without_commits_is_told_what_to_do(gt: Gt, tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "-b", "main", "new")
    said = TownScene(tmp_path / "new", gt)("init", code=1).err
    assert "no commits yet" in said
    assert "hint: git commit --allow-empty" in said


def test_a_branch_in_the_way_is_named(scene: TownScene) -> None:
    run_git(scene.path, "branch", "gt")
    assert "a branch called gt is in the way" in scene("init", code=1).err
    run_git(scene.path, "branch", "-m", "gt", "beads")
    assert "the branch beads is not a gt ledger" in scene("init", code=1).err
    run_git(scene.path, "branch", "-m", "beads", "beads/x")
    assert "beads/x is in the way of beads" in scene("init", code=1).err
    run_git(scene.path, "branch", "-D", "beads/x")
    assert "can't be a target" in scene("init", "--target", "beads", code=1).err


def test_the_prefix(scene: TownScene) -> None:
    scene("init", "--prefix", "web", environ=NO_PATH)
    assert scene.create("a").startswith("web-")
    assert "the ledger's prefix is web" in scene("init", "--prefix", "api", code=1).err
    assert "--prefix takes" in scene("init", "--prefix", "Nope!", code=2).err


def test_a_clone_takes_over_the_ledger_of_its_remote(scene: TownScene, tmp_path: Path, gt: Gt) -> None:
    scene("init", environ=NO_PATH)
    bead = scene.create("there")
    run_git(tmp_path, "clone", "-q", str(scene.path), str(tmp_path / "clone"))
    clone = TownScene(tmp_path / "clone", gt)
    assert clone("init", "--json", environ=NO_PATH).data["remote"] == "origin/beads"
    assert (clone.tip(), clone.ready()) == (scene.tip(), ["there"])
    assert clone.bead(bead)["id"] == bead


def test_a_remote_branch_that_is_no_ledger_is_refused(scene: TownScene, tmp_path: Path, gt: Gt) -> None:
    run_git(scene.path, "branch", "beads")
    run_git(tmp_path, "clone", "-q", str(scene.path), str(tmp_path / "clone"))
    assert "origin/beads is not a gt ledger" in TownScene(tmp_path / "clone", gt)("init", code=1).err


def test_bare_repositories_and_linked_worktrees(
    scene: TownScene, tmp_path: Path, gt: Gt, new_repo: Callable[[str], Path]
) -> None:
    run_git(tmp_path, "clone", "-q", "--bare", str(scene.path), str(tmp_path / "b.git"))
    bare = TownScene(tmp_path / "b.git", gt)
    assert "this repository is bare" in bare("init", environ=NO_PATH).out
    assert sorted(path.name for path in bare.path.iterdir() if path.name.startswith(".gt")) == []
    bare.create("a")
    run_git(scene.path, "worktree", "add", "-q", "-b", "side", str(tmp_path / "w"))
    linked = TownScene(tmp_path / "w", gt)
    linked("init", "--target", "main", environ=NO_PATH)
    assert (linked.path / ".gt/town.yaml").exists()
    assert not (scene.path / ".gt").exists()
    linked.create("b")
    assert scene.ready() == ["b"]


def test_outside_of_a_town_commands_say_so(scene: TownScene) -> None:
    assert scene("list", code=1).err == "error: no such town: repo\nhint: gt init\n"


def test_settings_that_were_written_before_are_what_is_told_and_committed(
    scene: TownScene, tmp_path: Path
) -> None:
    environ = agents_on_path(tmp_path / "bin", "claude")
    scene("init", environ=environ)
    place = scene.path / ".gt/town.yaml"
    place.write_text("apiVersion: gt/v1\nagent: mine\nagents:\n  mine: {command: [fix, '{bead}']}\n")
    said = scene("init", environ=environ).out
    assert "agent mine runs: fix {bead}" in said
    assert "claude" not in said
    place.write_text("apiVersion: gt/v1\nagnet: mine\n")
    assert "did you mean agent?" in scene("init", "--commit", code=1, environ=environ).err
    assert run_git(scene.path, "log", "--oneline", "main", "--", ".gt") == ""
    place.write_text("apiVersion: gt/v1\ngates: []\n")
    said = scene("init", "--commit", environ=environ).out
    assert "no agent is named" in said


def test_the_commit_is_the_actors(scene: TownScene, sealed: Path) -> None:
    (sealed / ".gitconfig").write_text("")
    for key in ("user.name", "user.email"):
        run_git(scene.path, "config", "--unset", key, check=False)
    scene("init", "--commit", environ={**NO_PATH, "GT_ACTOR": "bob"})
    assert run_git(scene.path, "log", "-1", "--format=%an|%ae", "main") == "bob|"


def test_what_is_to_be_typed_can_be_typed(scene: TownScene) -> None:
    run_git(scene.path, "switch", "-q", "-c", "side")
    said = scene("init", "--target", "main", environ=NO_PATH).out
    commands = [line.strip() for line in said.splitlines() if line.startswith("  git ")]
    assert commands[0] == "git switch main"
    subprocess.run(["sh", "-ec", "\n".join(commands)], cwd=scene.path, check=True, capture_output=True)
    assert "the settings are on main" in scene("init", environ=NO_PATH).out
