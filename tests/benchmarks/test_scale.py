"""What a long history, other clones' commits and many writers at once cost, and how a repository grows."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase
from gt.git import housekeeping
from gt.git.repo import discover
from gt.store.ledger import Ledger
from tests.benchmarks import towns
from tests.benchmarks.ratios import Ratio, all_in_turns, in_turns, settle
from tests.benchmarks.test_ledger import editing
from tests.benchmarks.test_processes import BARE, Found, compiled, founded

__all__ = ["compiled", "founded"]

pytestmark = pytest.mark.bench

HISTORY = 100_000
WRITERS, TURNS = 16, 25


def git(path: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=path, check=True, capture_output=True, text=True).stdout.strip()


def test_a_long_history(founded: Found) -> None:
    """Beads change in ten commits each: all of them among a hundred thousand."""
    scene = founded(10_000)
    towns.extend(scene.path, scene.beads, HISTORY)
    scene.gt("ready")()
    bead = scene.one(Phase.OPEN)

    def grep() -> None:
        git(scene.path, "log", "-z", "--format=%H%x00%(trailers)", f"--grep=^Gt-Bead: {bead}$", "beads", "--")

    before, _ = in_turns(scene.gt("log", bead), grep, 3)
    scene.gt("gc")()
    deeds = (
        scene.bare,
        grep,
        scene.gt("log", bead),
        scene.gt("log", "-n", "20"),
        scene.gt("note", bead, "x"),
    )
    bare, grepped, after, last, note = all_in_turns(deeds, 5)
    settle(
        Ratio("gt log BEAD, 100k commits, no gc", before, bare, BARE),
        Ratio("gt log BEAD, 100k commits", after, grepped, "git log --grep", 1),
        Ratio("gt log BEAD, 100k commits", after, bare, BARE),
        Ratio("gt log -n 20, 100k commits", last, bare, BARE, 12),
        Ratio("gt note, 100k commits", note, bare, BARE, 16),
    )


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_commits_of_others(founded: Found, count: int) -> None:
    """An index that is behind is brought along by what changed, not by what there is."""
    scene = founded(count)
    ledger = Ledger(discover(scene.path))
    seeds = itertools.count(10)

    def after(commits: int) -> float:
        spent = []
        for _ in range(5):
            towns.extend(scene.path, scene.beads, commits, next(seeds))
            start = time.perf_counter()
            ledger.read().close()
            spent.append(time.perf_counter() - start)
        return sorted(spent)[2]

    warm, _ = in_turns(lambda: ledger.read().close(), lambda: None, 20)
    one = after(1)
    rows = [
        Ratio(f"read after {n} others' commits, {count // 1000}k", after(n), one, "after one")
        for n in (10, 100)
    ]
    settle(Ratio(f"read after an other's commit, {count // 1000}k", one, warm, "a warm read"), *rows)


def test_sixteen_writers(founded: Found) -> None:
    """None of what they write is lost, and none is refused but by a precondition."""
    scene = founded(10_000)
    free = iter([bead.id for bead in scene.beads if bead.phase is Phase.OPEN])
    mine = [[next(free) for _ in range(4)] for _ in range(WRITERS)]
    shared = next(free)

    def write(number: int) -> list[tuple[str, int, str]]:
        said = []
        for turn in range(TURNS):
            bead = mine[number][turn // 5 % 4]
            argv = (
                ("create", f"task {number}.{turn}"),
                ("note", shared, f"remark {number}.{turn}"),
                ("edit", bead, "--title", f"title {number}.{turn}"),
                ("claim", shared, "--for", "1h"),
                ("note", bead, f"remark {number}.{turn}"),
            )[turn % 5]
            env = scene.env | {"GT_ACTOR": f"person{number}"}
            command = [sys.executable, str(scene.script), *argv]
            done = subprocess.run(
                command, cwd=scene.path, env=env, capture_output=True, text=True, check=False
            )
            said.append((argv[0], done.returncode, done.stderr))
        return said

    def bare(_: int) -> None:
        for _ in range(TURNS):
            scene.bare()

    def at_once(deed: Callable[[int], object]) -> tuple[float, list[object]]:
        start = time.perf_counter()
        with ThreadPoolExecutor(WRITERS) as pool:
            said = list(pool.map(deed, range(WRITERS)))
        return time.perf_counter() - start, said

    theirs, _ = at_once(bare)
    ours, said = at_once(write)
    calls = [call for calls in said for call in calls]  # type: ignore[attr-defined]
    assert [call for call in calls if call[1] != 0 and call[0] != "claim"] == []
    assert {call[1] for call in calls if call[0] == "claim"} <= {0, 1, 75}
    assert sum(call[1] == 0 for call in calls if call[0] == "claim") >= 1
    with Ledger(discover(scene.path)).read() as snapshot:
        titles = {bead.spec.title for bead in snapshot.live()}
        remarks = {note.text for note in snapshot.get(shared).notes}
        remarks |= {note.text for own in mine for bead in own for note in snapshot.get(bead).notes}
    wanted = {f"{number}.{turn}" for number in range(WRITERS) for turn in range(TURNS)}
    assert {f"task {each}" for each in wanted if int(each.partition(".")[2]) % 5 == 0} <= titles
    assert {f"remark {each}" for each in wanted if int(each.partition(".")[2]) % 5 in (1, 4)} <= remarks
    settle(Ratio(f"{WRITERS} x {TURNS} writes at once", ours, theirs, f"{WRITERS} x {TURNS} {BARE}"))


def test_growth(tmp_path: Path) -> None:
    """No ratio of times: what commits take on disk, before git packs and after, and that it is bounded by itself."""
    git(tmp_path, "init", "-q", "town")
    path = tmp_path / "town"
    made: list[Bead] = list(towns.beads(1_000))
    towns.populate(path, made)
    start, commits = _size(path), 2_000
    edit = editing(path, made)
    peak = 0
    for _ in range(commits):
        edit()
        peak = max(peak, _size(path) - start)
    left = _size(path) - start
    housekeeping.pack(discover(path))
    packed = _size(path) - start
    print(
        f"\n{commits} commits: at most {peak >> 10} KiB while it went on, {left >> 10} KiB then,"
        f" {packed >> 10} KiB packed ({packed / commits:.0f} bytes a commit)"
    )
    assert packed < 2048 * commits
    assert int(git(path, "count-objects").split()[0]) < 100


def _size(path: Path) -> int:
    """Bytes on disk of all objects."""
    fields = dict(line.split(": ") for line in git(path, "count-objects", "-v").splitlines())
    return (int(fields["size"]) + int(fields["size-pack"])) << 10
