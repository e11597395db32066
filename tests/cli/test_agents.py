"""`gt agents`: who can be given work, and what is in the way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Attempt, Result
from gt.git.repo import discover
from gt.store.ledger import Ledger
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up, untouched
from tests.conftest import NOW, run_git
from tests.store.scenes import bead, write

SETTINGS = """\
apiVersion: gt/v1
agent: fixer
agents:
  claude: {limit: 2}
  fixer: {command: ["./tools/fix", "{bead}"], prompt: none}
  script: {command: "echo hi"}
  cursor: {}
limits: {concurrent: 3}
ungated: true
"""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    return set_up(gt, repo_path, SETTINGS)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with two programs of the known ones."""
    for name in ("claude", "aider"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\nexit 9\n")
        program.chmod(0o755)
    return str(tmp_path / "bin")


def test_what_is_run_and_whether_it_is_there(town: TownScene, path: str) -> None:
    same = untouched(town.path)
    said = town("agents", environ={"PATH": path})
    rows = {line.split()[0]: line for line in said.out.splitlines()}
    assert rows.keys() == {"fixer", "claude", "cursor", "script"}
    assert said.out.startswith("fixer *")
    assert "0/3" in rows["fixer"]
    assert "./tools/fix {bead}" in rows["fixer"]
    assert "0/2" in rows["claude"]
    assert "--session-id {session}" in rows["claude"]
    assert "missing: cursor-agent" in rows["cursor"]
    assert said.err == "also on PATH, and in no settings: aider\n"
    same()


def test_as_json(town: TownScene, path: str) -> None:
    data = town("agents", "--json", environ={"PATH": path}).data
    assert (data["kind"], data["unused"]) == ("AgentList", ["aider"])
    by_name = {each["name"]: each for each in data["items"]}
    claude = by_name["claude"]
    assert (claude["program"], claude["path"]) == ("claude", f"{path}/claude")
    assert claude["permission"] == "--permission-mode bypassPermissions"
    assert claude["breaker"] == {
        "state": "closed", "failures": 0, "since": None, "until": None, "reason": None, "credits": 20,
        "limited": False,
    }  # fmt: skip
    assert (by_name["fixer"]["default"], claude["default"]) == (True, False)
    assert (by_name["fixer"]["program"], by_name["script"]["program"]) == (None, None)
    json.dumps(data)


def failed(number: int) -> Attempt:
    return Attempt(f"{number}-aaaa", "claude", NOW - 9, NOW - 9 + number, Result.INFRA, "no\x1b[31m key")


def test_one_that_is_at_its_limit_or_fails_outside_its_task(town: TownScene, path: str) -> None:
    ledger = Ledger(discover(town.path))
    made = bead(1)
    attempts = tuple(failed(number) for number in (1, 2, 3))
    write(ledger, replace(made, status=replace(made.status, attempts=attempts))).close()
    said = town("agents", environ={"PATH": path})
    row = next(line for line in said.out.splitlines() if line.startswith("claude"))
    assert "rests 29m: no" in row
    assert "\x1b" not in said.out
    breaker = town("agents", "--json", environ={"PATH": path}).data["items"][1]["breaker"]
    assert (breaker["state"], breaker["failures"], breaker["credits"]) == ("open", 3, 17)


def test_one_command_gives_it_work_again(town: TownScene) -> None:
    ledger = Ledger(discover(town.path))
    made = bead(1)
    status = replace(made.status, attempts=tuple(map(failed, (1, 2, 3))), wake=NOW + 999)
    write(ledger, replace(made, status=status)).close()
    (call,) = town("status", "--json").data["calls"]
    assert (call["subject"], call["hint"]) == ("agent:claude", "gt retry --agent claude")
    said = town("retry", "--agent", "claude").out
    assert said == f"claude is given work again: 3 failures count no more\n{made.id} waits no longer\n"
    assert town("status", "--json").data["calls"] == []
    (page,) = town("pages", "--all", "--json").data["items"]
    assert page["acknowledged"]["by"]
    assert "nothing changed" in town("retry", "--agent", "claude").err
    assert town("retry", "--agent", "claude", "--json").data["failures"] == 0
    assert "no such agent: nobody" in town("retry", "--agent", "nobody", code=1).err
    town("retry", code=2)
    town("retry", made.id, "--agent", "claude", code=2)
    town("retry", "--agent", "claude", "--attempts", "2", code=2)


def test_one_that_is_at_a_limit_needs_nobody(town: TownScene, path: str) -> None:
    made = bead(1)
    limited = replace(failed(1), resets=NOW + 3600, reason="it reports: usage limit")
    write(
        Ledger(discover(town.path)), replace(made, status=replace(made.status, attempts=(limited,)))
    ).close()
    out = town("agents", environ={"PATH": path}).out
    assert "at a limit, 1h left: it reports: usage limit" in out
    assert "it reports: usage limit" in town("status").out
    assert town("status", "--json").data["calls"] == []


def test_settings_that_cannot_be_read_are_named(town: TownScene) -> None:
    (town.path / ".gt" / "town.yaml").write_text("agents: [")
    run_git(town.path, "commit", "-qam", "broken")
    said = town("agents")
    assert (said.out, "main: " in said.err) == ("", True)


def test_a_town_without_agents_says_so(town: TownScene) -> None:
    (town.path / ".gt" / "town.yaml").write_text("apiVersion: gt/v1\nungated: true\n")
    run_git(town.path, "commit", "-qam", "nobody")
    assert "name one under `agents`" in town("agents", environ={"PATH": ""}).err
