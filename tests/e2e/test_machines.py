"""Several machines that work one town through a bare repository, each with its own `gt run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import run_git
from tests.e2e.checks import assert_green, check_town
from tests.e2e.conftest import NewTown
from tests.e2e.town import TOWN, Town

pytestmark = pytest.mark.e2e

SHARED = TOWN.replace(
    'refinery: {protected: [".gt/**", ".github/**"]}',
    'refinery: {protected: [".gt/**", ".github/**"], push: origin}\ncoordination: remote',
)


@pytest.fixture
def hub(new_town: NewTown, tmp_path: Path) -> tuple[Path, Town]:
    """A bare repository, and the first machine, as the documentation sets them up."""
    town = new_town("a", text=SHARED)
    hub = tmp_path / "hub.git"
    run_git(tmp_path, "init", "-q", "--bare", "-b", "main", str(hub))
    town.git("remote", "add", "origin", str(hub))
    town.git("push", "-q", "origin", "main")
    town.here("sync")
    return hub, town


def clone(hub: Path, first: Town, name: str) -> Town:
    run_git(hub.parent, "clone", "-q", str(hub), name)
    town = Town(hub.parent / name, first.scripts, since=first.since)
    town.here("init")
    return town


def test_three_machines_drain_one_town(hub: tuple[Path, Town]) -> None:
    """Each Bead is attempted once and landed once, whoever does it; then all three are at rest, and say the same."""
    place, first = hub
    beads = [first.create(f"task {n}", 'echo "$GT_BEAD" > "$GT_BEAD"') for n in range(6)]
    beads.append(first.create("last", 'ls > "$GT_BEAD"', "--needs", beads[0]))
    first.here("sync")
    towns = [first, clone(place, first, "b"), clone(place, first, "c")]
    runs = [town.start("run", "--yes", "-j", "2") for town in towns]
    for running in runs:
        out, err = running.communicate(timeout=240)
        assert running.returncode == 0, out + err
    for town in towns:
        town.gt("reconcile", ok=(0, 10))
    for town in towns:
        town.gt("reconcile", ok=(0,))
    states = [town.beads() for town in towns]
    assert states[0] == states[1] == states[2]
    assert {bead["status"]["phase"] for bead in states[0].values()} == {"landed"}
    assert {len(bead["status"]["attempts"]) for bead in states[0].values()} == {1}
    for ref in ("main", "beads"):
        assert len({run_git(place, "rev-parse", ref), *(town.git("rev-parse", ref) for town in towns)}) == 1
    said = first.git("log", "--format=%(trailers:key=Gt-Bead,valueonly)", "--first-parent", "main").split()
    assert sorted(said) == sorted(beads)
    assert beads[0] in first.text(beads[-1]).split(), "it began from what it needed"
    for town in towns:
        check_town(town)
    assert_green(first, "sh gate.sh")


def test_a_machine_that_was_cut_off_and_lost(hub: tuple[Path, Town]) -> None:
    place, first = hub
    bead = first.create("one", "echo 1 > one")
    first.here("sync")
    other = clone(place, first, "b")
    place.rename(place.with_name("gone.git"))
    refused = first.gt("work", bead, "--json", ok=(75,))
    assert refused.error["hint"] == f"gt work {bead} --offline"
    done = first.gt("work", bead, "--offline", ok=(10,))
    assert "is claimed in this clone only" in done.err
    assert "hint: gt sync" in done.err
    place.with_name("gone.git").rename(place)
    assert other.phase(bead) == "open"
    ran = other.gt("run", "--yes")
    assert ran.code == 0
    lost = first.gt("sync", ok=(3,))
    assert f"refused: {bead}" in lost.out
    assert first.git("for-each-ref", "--format=%(refname)", f"refs/gt/sub/{bead}").count("1-") >= 1
    for town in (first, other):
        town.gt("reconcile", ok=(0, 10))
        town.gt("reconcile", ok=(0,))
        assert town.phase(bead) == "landed"
        assert town.git("rev-parse", "main") == run_git(place, "rev-parse", "main")
