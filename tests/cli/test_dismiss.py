"""What a merge of two clones' edits lost, as people see it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import FieldConflict
from gt.git.repo import discover
from gt.store.ledger import Changes, Ledger
from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene
from tests.store.scenes import message

LOST = (
    FieldConflict("spec.title", "his\x1btitle", "Bob <bob@example.com>", NOW),
    FieldConflict("spec.priority", 0, "Bob <bob@example.com>", NOW),
)


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


@pytest.fixture
def bead(town: TownScene) -> str:
    """A Bead whose title and priority lost against another's."""
    name = town.create("mine")
    ledger = Ledger(discover(town.path))
    with ledger.hold() as held:
        ledger.update(
            held, message(name), lambda now: Changes({name: replace(now.get(name), conflicts=LOST)})
        ).close()
    return name


def test_what_was_lost_is_shown(town: TownScene, bead: str) -> None:
    town.create("another")
    out = town("show", bead).out
    assert "lost:       spec.title by Bob <bob@example.com>, just now: his\\x1btitle" in out
    assert "lost:       spec.priority by Bob <bob@example.com>, just now: 0" in out
    assert f"gt dismiss {bead}" in out
    assert [each["field"] for each in town.bead(bead)["conflicts"]] == ["spec.title", "spec.priority"]
    assert [item["id"] for item in town("list", "--conflicts", "--json").data["items"]] == [bead]
    assert town("status", "--json").data["conflicts"] == [bead]
    assert "edits were lost at a merge: 1 to look at: gt list --conflicts" in town("status").out
    assert "edits were lost at a merge: 1 to look at" in town("status", "--at", "beads").out


def test_dismissed_field_by_field_or_all_at_once(town: TownScene, bead: str) -> None:
    town("dismiss", bead[3:], "title")
    assert [each["field"] for each in town.bead(bead)["conflicts"]] == ["spec.priority"]
    assert town.bead(bead)["spec"]["title"] == "mine"
    tip = town.tip()
    assert "has no such edit" in town("dismiss", bead, "title").err
    assert "no such field: titel" in town("dismiss", bead, "titel", code=1).err
    assert town.tip() == tip
    assert town("dismiss", bead).out == f"{bead} dismissed\n"
    assert town.bead(bead)["conflicts"] == []
    assert town("list", "--conflicts").out == ""
    assert town("status", "--json").data["conflicts"] == []


def test_taken_back_it_is_the_latest_edit(town: TownScene, bead: str) -> None:
    after = town("dismiss", bead, "title", "--take", "--json", now=NOW + 60).data
    assert (after["spec"]["title"], after["spec"]["priority"]) == ("his\x1btitle", 2)
    assert after["clock"] == {"spec.title": "2026-11-22T20:01:00Z"}
    assert [each["field"] for each in after["conflicts"]] == ["spec.priority"]
    event = town("log", bead, "-p", "-n", "1", "--json").data["items"][0]
    assert (event["verb"], event["changes"][0]["old"]) == ("dismiss", "mine")
    assert "taken back" in town("dismiss", bead, "--take").out


def test_a_value_that_may_not_be_is_not_taken(town: TownScene, bead: str) -> None:
    child = town.create("child", "--parent", bead)
    ledger = Ledger(discover(town.path))
    below = (FieldConflict("spec.parent", child, "bob", NOW),)
    with ledger.hold() as held:
        ledger.update(
            held, message(bead), lambda now: Changes({bead: replace(now.get(bead), conflicts=below)})
        ).close()
    tip = town.tip()
    assert "never start" in town("dismiss", bead, "--take", code=1).err
    assert town.tip() == tip
    town("dismiss", bead)
