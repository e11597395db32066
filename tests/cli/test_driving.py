"""The commands that show and drive the town: what they print, and what they exit with."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.cli.commands.run import _CODES
from gt.cli.exits import Code
from gt.cli.plans import CODES
from gt.core.plan import Next
from gt.drive.run import End
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up, untouched
from tests.conftest import NOW, run_git

SETTINGS = """\
apiVersion: gt/v1
agent: sh
agents: {sh: {command: "true"}}
ungated: true
"""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    return set_up(gt, repo_path, SETTINGS)


def test_every_outcome_has_a_code() -> None:
    assert set(CODES) == set(Next)
    assert set(_CODES) == set(End) - {End.REFUSED}
    assert (_CODES[End.BROKEN], _CODES[End.INTERRUPTED]) == (Code.BUG, Code.INTERRUPTED)


def test_an_empty_town(town: TownScene) -> None:
    same = untouched(town.path)
    assert town("plan").out == "# at rest\n"
    assert town("reconcile").err == "at rest\n"
    assert town("run").err == "at rest\n"
    assert town("status").out == "no Beads yet\nat rest\n"
    assert town("pages").out == ""
    data = town("plan", "--json").data
    assert data == {
        "apiVersion": "gt/v1", "kind": "Plan", "atRest": True, "needsHuman": False, "nextWake": None,
        "curbs": [], "actions": [],
    }  # fmt: skip
    same()


def test_plan_is_a_script(town: TownScene) -> None:
    bead = town.create("one")
    assert town("plan").out.splitlines() == [
        f"# work: {bead} is ready for sh",
        f"gt work {bead}",
        "# work or merge is due: gt run",
    ]
    (action,) = town("plan", "--json").data["actions"]
    assert action == {"by": "work", "command": f"gt work {bead}", "reason": f"{bead} is ready for sh"}


def test_reconcile_says_what_is_next_by_its_code(town: TownScene) -> None:
    town.create("one")
    town("reconcile", code=12)
    town("reconcile", "--exit-zero", code=0)
    assert town("reconcile", "--json", code=12).data["kind"] == "Plan"


def test_reconcile_makes_progress_then_needs_a_person(town: TownScene) -> None:
    town.create("dangles", "--defer", "2026-12-01")
    assert town("reconcile", code=11).err.startswith("waiting, next at 2026-12-01T00:00:00Z")
    data = town("status", "--json").data
    assert (data["kind"], data["atRest"], data["nextWake"]) == ("Status", False, "2026-12-01T00:00:00Z")
    assert data["phases"]["open"] == 1


def test_run_without_consent_is_refused_and_changes_nothing(town: TownScene) -> None:
    town.create("one")
    tip = town.tip()
    said = town("run", code=1)
    assert "hint: gt run --yes" in said.err
    assert "agent sh would be started for 1 Bead: true" in said.err
    assert town("run", "--json", code=1).err.splitlines()[-1].startswith('{"error"')
    assert town.tip() == tip


def test_run_is_content_to_wait_for_a_far_wake(town: TownScene) -> None:
    town.create("later", "--defer", "2026-12-01")
    town("run", "--yes", code=11)


def test_why(town: TownScene) -> None:
    first, second = town.create("first", "--hold"), town.create("second")
    town("dep", "add", second, first)
    said = town("why", second)
    assert said.out.splitlines() == [
        f"{second} needs {first}, which is open",
        f"  {first} is held by a person",
    ]
    assert said.err == f"hint: gt edit {first} --no-hold\n"
    data = town("why", second[3:8], "--json").data
    assert (data["kind"], data["bead"], data["hint"]) == ("Why", second, f"gt edit {first} --no-hold")
    assert [link["bead"] for link in data["chain"]] == [second, first]
    town("close", first, "--reason", "wontfix")
    assert "was closed as wontfix" in town("why", first).out
    town("why", "gt-zzzzzzzz", code=1)


def test_pages(town: TownScene) -> None:
    made = town("page", "town", "disk-full", "-m", "has no room").out.strip()
    assert town("page", "town", "disk-full", "-m", "has no room").out.strip() == made
    assert made in town("pages").out
    assert [page["id"] for page in town("pages", "--json").data["items"]] == [made]
    town("reconcile", code=20)
    town("ack", code=2)
    town("ack", made, "--all", code=2)
    town("ack", "p-nothing", code=1)
    assert town("ack", made[:6]).out == f"{made} town has no room\n"
    assert town("pages").out == ""
    assert made in town("pages", "--all").out
    town("reconcile", code=0)


def test_others_text_is_harmless(town: TownScene) -> None:
    made = town("page", "town", "odd", "-m", "a\x1b[31mb\nc").out.strip()
    for said in (town("pages"), town("status"), town("plan"), town("ack", made)):
        assert "\x1b" not in said.out


def test_acknowledging_that_others_moved_a_target_accepts_it(town: TownScene) -> None:
    tip = run_git(town.path, "rev-parse", "main")
    town("page", "target:main", "moved", "--epoch", tip, "-m", "was moved by others")
    town("ack", "--all")
    assert f'main: "{tip}"' in run_git(town.path, "show", "beads:state.yaml")


def test_heal_and_prune_have_nothing_to_do(town: TownScene) -> None:
    bead = town.create("one")
    assert "nothing to heal at" in town("heal", "refs/heads/beads").err
    assert "left nothing" in town("prune", bead, "1-aaaa").err
    town("prune", bead, "nonsense", code=1)


def test_gc_says_what_it_removes_and_what_stays(town: TownScene) -> None:
    bead = town.create("one")
    place = town.path / ".git" / "gt" / "log" / bead / "1-aaaa.log"
    place.parent.mkdir(parents=True)
    place.write_text("said\n")
    assert "kept 1 log: its Bead isn't over" in town("gc", "--dry-run").out
    town("close", bead, "--reason", "done")
    assert "kept 1 log: its Bead has been over for a short time only" in town("gc").out
    later = {"now": NOW + 8 * 86400}
    dry = town("gc", "--dry-run", "--older-than", "7d", "--json", **later).data
    assert (dry["kind"], dry["dryRun"], dry["packed"], dry["freed"]) == ("Collected", True, False, 5)
    assert dry["removed"] == [{"kind": "log", "name": str(place), "size": 5}]
    assert {"kind", "name", "size", "why"} == dry["kept"][0].keys()
    assert town("gc", **later).out.startswith("kept ")
    assert place.exists()
    assert town("gc", "--older-than", "7d", **later).out.splitlines()[0] == f"removed log {place}"
    assert not place.exists()
    town("gc", "--older-than", "soon", code=2)
