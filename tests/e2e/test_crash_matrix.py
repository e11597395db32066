"""Commands killed at their effects, as whole processes: typed again, they come to what they come to undisturbed.

Those that do no more than write the ledger are killed at all of their effects in tests/cli/test_killed.py.
`GT_CRASH_POINTS` says at how many effects of a command it is killed (evenly spread; `all` for every single one).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.checks import (
    assert_green,
    assert_no_locks,
    assert_no_orphans,
    assert_nothing_lost,
    assert_sound,
    assert_tidy,
    attempts_alive,
    story,
)
from tests.e2e.conftest import NewTown, copied
from tests.e2e.town import ROOT, Ran, Town, wait_until

pytestmark = pytest.mark.e2e

HOOK = Path(__file__).parent / "crash"
POINTS = os.environ.get("GT_CRASH_POINTS", "4")
KILLED = 137


@dataclass(frozen=True)
class Deed:
    """A command to kill: what is done before it, what it is, and whether it may be typed again."""

    name: str
    argv: Callable[[Town], tuple[str, ...]]
    prepare: Callable[[Town], object] = lambda _: None
    cwd: Callable[[Town], Path] = lambda town: town.path
    again: tuple[int, ...] = (0,)
    """The exit codes of typing it again after it was killed: 1 where it says that it is done already."""
    once: Callable[[Town], bool] = lambda _: False
    """For a command that does its deed anew each time: whether it had its effect already."""


def named(town: Town, title: str) -> Any:
    return next((bead for bead in town.beads().values() if bead["spec"]["title"] == title), None)


def first(town: Town) -> str:
    return str(named(town, "first")["id"])


def hold_first(town: Town) -> None:
    """Nobody works on it: what is killed has nothing to do with attempts."""
    town.here("edit", first(town), "--hold")


def need_first(town: Town) -> None:
    """A second Bead, which comes after the first."""
    town.create("second", "echo two > second", "--needs", first(town))


def submit_first(town: Town) -> None:
    """An attempt on the first Bead, up to its submission; another waits for its landing."""
    need_first(town)
    town.gt("work", first(town))


def claim_and_change(town: Town) -> None:
    town.here("claim", first(town), "--for", "1h")
    place = worktree(town)
    town.commit({"first": "by hand"}, cwd=place)


def worktree(town: Town) -> Path:
    return Path(named(town, "first")["status"]["lease"]["worktree"])


def crash_work(town: Town) -> None:
    """An attempt whose `gt work` is killed while the agent is busy: it ends alone, its lease stays."""
    bead, here = first(town), town.path.parent
    busy = 'touch "$GT_WORKTREE/../../busy"; while [ ! -e "$GT_WORKTREE/../../go" ]; do sleep 0.02; done'
    town.play(bead, f'if [ "$n" = 1 ]; then {busy}; fi; echo one > first')
    process = town.start("work", bead)
    wait_until((here / "busy").exists, "the agent to begin")
    process.kill()
    process.communicate()
    (here / "go").touch()
    wait_until(lambda: not attempts_alive(town), "the agent to end")


def leave_a_file(town: Town) -> None:
    """An export of bd with one record, beside the repository."""
    hold_first(town)
    at = "2026-01-01T00:00:00Z"
    record = {"id": "bd-1", "title": "third", "status": "closed", "created_at": at, "closed_at": at}
    (town.path.parent / "in.jsonl").write_text(json.dumps(record) + "\n")


DEEDS = (
    Deed("import", lambda town: ("import", str(town.path.parent / "in.jsonl")), leave_a_file),
    Deed(
        "note",
        lambda town: ("note", first(town), "remember"),
        hold_first,
        once=lambda town: bool(named(town, "first")["notes"]),
    ),
    Deed("claim", lambda town: ("claim", first(town), "--for", "1h")),
    Deed("submit", lambda _: ("submit",), claim_and_change, worktree, again=(0, 1)),
    Deed("work", lambda town: ("work", first(town)), need_first, again=(0, 10, 75)),
    Deed("merge", lambda _: ("merge",), submit_first, again=(0, 10)),
    Deed("reconcile", lambda _: ("reconcile",), crash_work, again=(0, 10, 11, 12, 20)),
)


def crashed(town: Town, deed: Deed, at: int, trace: Path) -> tuple[Ran, list[str]]:
    """Does the deed, killed just before effect number `at` (0: not); what it said, and the effects up to then."""
    env = {"PYTHONPATH": f"{HOOK}{os.pathsep}{ROOT}", "CRASH_LOG": str(trace), "CRASH_AT": str(at)}
    argv, cwd = deed.argv(town), deed.cwd(town)
    trace.unlink(missing_ok=True)
    ran = town.gt(*argv, cwd=cwd, env=env, ok=None)
    return ran, trace.read_text().splitlines()


def settle(town: Town, deed: Deed) -> dict[str, Any]:
    """Lets the town come to rest, and tells its story. What a person claimed stays claimed."""
    claimed = deed.name == "claim"
    if claimed:
        town.gt("reconcile", ok=(0, 10, 11, 12, 20))
    else:
        town.run()
    assert_green(town, "sh gate.sh")
    assert_sound(town)
    assert_nothing_lost(town)
    assert_no_locks(town)
    assert_no_orphans(town)
    assert_tidy(town)
    return story(town)


@pytest.fixture
def base(new_town: NewTown) -> Town:
    """One Bead."""
    town = new_town("base")
    town.create("first", "echo one > first")
    return town


def points(count: int) -> list[int]:
    """The numbers of the effects to be killed at: all, or as many as are wanted, the first and the last included."""
    if POINTS == "all" or int(POINTS) >= count:
        return list(range(1, count + 1))
    wanted = int(POINTS)
    return sorted({1 + round(i * (count - 1) / (wanted - 1)) for i in range(wanted)})


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_a_killed_command_changes_all_or_nothing(base: Town, deed: Deed, tmp_path: Path) -> None:
    def scene(name: str) -> Town:
        town = copied(base, tmp_path / name)
        deed.prepare(town)
        return town

    trace = tmp_path / "effects"
    calm = scene("calm")
    ran, effects = crashed(calm, deed, 0, trace)
    assert ran.code in (0, 10), str(ran)
    wanted = settle(calm, deed)
    assert effects
    for at in points(len(effects)):
        town = scene(str(at))
        place = deed.cwd(town)
        ran, seen = crashed(town, deed, at, trace)
        if ran.code != KILLED:  # it needed fewer effects this time
            assert len(seen) < at, str(ran)
            continue
        told = f"{deed.name} killed at {at} of {len(effects)}: {seen[-1]}"
        try:
            if not deed.once(town):
                town.gt(*deed.argv(town), cwd=place if place.exists() else None, ok=deed.again)
            assert settle(town, deed) == wanted
        except AssertionError as error:
            raise AssertionError(f"{told}\n{error}") from error
