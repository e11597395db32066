"""`gt graph`: what waits for what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def test_what_waits_stands_below_what_it_waits_for(town: TownScene) -> None:
    epic = town.create("epic", "--type", "epic")
    first = town.create("first", "--parent", epic)
    second = town.create("second", "--needs", first)
    said = town("graph")
    assert [line.split()[:2] for line in said.out.splitlines()] == [
        [epic, "waiting"],
        ["*", first],
        ["*", second],
    ]
    assert said.err.splitlines() == [f"critical path, 2 Beads: {first} -> {second}", "ready now: 1 of 3"]


def test_around_a_bead_only_what_hangs_together_with_it(town: TownScene) -> None:
    need, other = town.create("need"), town.create("other")
    bead = town.create("bead", "--needs", need)
    beside = town.create("beside", "--needs", need)
    later = town.create("later", "--needs", bead, "--needs", other)

    def shown(*argv: str) -> set[str]:
        return {item["id"] for item in town("graph", *argv, "--json").data["beads"]}

    assert shown(bead) == {need, bead, later}
    assert shown() == {need, other, bead, beside, later}
    town("close", need, now=NOW + 60)
    assert shown(bead) == {bead, later}
    assert shown(bead, "--all") == {need, bead, later}
    assert shown(need) == {need, bead, beside, later}
    assert shown(bead, "--at", "beads~1") == {need, bead, later}


def test_as_data(town: TownScene) -> None:
    need = town.create("need")
    bead = town.create("bead", "--needs", need)
    data: Any = town("graph", "--json").data
    assert data["kind"] == "Graph"
    assert {item["id"]: (item["state"], item["steps"], item["critical"]) for item in data["beads"]} == {
        need: ("ready", 0, True),
        bead: ("waiting", 1, True),
    }
    assert data["edges"] == [{"before": need, "after": bead, "kind": "needs"}]
    assert data["critical"] == [need, bead]


@pytest.mark.parametrize(
    ("form", "start"), [("dot", "digraph town {"), ("mermaid", "flowchart LR"), ("svg", "<svg ")]
)
def test_in_the_languages_of_others(town: TownScene, form: str, start: str) -> None:
    bead = town.create("bead")
    said = town("graph", "--format", form)
    assert said.out.startswith(start)
    assert bead in said.out
    assert said.err == ""


def test_an_empty_town_and_a_paused_one(town: TownScene) -> None:
    assert town("graph").out == ""
    town.create("bead")
    town("pause", "--reason", "lunch")
    assert "waiting" in town("graph").out


def test_an_unknown_bead_or_format(town: TownScene) -> None:
    assert "no such Bead" in town("graph", "gt-00000000", code=1).err
    assert "mermaid" in town("graph", "--format", "png", code=2).err
