"""`gt run` as a process: its bounds, its interruption, and that it asks before it spends."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.checks import check_town
from tests.e2e.conftest import NewTown
from tests.e2e.town import TOWN, Town

pytestmark = pytest.mark.e2e


def wait_for(path: Path) -> None:
    until = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < until, f"{path} didn't come"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_waits_until_its_attempts_have_recorded_it(town: Town, number: signal.Signals) -> None:
    bead = town.create("long", '[ "$n" = 2 ] || { touch "$scripts/started"; sleep 60; }; echo 1 > one')
    running = town.start("run", "--yes")
    wait_for(town.scripts / "started")
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, out + err
    assert town.results(bead) == ["interrupted"]
    assert town.worktrees() == []
    town.run(ok=(0,))
    assert town.results(bead) == ["interrupted", "submitted"]
    check_town(town)


def test_its_time_is_up(town: Town) -> None:
    bead = town.create("long", "sleep 60")
    ran = town.gt("run", "--yes", "--max-duration", "2s", "--json", ok=(11,))
    assert ran.data["kind"] == "Plan"
    assert town.results(bead) == ["interrupted"]
    assert town.gt("run", "--max-duration", "1s", "--exit-zero").code == 0


def test_one_at_a_time(town: Town) -> None:
    script = 'mkdir "$scripts/alone"; sleep 0.3; echo 1 > "$GT_BEAD"; rmdir "$scripts/alone"'
    beads = [town.create(f"task {number}", script) for number in range(3)]
    town.run("-j", "1", ok=(0,))
    assert [town.results(bead) for bead in beads] == [["submitted"]] * 3


def test_without_a_terminal_it_asks_for_yes_once_in_a_clone(town: Town) -> None:
    bead = town.create("one", "echo 1 > one")
    refused = town.gt("run", ok=(1,))
    assert "hint: gt run --yes" in refused.err
    assert "agent sh would be started for 1 Bead: sh " in refused.err
    assert town.phase(bead) == "open"
    town.run(ok=(0,))
    town.create("two", "echo 2 > two")
    town.gt("run")


def test_another_runs_attempts_are_waited_for(town: Town) -> None:
    bead = town.create("slow", 'touch "$scripts/started"; sleep 2; echo 1 > one')
    first = town.start("run", "--yes")
    wait_for(town.scripts / "started")
    first.kill()
    first.communicate()
    assert town.phase(bead) == "leased"
    town.run(ok=(0,))
    assert (town.phase(bead), town.results(bead)) == ("landed", ["submitted"])
    check_town(town)


def test_what_landed_goes_on_to_the_stages(new_town: NewTown) -> None:
    smoke = "{name: smoke, run: 'test ! -e worse'}"
    stages = f"stages: [{{branch: staging, gates: [{smoke}]}}, {{branch: release, approve: true}}]\n"
    town = new_town(text=TOWN + stages)
    town.create("one", "echo 1 > one")
    town.run(ok=(20,))
    tip = town.git("rev-parse", "main")
    assert town.git("rev-parse", "staging") == tip
    assert town.gt("promote", "release", "--approve").code == 0
    assert town.git("rev-parse", "release") == tip
    check_town(town)
