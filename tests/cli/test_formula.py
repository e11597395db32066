"""`gt formula`: the town's own, and those that gt brings along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git

OWN = """\
apiVersion: gt/v1
kind: Formula
about: Ours.
variables: {name: {}}
steps:
  - {id: one, title: "Do {name}"}
  - {id: two, title: "Check {name}", needs: [one]}
"""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def put(town: TownScene, name: str, text: str) -> None:
    place = town.path / ".gt" / "formulas" / f"{name}.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    run_git(town.path, "add", ".gt/formulas")
    run_git(town.path, "commit", "-qm", "a formula")


def test_those_that_come_with_gt_are_sound_and_make_beads(town: TownScene) -> None:
    listed = town("formula", "list", "--json").data["items"]
    assert [item["name"] for item in listed] == ["codemod", "dependency-bump", "release"]
    values = {"version": "1.2.3", "dependencies": "a,b", "change": "x", "first": "m", "modules": "n,o"}
    for item in listed:
        wanted = [name["name"] for name in item["variables"] if name["default"] is None]
        words = [part for name in wanted for part in ("--var", f"{name}={values[name]}")]
        drafts = town("formula", "run", item["name"], "--dry-run", "--json", *words).data["items"]
        made = town("formula", "run", item["name"], *words).out.split()
        assert len(made) == len(drafts) >= 3
        assert town.bead(made[0])["spec"]["type"] == "convoy"
        assert {town.bead(bead)["spec"]["parent"] for bead in made[1:]} == {made[0]}


def test_one_of_the_towns_own_is_read_from_the_target_and_from_nowhere_else(town: TownScene) -> None:
    put(town, "ours", OWN)
    (town.path / ".gt" / "formulas" / "ours.yaml").write_text(OWN.replace("Do {name}", "Steal {name}"))
    before = town.tip()
    said = town("formula", "run", "ours", "-v", "name=it", "--dry-run")
    assert said.out.splitlines()[0].endswith("Do it")
    assert town.tip() == before
    one, two = town("formula", "run", "ours", "-v", "name=it").out.split()
    assert town.bead(two)["spec"]["needs"] == [one]
    assert town.ready() == ["Do it"]
    assert run_git(town.path, "rev-list", "--count", f"{before}..beads") == "1"


def test_the_towns_own_takes_the_place_of_one_of_the_same_name(town: TownScene) -> None:
    put(town, "release", OWN)
    assert "Ours." in town("formula", "show", "release").out


def test_one_that_is_wrong_is_told_and_the_others_stay_usable(town: TownScene) -> None:
    put(town, "broken", OWN.replace('{name}"', '{nobody}"', 1))
    put(town, "ours", OWN)
    said = town("formula", "list", code=1)
    assert "there is no variable nobody" in said.out
    assert "ours" in said.out
    assert "there is no variable nobody" in town("formula", "run", "broken", code=1).err
    assert town("formula", "lint", ".gt/formulas/ours.yaml").err == ""
    said = town("formula", "lint", ".gt/formulas/broken.yaml", ".gt/formulas/none.yaml", code=1)
    assert [line.split(":")[0] for line in said.err.splitlines()] == ["error", "error"]
    data = town("formula", "lint", ".gt/formulas/broken.yaml", "--json", code=1).data
    assert [item["file"] for item in data["items"]] == [".gt/formulas/broken.yaml"]


def test_what_is_shown(town: TownScene) -> None:
    said = town("formula", "show", "codemod")
    assert "change: {item}: {change}, one for each of modules, after look" in said.out
    assert town("formula", "show", "codemod", "--json").data["kind"] == "Formula"


def test_refused(town: TownScene) -> None:
    assert "hint: gt formula list" in town("formula", "run", "nothing", code=1).err
    assert "version: must be given" in town("formula", "run", "release", code=1).err
    assert "is not NAME=VALUE" in town("formula", "run", "release", "-v", "version", code=2).err
    assert "given twice" in town("formula", "run", "release", "-v", "a=1", "-v", "a=2", code=2).err
