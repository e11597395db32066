"""From the first word about a Bead to its end and back: scenarios seen from outside."""

from __future__ import annotations

import pytest

from tests.cli.towns import TownScene


def phase(town: TownScene, bead: str) -> str:
    return str(town.bead(bead)["status"]["phase"])


def test_scenario_39_a_blocked_bead_is_not_done(town: TownScene) -> None:
    bead = town.create("bead", "--needs", town.create("need"))
    assert "can't be closed as done" in town("close", bead, code=1).err
    assert phase(town, bead) == "open"
    town("close", bead, "--reason", "wontfix")
    assert phase(town, bead) == "closed"


def test_scenario_40_several_are_closed_all_or_none(town: TownScene) -> None:
    good = town.create("good")
    bad = town.create("bad", "--needs", town.create("need"))
    town("close", good, bad, code=1)
    assert (phase(town, good), phase(town, bad)) == ("open", "open")


@pytest.mark.parametrize(
    "command", [("close",), ("edit", "--title", "x"), ("note", "x"), ("reopen",), ("show",)]
)
def test_scenario_41_what_is_not_there_is_refused(town: TownScene, command: tuple[str, ...]) -> None:
    verb, *rest = command
    tip = town.tip()
    assert "no such Bead: gt-00000000" in town(verb, "gt-00000000", *rest, code=1).err
    assert town.tip() == tip


@pytest.mark.parametrize("reason", ["done", "wontfix", "duplicate", "obsolete"])
def test_scenario_42_an_epic_is_not_closed_over_an_open_child(town: TownScene, reason: str) -> None:
    epic = town.create("epic", "-t", "epic")
    child = town.create("child", "--parent", epic)
    assert f"its child {child} is open" in town("close", epic, "--reason", reason, code=1).err
    assert phase(town, epic) == "open"
    town("close", epic, child, "--reason", reason)
    assert phase(town, epic) == "closed"


@pytest.mark.parametrize("key", ["status", "phase", "closed"])
def test_scenario_43_an_edit_is_no_way_around_the_guard(town: TownScene, key: str) -> None:
    bead = town.create("bead", "--needs", town.create("need"))
    said = town("edit", bead, "--file", "-", stdin=f"title: bead\n{key}: closed\n", code=1)
    assert f"{key}: is not a key of a spec" in said.err
    town("edit", bead, f"--{key}", "closed", code=2)
    assert phase(town, bead) == "open"


def test_scenario_44_reopening_keeps_what_was_wanted(town: TownScene) -> None:
    need = town.create("need")
    bead = town.create("bead", "--needs", need, "--label", "x", "--defer", "2099-01-01")
    wanted = town.bead(bead)["spec"]
    town("close", need, bead)
    town("reopen", bead)
    after = town.bead(bead)
    assert (after["spec"], after["status"]["phase"], after["status"]["closed"]) == (wanted, "open", None)
    assert "is open already" in town("reopen", bead).err


def test_scenario_45_a_duplicate_is_closed_and_points_to_the_other(town: TownScene) -> None:
    other, bead = town.create("other"), town.create("bead")
    town("edit", bead, "--link", f"duplicate-of:{other}")
    town("close", bead, "--reason", "duplicate")
    after = town.bead(bead)
    assert (after["status"]["closed"]["reason"], after["spec"]["links"]) == (
        "duplicate",
        {"duplicate-of": [other]},
    )
    assert f"{other}  open  other" in town("show", bead).out


def test_scenario_46_what_ended_is_still_what_others_name(town: TownScene) -> None:
    gone = town.create("gone")
    child = town.create("child", "--parent", gone, "--link", f"related:{gone}")
    town("close", gone, child, "--reason", "obsolete")
    town("reopen", child)
    assert "not in this ledger" not in town("show", child).out
    assert town.ready() == ["child"]


def test_scenario_47_a_change_keeps_all_else(town: TownScene) -> None:
    need = town.create("need")
    bead = town.create("bead", "--needs", need, "-l", "x", "--body", "text", "--link", f"related:{need}")
    town("note", bead, "remember")
    before = town.bead(bead)
    town("edit", bead, "--title", "other", "-p", "0")
    town("close", bead, "--reason", "wontfix")
    town("reopen", bead)
    town("edit", bead, "--title", "bead", "-p", "2")
    after = town.bead(bead)
    assert after["clock"].keys() == {"spec.title", "spec.priority"}
    assert {**after, "clock": {}} == before


def test_scenario_48_labels_come_and_go_and_nothing_empty_is_taken(town: TownScene) -> None:
    bead = town.create("bead")
    town("edit", bead, "--label", "x")
    town("edit", bead, "--unlabel", "x")
    assert town.bead(bead)["spec"]["labels"] == []
    tip = town.tip()
    for argv in (
        ("edit", bead, "--label", ""),
        ("edit", bead, "--title", " "),
        ("note", bead, ""),
        ("create", ""),
    ):
        town(*argv, code=1)
    town("list", "--phase", "finished", code=2)
    town("create", "x", "--type", "rituel", code=1)
    assert town.tip() == tip
    town.create("x", "--type", "ritual")  # a type of the town's own


@pytest.mark.parametrize(
    "argv",
    [
        ("ready", "--limit", "-1"),
        ("list", "--limit", "0"),
        ("log", "--limit", "0"),
        ("log", "--since", "-3d"),
        ("list", "--at", ""),
        ("create", "x", "-p", "5"),
        ("create", "x", "--defer", "tomorrow"),
        ("create", "x", "--deadline", "0"),
    ],
)
def test_scenario_49_a_number_or_a_time_that_means_nothing_is_refused(
    town: TownScene, argv: tuple[str, ...]
) -> None:
    tip = town.tip()
    said = town.call(*argv, cwd=town.path)
    assert said.code in (1, 2)
    assert said.err
    assert town.tip() == tip
