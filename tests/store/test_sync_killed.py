"""A sync killed before a thing that it does: the next one ends where an undisturbed one would have ended.

`GT_CRASH_POINTS` says before how many (evenly spread; `all` for every single one).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.core.bead import Bead
from tests.conftest import run_git
from tests.store.machines import Machine, Shared, machine, shared
from tests.store.scenes import bead, bead_id

POINTS = os.environ.get("GT_CRASH_POINTS", "6")
KILLED = 9
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
EFFECTS = frozenset(
    {"os.rename", "os.link", "os.remove", "os.mkdir", "os.truncate", "subprocess.Popen", "sqlite3.connect"}
)


@pytest.fixture
def town(repo_path: Path) -> Shared:
    """One has shared a claim and an edit; the other has another claim of the same Bead, and an edit that wins."""
    town = shared(repo_path, *(bead(n) for n in range(3)))
    town.clone("b")
    a, b = town.first, machine(town.hub.parent / "b", "b")
    a.claim(0)
    a.retitle(1, "by a")
    a.sync()
    b.claim(0)
    b.retitle(1, "by b")
    b.create(5)
    return town


def effects_of(deed: Callable[[], object], stop: int = 0) -> tuple[int, bool]:
    """Do the deed in a child that is gone before effect number `stop` (0: never).

    Returns how many effects it came to, and whether it died. Processes that it starts are effects, and live on.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _watch(writer, stop)
        code = 1
        try:
            deed()
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        count = len(told.read())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED)
    return count, code == KILLED


def _watch(writer: int, stop: int) -> None:
    count = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal count
        if event == "open":
            flags = args[2] if len(args) > 2 else 0
            if not isinstance(flags, int) or not flags & WRITES:
                return
        elif event not in EFFECTS:
            return
        count += 1
        os.write(writer, b".")
        if count == stop:
            os._exit(KILLED)

    sys.addaudithook(hook)


def points(count: int) -> list[int]:
    """The numbers of the effects to be killed at, the first and the last included."""
    if POINTS == "all" or int(POINTS) >= count:
        return list(range(1, count + 1))
    return sorted({1 + round(i * (count - 1) / (int(POINTS) - 1)) for i in range(int(POINTS))})


def copied(town: Shared, to: Path) -> tuple[Machine, Machine]:
    """Both machines and the hub somewhere else."""
    for name in ("hub.git", "repo", "b"):
        shutil.copytree(town.hub.parent / name, to / name, symlinks=True)
    a, b = machine(to / "repo", "a"), machine(to / "b", "b")
    a.clock = b.clock = town.first.clock + 1000
    return a, b


def settled(a: Machine, b: Machine, commits: set[str]) -> dict[str, Bead]:
    """Both go on and sync; what every clone has then."""
    b.sync()
    a.sync()
    b.sync()
    hub = a.path.parent / "hub.git"
    assert a.tip() == b.tip() == run_git(hub, "rev-parse", "beads")
    assert commits <= set(run_git(hub, "rev-list", "beads").split("\n"))
    for path in (hub, a.path, b.path):
        run_git(path, "fsck", "--strict", "--connectivity-only")
        locks = [str(each) for each in path.rglob("*.lock") if "refs" in each.parts]
        assert locks == []
    assert a.beads() == b.beads()
    return b.beads()


def plain(beads: dict[str, Bead]) -> object:
    """Beads without what tells when they were brought together."""
    return {
        name: (each.spec, each.status, [(n.id, n.text) for n in each.notes], each.conflicts)
        for name, each in beads.items()
    }


def test_a_sync_killed_anywhere_is_finished_by_the_next(town: Shared, tmp_path: Path) -> None:
    commits = {
        line
        for path in (town.first.path, town.hub.parent / "b")
        for line in run_git(path, "rev-list", "beads").split("\n")
    }
    a, b = copied(town, tmp_path / "calm")
    count, died = effects_of(b.sync)
    assert not died
    wanted = plain(settled(a, b, commits))
    assert count > 20
    for effect in points(count):
        place = tmp_path / str(effect)
        a, b = copied(town, place)
        _, died = effects_of(b.sync, effect)
        assert died
        assert plain(settled(a, b, commits)) == wanted, f"killed at effect {effect} of {count}"
        shutil.rmtree(place)


def test_a_gt_that_dies_while_the_remote_accepts(town: Shared, tmp_path: Path) -> None:
    b = machine(town.hub.parent / "b", "b")
    pid = tmp_path / "pid"
    town.git_hook("post-receive", f"kill -9 $(cat {pid})")

    def deed() -> None:
        pid.write_text(str(os.getpid()))
        b.sync()

    before = b.tip()
    child = os.fork()
    if child == 0:
        try:
            deed()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    town.git_hook("post-receive", "")
    assert b.tip() == before
    report = b.sync()
    assert b.tip() == town.tip()
    # What was refused by the one that died is told by the one that goes on.
    assert [each.bead for each in report.account.refused] == [bead_id(0)]


def test_what_was_committed_by_a_gt_that_died_is_sent_by_the_next(town: Shared) -> None:
    b = machine(town.hub.parent / "b", "b")
    for effect in (1, 12):
        effects_of(lambda number=effect: b.create(20 + number), effect)  # type: ignore[misc]
    kept = b.beads()
    b.sync()
    assert kept.keys() <= set(b.beads())
    assert b.tip() == town.tip()
