"""`gt waive`: what is asked for, what is refused, and everywhere it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up
from tests.conftest import NOW, run_git

SETTINGS = """\
apiVersion: gt/v1
refinery: {slots: 1}
gates: [{name: net, run: "test ! -e .gt/down"}, {name: unit, run: "true"}]
"""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    """A town whose target is red for the gate `net`, with a branch `fix` to submit."""
    made = set_up(gt, repo_path, SETTINGS)
    (repo_path / ".gt" / "down").touch()
    run_git(repo_path, "add", ".gt")
    run_git(repo_path, "commit", "-qm", "down")
    run_git(repo_path, "checkout", "-q", "-b", "fix")
    run_git(repo_path, "commit", "-q", "--allow-empty", "-m", "nothing")
    (repo_path / "a").touch()
    run_git(repo_path, "add", "a")
    run_git(repo_path, "commit", "-qm", "Fix it")
    run_git(repo_path, "config", "gt.target", "main")
    return made


def test_a_red_gate_is_let_be_and_that_is_told_everywhere(town: TownScene) -> None:
    bead = town("submit", "--branch", "fix", "--json").data["id"]
    for shown in (town("merge", code=20), town("queue"), town("status")):
        assert "waits for main\n" in shown.out
        assert shown.out.count("is red itself") == 1, "the target's trouble is told once"
    said = town("waive", "net", "--reason", "the vendor\nis down", "--for", "2h", "--json").data
    made = said["waiver"]
    assert said["changed"]
    assert (made["target"], made["gate"], made["reason"]) == ("main", "net", "the vendor is down")
    told = f"waived until {made['until']} by {made['by']}: the vendor is down"
    for command in ("status", "queue"):
        assert f"gate net is red on main and {told}" in town(command).out
    assert f"gate net of main is {told}" in town("waive").out
    assert town("waive", "--json").data["items"] == [made]
    assert town("status", "--json").data["waivers"] == [{**made, "red": True}]
    assert "gate net is red on main, and" in town("why", bead).out
    report = town("merge", "--json").data
    assert ([each["bead"] for each in report["landed"]], report["waivers"]) == ([bead], [made])
    assert f"gate net was red, and {told}" in town("why", bead).out
    assert f"net:waived ({told.removeprefix('waived ')})" in town("verify", "main~1..", code=20).out
    assert town("verify", "main~1..", "--run", "--json", code=20).data["items"][0]["verdict"] == "waived"
    assert "ended" in town("waive", "--end", "net").out
    assert town("waive", "--json").data["items"] == []
    tip = town.tip()
    assert "was not waived" in town("waive", "--end", "net").err
    assert town.tip() == tip
    town("undo")
    assert town("waive", "--json").data["items"] == [made]
    assert "waived" in town("status", "--at", "beads~0").out


@pytest.mark.parametrize(
    ("argv", "code", "why"),
    [
        (("nope", "-r", "x"), 1, "there are: net, unit"),
        (("net", "-r", " "), 1, "needs a reason"),
        (("net", "-r", "x", "--for", "8d"), 1, "7d at most"),
        (("net", "-r", "x", "--until", "2020-01-01"), 1, "passed already"),
        (("net", "-r", "x", "--target", "fix"), 1, "no such target"),
        (("net",), 2, "--reason"),
        (("--end",), 2, "which gate"),
        (("net", "--end", "-r", "x"), 2, "--end goes with none"),
        (("net", "-r", "x", "--for", "1h", "--until", "2030-01-01"), 2, "one of the two"),
    ],
)
def test_what_is_no_waiver_changes_nothing(
    town: TownScene, argv: tuple[str, ...], code: int, why: str
) -> None:
    tip = town.tip()
    assert why in town("waive", *argv, code=code).err
    assert town.tip() == tip


def test_it_ends_by_itself_and_the_next_to_be_given_sweeps_it_out(town: TownScene) -> None:
    town("waive", "net", "-r", "x", "--for", "1h", now=NOW)
    later = NOW + 3600
    assert town("waive", "--json", now=later).data["items"] == []
    assert "waived" not in town("status", now=later).out
    town("waive", "unit", "-r", "y", now=later)
    assert [each["gate"] for each in town("waive", "--json", now=later).data["items"]] == ["unit"]
    assert "net" not in run_git(town.path, "show", "beads:state.yaml")
