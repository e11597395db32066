"""Machines that share a town, as processes: they race, are killed, and leave each other's attempts alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import run_git
from tests.e2e.checks import assert_no_locks, assert_sound
from tests.e2e.town import ROOT, Ran, Town, wait_until
from tests.git.gitscenes import git_daemon

pytestmark = pytest.mark.e2e

HOOK = Path(__file__).parent / "crash"
POINTS = int(os.environ.get("GT_CRASH_POINTS", "4").replace("all", "1000"))
KILLED = 137
CLAIMED, REFUSED = 0, 3


@pytest.fixture
def hub(town: Town) -> Path:
    """A bare repository that the town calls origin, and shares its ledger through."""
    hub = town.path.parent / "hub.git"
    run_git(hub.parent, "init", "-q", "--bare", "-b", "main", str(hub))
    town.git("remote", "add", "origin", "../hub.git")
    town.git("push", "-q", "origin", "main")
    return hub


@pytest.fixture
def daemon(hub: Path) -> Iterator[str]:
    """The hub, served by git's own protocol on this machine; its URL."""
    with git_daemon(hub.parent, "--enable=receive-pack") as url:
        yield f"{url}/{hub.name}"


def clone(town: Town, name: str, url: str = "../hub.git") -> Town:
    """Another machine's clone, a town already; the agents are the same."""
    path = town.path.parent / name
    run_git(path.parent, "clone", "-q", str(path.parent / "hub.git"), name)
    run_git(path, "remote", "set-url", "origin", url)
    there = Town(path, town.scripts, {"GT_ACTOR": name}, since=town.since)
    there.here("init")
    return there


def at_once(towns: list[Town], *argv: str) -> list[Ran]:
    """The same command in all clones at once: what each answered."""
    running = [town.start(*argv) for town in towns]
    answers = []
    for process in running:
        out, err = process.communicate(timeout=120)
        answers.append(Ran(argv, process.returncode, out, err))
    return answers


def race(town: Town, clones: list[Town]) -> None:
    """All clones claim the same Beads without a word to each other, then all sync at once."""
    beads = sorted(town.beads())
    for each in clones:
        for bead in beads:
            each.here("claim", bead, "--for", "1h")
    made = {commit for each in clones for commit in each.git("rev-list", "beads").split()}
    answers = at_once(clones, "sync")
    # Nobody starves: 75 would say that others were always quicker.
    assert {ran.code for ran in answers} <= {CLAIMED, REFUSED}, [str(ran) for ran in answers]
    for each in clones:
        each.here("sync")
    assert len({each.git("rev-parse", "beads") for each in clones}) == 1
    assert made <= set(clones[0].git("rev-list", "beads").split())
    held = {bead: clones[0].bead(bead)["status"]["lease"]["actor"] for bead in beads}
    for ran, each in zip(answers, clones, strict=True):
        lost = [bead for bead in beads if held[bead] != each.env["GT_ACTOR"]]
        assert ran.code == (REFUSED if lost else CLAIMED), str(ran)
        assert [bead for bead in beads if f"refused: {bead} " in ran.out] == lost, str(ran)
        assert len(each.worktrees()) == len(beads)  # a claim that lost leaves what it had
    assert_sound(clones[0])
    assert_no_locks(clones[0])


def test_two_clones_claim_the_same_beads_apart(town: Town, hub: Path) -> None:
    for title in ("one", "two", "three"):
        town.create(title)
    town.here("sync")
    race(town, [clone(town, name) for name in ("ann", "ben")])


def test_ten_clones_claim_the_same_bead_through_a_server(town: Town, hub: Path, daemon: str) -> None:
    town.create("wanted by all")
    town.here("sync")
    first = clone(town, "m0", daemon)
    clones = [first]
    for number in range(1, 10):
        path = first.path.with_name(f"m{number}")
        shutil.copytree(first.path, path, symlinks=True)
        clones.append(Town(path, town.scripts, {"GT_ACTOR": path.name}, since=town.since))
    race(town, clones)


def test_two_clones_on_one_machine_leave_each_others_attempts_alone(town: Town, hub: Path) -> None:
    here = town.path.parent
    busy = f"touch '{here}/busy'; while [ ! -e '{here}/go' ]; do sleep 0.02; done; echo done > made"
    bead = town.create("long", busy)
    town.here("sync")
    other = clone(town, "other")
    working = town.start("work", bead)
    wait_until((here / "busy").exists, "the agent to begin")
    town.gt("sync")
    other.gt("sync")
    lease = other.bead(bead)["status"]["lease"]
    assert lease["lock"] is True
    # Its lock file isn't in this clone: that says nothing about the holder.
    other.gt("reconcile", ok=(11,))
    other.gt("expire", bead, lease["token"])
    assert other.bead(bead)["status"]["lease"] == lease
    (here / "go").touch()
    out, err = working.communicate(timeout=60)
    assert working.returncode == 0, out + err
    town.gt("sync")
    other.gt("sync")
    assert other.phase(bead) == "submitted"


def test_a_sync_killed_at_its_effects_is_finished_by_the_next(town: Town, hub: Path, tmp_path: Path) -> None:
    bead = town.create("one")
    town.here("sync")
    other = clone(town, "other")
    other.here("note", bead, "from the other side")
    other.here("sync")
    town.here("note", bead, "from here")

    def scene(name: str) -> Town:
        for folder in ("hub.git", town.path.name):
            shutil.copytree(town.path.parent / folder, tmp_path / name / folder, symlinks=True)
        return Town(tmp_path / name / town.path.name, town.scripts)

    def crashed(there: Town, at: int) -> list[str]:
        trace = tmp_path / "effects"
        trace.unlink(missing_ok=True)
        env = {"PYTHONPATH": f"{HOOK}{os.pathsep}{ROOT}", "CRASH_LOG": str(trace), "CRASH_AT": str(at)}
        code = there.gt("sync", env=env, ok=None).code
        told = trace.read_text().splitlines()
        # New objects are named by the time, too: with a directory less to make for them there are fewer effects.
        assert code == (KILLED if len(told) == at else 0), told[-1]
        return told

    count = len(crashed(scene("calm"), 0))
    wanted = {1 + round(i * (count - 1) / (POINTS - 1)) for i in range(POINTS)}
    for at in sorted(wanted & set(range(1, count + 1))):
        there = scene(str(at))
        told = crashed(there, at)[-1]
        there.gt("sync")
        tips = {
            there.git("rev-parse", "beads"),
            run_git(tmp_path / str(at) / "hub.git", "rev-parse", "beads"),
        }
        assert len(tips) == 1, told
        assert sorted(note["text"] for note in there.bead(bead)["notes"]) == [
            "from here",
            "from the other side",
        ], told
        assert_sound(there)
        assert_no_locks(there)
