"""`gt promote` and what `gt status`, `gt plan` and `gt ack` say of stages: what they print, and what they exit with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git

SETTINGS = """\
apiVersion: gt/v1
gates: [{name: test, run: "test ! -e bad"}]
stages:
  - {branch: staging, gates: [{name: smoke, run: "test ! -e worse"}]}
  - {branch: release, bake: 1h, approve: true}
"""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    (repo_path / ".gt").mkdir()
    (repo_path / ".gt" / "town.yaml").write_text(SETTINGS)
    run_git(repo_path, "add", ".gt")
    run_git(repo_path, "commit", "-qm", "settings")
    scene("init", environ={"PATH": ""})
    return scene


def tip(town: TownScene, name: str = "main") -> str:
    return run_git(town.path, "rev-parse", f"refs/heads/{name}")


def landed(town: TownScene, name: str) -> str:
    """Lands a file of this name; returns the target's tip."""
    run_git(town.path, "checkout", "-q", "-b", f"side-{name}", "main")
    (town.path / name).write_text("x\n")
    run_git(town.path, "add", name)
    run_git(town.path, "commit", "-qm", name)
    run_git(town.path, "checkout", "-q", "--detach")
    town("submit", "--branch", f"side-{name}")
    town("merge")
    return tip(town)


def test_the_whole_way(town: TownScene) -> None:
    made = landed(town, "one")[:12]
    assert "gt promote staging" in town("plan").out
    said = town("promote", "--dry-run", code=10)
    assert said.out.startswith(f"staging is to have {made}, once its gates pass\n")
    said = town("promote", code=11)
    assert said.out.splitlines()[:2] == [
        f"staging: promoted to {made}, from main",
        "staging has all that main has",
    ]
    later = NOW + 3600
    said = town("promote", "release", code=20, now=later)
    assert said.out == f"release waits for a person's word on {made}\n"
    assert said.err == f"hint: gt promote release --approve --commit {made}\n"
    said = town("promote", "release", "--approve", "--commit", made, now=later)
    assert said.out.splitlines()[:2] == [
        f"release: {made} approved",
        f"release: promoted to {made}, from staging",
    ]
    assert tip(town, "release") == tip(town)
    assert "approve a commit for release" in town("log").out


def test_as_json(town: TownScene) -> None:
    made = landed(town, "one")
    data = town("promote", "staging", "--json").data
    assert (data["kind"], data["promoted"]) == (
        "PromoteReport",
        [{"branch": "staging", "from": None, "to": made}],
    )
    assert [(run["gate"], run["verdict"], run["commit"]) for run in data["runs"]] == [("smoke", "pass", made)]
    assert [(stage["branch"], stage["step"], stage["tip"]) for stage in data["stages"]] == [
        ("staging", "done", made)
    ]
    stages = town("status", "--json").data["stages"]
    assert [(stage["branch"], stage["from"], stage["trails"], stage["cause"]) for stage in stages] == [
        ("staging", "main", 0, None),
        ("release", "staging", stages[1]["trails"], "bake"),
    ]
    assert stages[1]["until"] == "2026-11-22T21:00:00Z"


def test_status_says_how_far_each_trails_and_why(town: TownScene) -> None:
    town("promote", code=11)
    made = landed(town, "worse")[:12]
    town("promote", "staging", code=20)
    said = town("status", code=0).out
    assert "stages\n" in said
    assert "1 behind main" in said
    assert f"can't have {made}: gate smoke is red on it: exit 1" in said
    assert "gt promote staging --again" in said


def test_a_stage_that_others_moved_is_paged_and_acknowledged(town: TownScene) -> None:
    town("promote", code=11)
    landed(town, "one")
    run_git(town.path, "branch", "-f", "staging", "main")
    made = landed(town, "two")
    town("promote", "staging", code=20)
    town("reconcile", code=10)
    (page,) = town("pages", "--json").data["items"]
    assert (page["subject"], page["reason"]) == ("stage:staging", "moved")
    town("ack", page["id"])
    town("promote", "staging")
    assert tip(town, "staging") == made


def test_what_makes_no_sense_is_refused(town: TownScene) -> None:
    for argv in (("--approve",), ("staging", "--commit", "1234"), ("release", "--approve", "--dry-run")):
        assert "--approve is for one STAGE" in town("promote", *argv, code=2).err
    said = town("promote", "nowhere", code=1)
    assert "no such stage: nowhere (there are staging, release)" in said.err
    assert "takes commits without a person's word" in town("promote", "staging", "--approve", code=1).err


def test_a_town_without_stages(gt: Gt, repo_path: Path) -> None:
    plain = TownScene(repo_path, gt)
    plain("init", environ={"PATH": ""})
    assert plain("promote").err == "this town has no stages\n"
    assert plain("status", "--json").data["stages"] == []
