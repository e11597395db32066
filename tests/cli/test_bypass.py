"""`gt merge --bypass`: what is asked for, what is done, what is said."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git

SETTINGS = 'apiVersion: gt/v1\ngates: [{name: test, run: "false"}]\n'


def test_one_submission_lands_unproven(gt: Gt, repo_path: Path) -> None:
    town = TownScene(repo_path, gt)
    (repo_path / ".gt").mkdir()
    (repo_path / ".gt" / "town.yaml").write_text(SETTINGS)
    run_git(repo_path, "add", ".gt")
    run_git(repo_path, "commit", "-qm", "settings")
    run_git(repo_path, "checkout", "-q", "-b", "fix")
    (repo_path / "a").touch()
    run_git(repo_path, "add", "a")
    run_git(repo_path, "commit", "-qm", "Fix it")
    town("init", environ={"PATH": ""})
    run_git(repo_path, "config", "gt.target", "main")
    bead = town("submit", "--branch", "fix", "--json").data["id"]
    tip = run_git(repo_path, "rev-parse", "main")
    assert "go together" in town("merge", "--bypass", bead, code=2).err
    assert "go together" in town("merge", "--reason", "down", code=2).err
    town("merge", "--bypass", bead, "-r", "down", "--dry-run", code=10)
    assert run_git(repo_path, "rev-parse", "main") == tip
    said = town("merge", "--bypass", bead[3:8], "-r", "the site is down")
    assert f"{bead} landed on main" in said.out
    assert "Gt-Bypass: " in run_git(repo_path, "log", "-1", "--format=%B", "main")
    told = town("verify", code=20)
    assert "bypassed" in told.out
    assert "hint: gt verify --run" in told.err
    assert town("verify", "--json", code=20).err == "", "what programs read is JSON"
