"""Looking at the town as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene, untouched
from tests.conftest import run_git

HOUR = 3600


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def test_a_bead_as_it_was(town: TownScene) -> None:
    bead = town.create("first")
    town("edit", bead, "--title", "second", now=NOW + HOUR)
    town("close", bead, now=NOW + 2 * HOUR)
    now = NOW + 3 * HOUR

    def title(at: str) -> str:
        return str(town("show", bead[3:], "--json", "--at", at, now=now).data["spec"]["title"])

    assert [title(at) for at in ("beads~2", "90m", "2026-11-22T20:59:59Z")] == ["first", "second", "first"]
    assert "open" in town("show", bead, "--at", "beads~1", now=now).out
    assert "closed" in town("show", bead, now=now).out
    assert "no such Bead" in town("show", bead, "--at", "beads~3", code=1).err


def test_lists_as_they_were(town: TownScene) -> None:
    need = town.create("need", "-p", "0")
    bead = town.create("bead", "--needs", need)
    town("close", need)
    assert town.ready() == ["bead"]
    assert town.ready("--at", "beads~1") == ["need"]
    assert [item["bead"] for item in town("blocked", "--at", "beads~1", "--json").data["items"]] == [bead]
    assert [item["id"] for item in town("list", "--at", "beads~1", "--json").data["items"]] == [need, bead]
    assert town("list", "--at", "beads~3").out == ""


def test_what_waited_for_a_time_is_judged_by_the_time_looked_at(town: TownScene) -> None:
    town.create("deferred", "--defer", "2026-11-22T21:00:00Z")
    later = NOW + 2 * HOUR
    assert [item["spec"]["title"] for item in town("ready", "--json", now=later).data["items"]] == [
        "deferred"
    ]
    assert town("ready", "--at", "90m", now=later).out == ""
    assert town("ready", "--at", "30m", now=later).out != ""
    assert town("ready", "--at", "beads", now=later).out == ""


def test_the_status_as_it_was(town: TownScene) -> None:
    bead = town.create("work")
    town("claim", bead)
    town("release", bead)
    town("close", bead)
    data = town("status", "--at", "beads~2", "--json").data
    assert data.keys() == town("status", "--json").data.keys()
    assert (data["atRest"], data["phases"]["leased"], data["phases"]["closed"]) == (None, 1, 0)
    assert data["at"] == {
        "commit": run_git(town.path, "rev-parse", "beads~2"),
        "time": "2026-11-22T20:00:00Z",
    }
    (attempt,) = data["attempts"]
    assert (attempt["bead"], attempt["token"][:2], attempt["liveness"]) == (bead, "1-", "unknown")
    out = town("status", "--at", "beads~2").out
    assert "1 leased" in out
    assert "under way" in out
    assert "1 open" in town("status", "--at", "beads~1").out


def test_a_pause_of_then(town: TownScene) -> None:
    town.create("work")
    town("pause", "--reason", "lunch", "--for", "30m")
    town("resume", now=NOW + HOUR)
    now = NOW + 2 * HOUR
    assert town("status", "--at", "beads~1", "--json", now=now).data["paused"]["reason"] == "lunch"
    assert "paused by Alice" in town("status", "--at", "100m", now=now).out
    assert "paused" not in town("status", "--at", "80m", now=now).out
    assert "paused the town until 2026-11-22T20:30:00Z (lunch)" in town("ready", "--at", "100m", now=now).err
    assert town("ready", "--at", "80m", now=now).out != ""


def test_a_landing_of_today_is_not_one_of_then(town: TownScene) -> None:
    """What the target has is laid over the present only: of old, the ledger's own word counts."""
    (town.path / ".gt").mkdir(exist_ok=True)
    (town.path / ".gt" / "town.yaml").write_text("apiVersion: gt/v1\nungated: true\n")
    run_git(town.path, "add", ".gt")
    run_git(town.path, "commit", "-qm", "settings")
    bead = town.create("work")
    place = Path(town("claim", bead, "--json").data["status"]["lease"]["worktree"])
    (place / "new").write_text("x")
    run_git(place, "add", "-A")
    run_git(place, "commit", "-qm", "new")
    town("submit", bead)
    submitted = town.tip()
    town("merge")
    run_git(
        town.path, "update-ref", "refs/heads/beads", submitted
    )  # the target has it, the ledger doesn't say so
    assert town.bead(bead)["status"]["phase"] == "landed"
    assert town("show", bead, "--at", "beads", "--json").data["status"]["phase"] == "submitted"
    assert [q["bead"] for q in town("status", "--at", "beads", "--json").data["queue"]] == [bead]


@pytest.mark.parametrize("command", [("show", "x"), ("list",), ("ready",), ("blocked",), ("status",)])
def test_what_is_not_of_the_ledger_is_refused(town: TownScene, command: tuple[str, ...]) -> None:
    check = untouched(town.path)
    assert "not of the ledger" in town(*command, "--at", "HEAD", code=1).err
    assert "hasn't come yet" in town(*command, "--at", "2099-01-01", code=1).err
    assert town(*command, "--at", "beads~99", "--json", code=1).error["hint"] == "gt log"
    check()
