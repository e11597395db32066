"""Budgets in dollars: shown while there is some left, named when they are spent, renewed by a person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Attempt, Bead, Landed, Phase, Result, Status
from gt.git.repo import discover
from gt.store.ledger import Ledger
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up
from tests.conftest import NOW
from tests.store.scenes import bead, write

SETTINGS = """\
apiVersion: gt/v1
agent: sh
agents: {sh: {command: "true"}}
limits: {usd_per_day: 5, usd_per_bead: 3}
ungated: true
"""
OID = "1" * 40


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    return set_up(gt, repo_path, SETTINGS)


def paid(number: int, usd: float, ago: int = 100) -> Bead:
    ended = Attempt("1-aaaa", "sh", NOW - ago, NOW - ago, Result.RED, usage={"usd": usd})
    return replace(bead(number), status=Status(attempts=(ended,)))


def put(town: TownScene, *beads: Bead) -> None:
    write(Ledger(discover(town.path)), *beads).close()


def test_what_is_left_of_a_day_is_shown_even_when_nothing_is_to_do(town: TownScene) -> None:
    over = paid(1, 2.5)
    put(town, replace(over, status=replace(over.status, phase=Phase.LANDED, landed=Landed(OID, OID, NOW))))
    assert "budget: 2.50 of 5 dollars spent in the last day" in town("status").out
    data = town("status", "--json").data
    assert (data["budget"], data["curbs"]) == ({"limit": 5.0, "spent": 2.5, "until": None}, [])


def test_a_spent_day_is_said_wherever_one_looks(town: TownScene) -> None:
    put(town, paid(1, 2.5), paid(2, 2.75), bead(3))
    until = "2026-11-23T19:58:20Z"
    said = f"budget is spent: 5.25 of 5 dollars in a day; no attempt begins until {until}"
    assert said in town("status").out
    assert f"# {said}" in town("plan").out
    assert "waits 23h" in town("agents").out
    assert f"waits until {until}" in town("why", bead(3).id).out
    assert f"waits until {until}" in town("work", bead(3).id, code=75).err
    plan = town("plan", "--json").data
    assert (plan["actions"], plan["nextWake"], plan["atRest"]) == ([], until, False)
    assert [(curb["subject"], curb["until"]) for curb in plan["curbs"]] == [("budget", until)]
    assert town("agents", "--json").data["budget"] == {"limit": 5.0, "spent": 5.25, "until": until}
    town("work", code=75)


def test_a_beads_budget_waits_for_a_person(town: TownScene) -> None:
    put(town, paid(1, 3.5))
    name = bead(1).id
    assert "has cost 3.50 dollars, and may cost 3.00" in town("status").out
    town("work", code=20)
    assert "is open again" in town("retry", name).out
    assert town("show", name, "--json").data["spec"]["usd"] == 6.5
    assert "at most 6.50 USD" in town("show", name).out
    assert town("plan", "--json").data["needsHuman"] is False
    town("edit", name, "--usd", "2")
    assert town("plan", "--json").data["needsHuman"] is True
    made = town("create", "cheap", "--usd", "0.5", "--json").data
    assert made["spec"]["usd"] == 0.5
    assert "above 0" in town("create", "free", "--usd", "0", code=1).err
