"""What is ready and what isn't: the scenarios that an issue tracker for agents is held to, seen from outside.

Where gt decides otherwise than bd does, docs/ready.md says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gt.core.bead import Phase, Spec
from gt.git.repo import discover
from gt.store.ledger import Changes, Ledger
from tests.cli.conftest import NOW
from tests.cli.towns import TownScene
from tests.conftest import run_git
from tests.core import small
from tests.store.scenes import message

DAY = 86400


def blocked(town: TownScene, **more: Any) -> dict[str, Any]:
    """What `gt blocked` says, by title."""
    return {item["title"]: item for item in town("blocked", "--json", **more).data["items"]}


def names(town: TownScene) -> set[str]:
    return set(town.ready())


def write(town: TownScene, *phases: Phase) -> str:
    """Beads in phases that take an attempt to reach, called after them; returns the id of the first.

    What has landed is what main has.
    """
    made = [
        replace(small.bead(f"n{number}", phase), spec=Spec(phase.value))
        for number, phase in enumerate(phases)
    ]
    tip = run_git(town.path, "rev-parse", "main")
    made = [
        replace(each, status=replace(each.status, landed=replace(each.status.landed, commit=tip)))
        if each.status.landed
        else each
        for each in made
    ]
    ledger = Ledger(discover(town.path))
    with ledger.hold() as held:
        ledger.update(held, message(), lambda _: Changes({each.id: each for each in made})).close()
    return made[0].id


def test_scenario_01_the_most_urgent_comes_first(town: TownScene) -> None:
    for priority in "40213":
        town.create(f"P{priority}", "-p", priority)
    assert town.ready() == ["P0", "P1", "P2", "P3", "P4"]


def test_scenario_02_and_03_a_need_opens_what_waits_when_it_is_done(town: TownScene) -> None:
    b = town.create("B")
    a = town.create("A", "--needs", b)
    assert town.ready() == ["B"]
    assert "waits:" in town("show", a).out
    town("close", b)
    assert town.ready() == ["A"]
    assert blocked(town) == {}
    assert "waits:" not in town("show", a).out


def test_scenario_04_a_diamond_opens_from_its_foot(town: TownScene) -> None:
    a = town.create("A")
    b, c = (town.create(title, "--needs", a) for title in "BC")
    town.create("D", "--needs", b, "--needs", c)
    for done, ready in (("", {"A"}), (a, {"B", "C"}), (b, {"C"}), (c, {"D"})):
        if done:
            town("close", done)
        assert names(town) == ready


def test_scenario_05_a_chain_opens_link_by_link(town: TownScene) -> None:
    a = town.create("A")
    town.create("C", "--needs", town.create("B", "--needs", a))
    town("close", a)
    assert town.ready() == ["B"]


def test_scenario_06_a_need_taken_away_opens_at_once(town: TownScene) -> None:
    b = town.create("B")
    a = town.create("A", "--needs", b)
    town("dep", "rm", a, b)
    assert names(town) == {"A", "B"}


def test_scenario_07_a_bead_cannot_need_itself(town: TownScene) -> None:
    a = town.create("A")
    assert f"{a} -> {a}" in town("dep", "add", a, a, code=1).err
    assert town.bead(a)["spec"]["needs"] == []


def test_scenario_08_a_cycle_is_refused_and_named(town: TownScene) -> None:
    a = town.create("A")
    b = town.create("B", "--needs", a)
    c = town.create("C", "--needs", b)
    said = town("dep", "add", a, c, code=1).err
    assert all(name in said for name in (a, b, c))
    assert town.bead(a)["spec"]["needs"] == []


def test_scenario_09_a_child_cannot_need_its_parent(town: TownScene) -> None:
    parent = town.create("parent")
    child = town.create("child", "--parent", parent)
    assert "never start" in town("dep", "add", child, parent, code=1).err


@pytest.mark.parametrize("kind", ["caused-by", "validates", "tracks", "related", "discovered-from"])
def test_scenario_10_other_links_hold_up_nothing(town: TownScene, kind: str) -> None:
    other = town.create("other")
    bead = town.create("bead", "--link", f"{kind}:{other}")
    assert names(town) == {"other", "bead"}
    town("close", bead)


def test_scenario_11_a_need_said_twice_is_one(town: TownScene) -> None:
    b = town.create("B")
    a = town.create("A", "--needs", b)
    tip = town.tip()
    town("dep", "add", a, b)
    assert (town.tip(), town.bead(a)["spec"]["needs"]) == (tip, [b])
    town("edit", a, "--link", f"related:{b}")  # a link beside a need says something else, and is no error
    assert town.ready() == ["B"]


def test_scenario_12_a_child_of_an_open_parent_is_ready(town: TownScene) -> None:
    town.create("child", "--parent", town.create("parent"))
    assert town.ready() == ["child"]


def test_scenario_13_what_holds_a_parent_holds_all_below_it(town: TownScene) -> None:
    x = town.create("X")
    parent = town.create("parent", "--needs", x)
    child = town.create("child", "--parent", parent)
    town.create("grandchild", "--parent", child)
    assert town.ready() == ["X"]
    for title in ("child", "grandchild"):
        why = blocked(town)[title]
        assert (why["cause"], why["on"]) == ("parent", parent)
        assert f"needs {x}" in why["reason"]
    town("close", x)
    assert town.ready() == ["grandchild"]  # a Bead comes after its children


def test_scenario_14_an_epic_is_never_ready_and_is_closed_when_all_below_it_is_over(town: TownScene) -> None:
    epic = town.create("epic", "-t", "epic")
    child = town.create("child", "--parent", epic)
    town("close", child)
    assert town.ready() == []
    assert town.bead(epic)["status"]["phase"] == "open"
    town("reconcile", code=10)
    assert town.bead(epic)["status"]["closed"]["reason"] == "done"


def test_scenario_15_what_needs_an_epic_waits_for_all_its_children(town: TownScene) -> None:
    epic = town.create("epic", "-t", "epic")
    children = [town.create(f"child {n}", "--parent", epic) for n in (1, 2)]
    town.create("waiter", "--needs", epic)
    town("close", children[0])
    assert town.ready() == ["child 2"]
    assert blocked(town)["waiter"]["on"] == epic
    town("close", children[1])
    town("reconcile", code=10)
    assert town.ready() == ["waiter"]


def test_scenario_16_waiting_for_one_child_is_needing_that_child(town: TownScene) -> None:
    epic = town.create("epic", "-t", "epic")
    first = town.create("first", "--parent", epic)
    town.create("second", "--parent", epic)
    town.create("waiter", "--needs", first)
    town("close", first)
    assert names(town) == {"second", "waiter"}
    town("reopen", first)
    assert names(town) == {"first", "second"}


def test_scenario_17_an_empty_epic_holds_up_what_needs_it(town: TownScene) -> None:
    epic = town.create("epic", "-t", "epic")
    town.create("waiter", "--needs", epic)
    assert town.ready() == []
    assert blocked(town)["waiter"]["reason"] == f"needs {epic}, which is open"
    town("close", epic)
    assert town.ready() == ["waiter"]


def test_scenario_18_a_need_that_ended_otherwise_waits_for_a_person(town: TownScene) -> None:
    need = town.create("need")
    bead = town.create("bead", "--needs", need)
    town("close", need, "--reason", "wontfix")
    assert town.ready() == []
    hint = blocked(town)["bead"]["hint"]
    town(*hint.split()[1:])
    assert town.ready() == ["bead"]
    assert hint == f"gt dep rm {bead} {need}"


@pytest.mark.parametrize(
    "phase", [Phase.PROPOSED, Phase.LEASED, Phase.SUBMITTED, Phase.STUCK, Phase.CLOSED, Phase.LANDED]
)
def test_scenario_19_a_need_blocks_in_every_phase_but_the_last(town: TownScene, phase: Phase) -> None:
    town.create("bead", "--needs", write(town, phase))
    assert town.ready() == (["bead"] if phase.over else [])


def test_scenario_19_a_deferred_need_blocks(town: TownScene) -> None:
    town.create("bead", "--needs", town.create("need", "--defer", "2099-01-01"))
    assert town.ready() == []


def test_scenario_20_a_need_that_is_not_there_blocks_and_says_so(town: TownScene) -> None:
    dangling = small.bead("bead", needs=[small.gt("g0ne")])
    ledger = Ledger(discover(town.path))
    with ledger.hold() as held:
        ledger.update(held, message(), lambda _: Changes({dangling.id: dangling})).close()
    assert town.ready() == []
    assert blocked(town)["bead"]["reason"] == f"needs {small.gt('g0ne')}, which is not in this ledger"


def test_scenario_21_a_deferral_hides_until_it_is_taken_away(town: TownScene) -> None:
    bead = town.create("bead", "--defer", "2099-01-01")
    assert town.ready() == []
    town("edit", bead, "--undefer")
    assert town.ready() == ["bead"]


def test_scenario_22_a_deferral_ends_by_itself(town: TownScene) -> None:
    town.create("past", "--defer", "2020-01-01")
    bead = town.create("soon")
    town("edit", bead, "--defer", "2026-11-23T20:00:00Z")
    assert town.ready() == ["past"]
    assert len(town("ready", "--json", now=NOW + DAY).data["items"]) == 2


def test_scenario_23_a_deferred_parent_hides_all_its_descendants(town: TownScene) -> None:
    parent = town.create("parent", "--defer", "2099-01-01")
    child = town.create("child", "--parent", parent)
    town.create("grandchild", "--parent", child)
    assert town.ready() == []
    assert blocked(town)["grandchild"]["until"] == "2099-01-01T00:00:00Z"


def test_scenario_24_asking_what_is_ready_writes_nothing(town: TownScene) -> None:
    bead = town.create("A", "--needs", town.create("B"))
    tip = town.tip()
    for command in (["ready"], ["blocked"], ["list"], ["show", bead], ["why", bead], ["plan"], ["status"]):
        town(*command)
    assert town.tip() == tip
    assert "blocked" not in {phase.value for phase in Phase}


def test_scenario_25_only_open_work_is_ready(town: TownScene) -> None:
    write(town, *Phase)
    town.create("held", "--hold")
    for kind in ("epic", "convoy", "decision", "task", "ritual"):
        town.create(kind, "-t", kind)
    assert names(town) == {"open", "decision", "task", "ritual"}


def test_scenario_26_ready_below_a_bead_at_any_depth(town: TownScene) -> None:
    top = town.create("top", "-t", "epic")
    middle = town.create("middle", "-t", "epic", "--parent", top)
    town.create("deep", "--parent", middle)
    town.create("elsewhere")
    assert town.ready("--parent", top) == ["deep"]


def test_scenario_27_ready_with_any_of_several_labels(town: TownScene) -> None:
    for labels in ("a", "b", "c", "ab"):
        town.create(labels, *(word for label in labels for word in ("--label", label)))
    assert set(town.ready("--label", "a", "--label", "b")) == {"a", "b", "ab"}
    assert set(town.ready("--label", "c")) == {"c"}
    listed = town("list", "--label", "a", "--label", "c", "--json").data["items"]
    assert {item["spec"]["title"] for item in listed} == {"a", "c", "ab"}


def test_scenario_28_nothing_ready_is_an_empty_list(town: TownScene) -> None:
    assert town("ready", "--json").data["items"] == []
    assert town("ready").out == ""


def test_scenario_29_a_parent_cannot_be_put_below_its_child(town: TownScene) -> None:
    top = town.create("top")
    below = town.create("below", "--parent", town.create("child", "--parent", top))
    assert top in town("edit", top, "--parent", below, code=1).err
    assert town.bead(top)["spec"]["parent"] is None


def test_scenario_30_a_plan_with_one_bad_line_makes_nothing(town: TownScene) -> None:
    tip = town.tip()
    town("create", "--file", "-", stdin="# A\n# B\nneeds: A\n# C\nneeds: nothing\n", code=1)
    assert town.tip() == tip


def test_scenario_31_a_persons_brake_holds_until_it_is_lifted(town: TownScene) -> None:
    bead = town.create("bead", "--hold")
    assert town.ready() == []
    town("edit", bead, "--no-hold")
    assert town.ready() == ["bead"]
