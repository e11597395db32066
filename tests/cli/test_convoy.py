"""`gt convoy`: Beads tracked together, and one call when all are over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def test_progress_at_any_depth(town: TownScene) -> None:
    epic = town.create("epic", "--type", "epic")
    one, two, alone = (
        town.create("one", "--parent", epic),
        town.create("two", "--parent", epic),
        town.create("alone"),
    )
    convoy = town("convoy", "create", "together", epic).out.strip()
    town("convoy", "add", convoy, alone)
    assert f"{alone} is in it already" in town("convoy", "add", convoy, alone).err
    town("close", one)
    data = town("convoy", "show", convoy, "--json").data
    assert (data["count"], data["phases"]["closed"], data["phases"]["open"]) == (3, 1, 2)
    assert {bead["id"] for bead in data["beads"]} == {epic, one, two, alone}
    said = town("convoy", "show", convoy).out.splitlines()
    assert said[1] == "[########................] 0 of 3 landed, 1 closed"
    assert sum(line.startswith(f"  {two}") for line in said) == 1
    assert convoy in town("convoy", "list").out


def test_when_all_are_over_somebody_is_called_once_and_it_is_closed(town: TownScene) -> None:
    bead = town.create("bead")
    convoy = town("convoy", "create", "together", bead).out.strip()
    town("reconcile", code=20)  # there is no agent
    assert town("pages", "--json").data["items"] == []
    town("close", bead)
    town("reconcile", code=10)
    town("reconcile")
    assert town.bead(convoy)["status"]["closed"]["reason"] == "done"
    (page,) = town("pages", "--all", "--json").data["items"]
    assert (page["subject"], page["text"]) == (convoy, "has arrived: 0 landed, 1 closed")
    assert page["acknowledged"]
    assert town("convoy", "list").out == ""
    assert convoy in town("convoy", "list", "--all").out


def test_all_or_none_and_only_what_is_free(town: TownScene) -> None:
    epic = town.create("epic", "--type", "epic")
    child, free = town.create("child", "--parent", epic), town.create("free")
    convoy = town("convoy", "create", "together").out.strip()
    said = town("convoy", "add", convoy, free, child, code=1)
    assert f"{child} is below {epic}" in said.err
    assert f"hint: gt show {epic}" in said.err
    assert town.bead(free)["spec"]["parent"] is None
    before = town.tip()
    assert "is below" in town("convoy", "create", "other", child, code=1).err
    assert town.tip() == before
    assert "is no convoy but of the type epic" in town("convoy", "add", epic, free, code=1).err
    assert "is no convoy" in town("convoy", "show", epic, code=1).err
    assert "could never start" in town("convoy", "add", convoy, convoy, code=1).err
    town("close", convoy, "--reason", "obsolete")
    assert f"hint: gt reopen {convoy}" in town("convoy", "add", convoy, free, code=1).err
