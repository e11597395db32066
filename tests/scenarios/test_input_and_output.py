"""What scripts give and get: scenarios seen from outside."""

from __future__ import annotations

import pytest

from tests.cli.towns import TownScene


def test_scenario_50_json_says_what_scripts_ask_for(town: TownScene) -> None:
    made = town("create", "need", "--json").data
    bead = town.create("bead", "--needs", made["id"], "-p", "1")
    assert made["id"].startswith("gt-")
    (item,) = town("ready", "--json").data["items"]
    assert (item["id"], item["spec"]["title"], item["spec"]["priority"]) == (made["id"], "need", 2)
    assert item["status"]["phase"] == "open"
    assert town("close", made["id"], "--json").data["status"]["phase"] == "closed"
    (item,) = town("ready", "--json").data["items"]
    assert (item["id"], item["spec"]["needs"]) == (bead, [made["id"]])


@pytest.mark.parametrize(
    ("argv", "code", "kind"),
    [
        (("show", "gt-00000000"), 1, "not-found"),
        (("close", "gt-00000000"), 1, "not-found"),
        (("claim",), 75, "nothing-claimable"),
        (("create", "x", "--type", "nothing"), 1, "refused"),
        (("list", "--phase", "nothing"), 2, "usage"),
    ],
)
def test_scenario_50_errors_are_json_too(
    town: TownScene, argv: tuple[str, ...], code: int, kind: str
) -> None:
    said = town(*argv, "--json", code=code)
    assert said.out == ""
    assert said.error["kind"] == kind
    assert said.error["message"]


def test_scenario_51_a_need_points_from_what_waits(town: TownScene) -> None:
    need = town.create("need")
    bead = town.create("bead", "--needs", need)
    assert (town.bead(bead)["spec"]["needs"], town.bead(need)["spec"]["needs"]) == ([need], [])
    other = town.create("other")
    town("dep", "add", need, other)  # the other way round: what is there already waits for what is new
    assert town.bead(need)["spec"]["needs"] == [other]
    assert town.ready() == ["other"]


def test_scenario_52_a_child_has_its_own_labels(town: TownScene) -> None:
    parent = town.create("parent", "--label", "x")
    child = town.create("child", "--parent", parent)
    assert town.bead(child)["spec"]["labels"] == []
    assert town.ready("--parent", parent) == ["child"]
