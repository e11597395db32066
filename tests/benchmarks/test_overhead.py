"""What the Refinery takes besides its gates, against the git plumbing that the same landings need."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gt.git.repo import discover
from gt.refinery.outcomes import everything
from tests.benchmarks.ratios import Ratio, settle
from tests.conftest import run_git
from tests.refinery.merging import Scene
from tests.store.scenes import new_ledger

pytestmark = pytest.mark.bench

FILES, FOLDERS = 1000, 40
SETTINGS = 'apiVersion: gt/v1\ngates: [{name: test, run: "test ! -e bad"}]\nrefinery: {slots: 1}\n'
BAD = 20
"""One in so many is red."""

ENV = {
    **os.environ,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@x",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@x",
}


@dataclass(frozen=True)
class Queue:
    """A town with so many submissions."""

    path: Path
    commits: tuple[str, ...]
    beads: tuple[str, ...]
    """The paths of their files in the ledger."""

    out: str = "dev"
    """The branch that is checked out."""

    def copy(self, place: Path) -> Path:
        for left in (place, place.with_name(f"{place.name}.gt")):
            shutil.rmtree(left, ignore_errors=True)
        shutil.copytree(self.path, place, symlinks=True)
        run_git(place, "checkout", "-q", self.out)
        return place


def queue(path: Path, count: int, *, bad: bool) -> Queue:
    """1,000 files on the target, and submissions that each change one of them."""
    path.mkdir(parents=True)
    run_git(path, "init", "-q", "-b", "main")
    for number in range(FILES):
        file = path / name(number)
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{number}\n" * 20)
    (path / ".gt").mkdir()
    (path / ".gt" / "town.yaml").write_text(SETTINGS)
    run_git(path, "add", ".")
    run_git(path, "commit", "-q", "-m", "all")
    run_git(path, "checkout", "-q", "-b", "dev")
    run_git(path, "config", "gt.target", "main")
    town = Scene(path, new_ledger(path))
    made = []
    for number in range(count):
        red: dict[str, str | None] = {f"bad/{number}": ""} if bad and number % BAD == BAD // 2 else {}
        made.append(town.submit({name(number): f"changed {number}\n", **red}))
    run_git(path, "gc", "-q")
    commits = tuple(bead.status.submission.commit for bead in made if bead.status.submission)
    beads = [each for each in run_git(path, "ls-tree", "-r", "--name-only", "beads").split() if "gt-" in each]
    return Queue(path, commits, tuple(beads))


def name(number: int) -> str:
    return f"d{number % FOLDERS:02}/f{number:04}.txt"


@dataclass(frozen=True)
class Merged:
    """What a `gt merge` has done, and the seconds that it took besides its gates, from the start of its process."""

    seconds: float
    runs: int
    landings: int
    decided: int


def ours(path: Path) -> Merged:
    start = time.perf_counter()
    argv = [sys.executable, "-m", "gt", "merge", "--json"]
    ran = subprocess.run(argv, cwd=path, env=ENV, capture_output=True, text=True, check=False)
    took = time.perf_counter() - start
    told = json.loads(ran.stdout)
    gates = [each.seconds for each in everything(discover(path))]
    landings = len({each["commit"] for each in told["landed"]})
    return Merged(took - sum(gates), len(gates), landings, len(told["landed"]) + len(told["rejected"]))


def plumbing(path: Path, made: Queue, runs: int, landings: int) -> None:
    """What git itself takes to do as much: nothing is looked up, decided, checked or locked.

    For each submission a merge in memory, its footprint, and the commit that lands; for each gate run a worktree
    with a new index and every file written; for each landing the branch moved, with the files where it is checked out,
    and one commit of the ledger.
    """

    def git(*args: str, stdin: str = "", env: dict[str, str] | None = None) -> str:
        how = {"cwd": path, "env": env or ENV, "input": stdin, "capture_output": True, "text": True}
        ran = subprocess.run(["git", *args], check=True, **how)  # type: ignore[call-overload]
        out: str = ran.stdout
        return out.strip()

    at = start = git("rev-parse", "refs/heads/main")
    for commit in made.commits:
        tree = git("merge-tree", "--write-tree", at, commit).splitlines()[0]
        git("diff-tree", "-r", "-z", "--no-renames", at, tree)
        at = git("commit-tree", tree, "-p", at, "-p", commit, stdin="land")
    slot = path.parent / f"{path.name}.slot"
    git("worktree", "add", "-q", "--no-checkout", "--detach", str(slot), at)
    for _ in range(runs):
        (path / ".git" / "worktrees" / slot.name / "index").unlink(missing_ok=True)
        git("-C", str(slot), "read-tree", "--reset", "-u", at)
        git("-C", str(slot), "clean", "-ffdxq")
    index = {**ENV, "GIT_INDEX_FILE": str(path / ".git" / "plumbing-index")}
    share = max(1, len(made.beads) // max(1, landings))
    for number in range(landings):
        if made.out == "main":
            git("read-tree", "-m", "-u", start if number == 0 else at, at)
        git("update-ref", "refs/heads/main", at)
        tip = git("rev-parse", "refs/heads/beads")
        git("read-tree", tip, env=index)
        mine = made.beads[number * share : (number + 1) * share]
        lines = []
        for bead in mine:
            oid = git("hash-object", "-w", "--stdin", stdin=f"landed {bead} {number}\n")
            lines.append(f"100644 {oid}\t{bead}\n")
        git("update-index", "--add", "--index-info", stdin="".join(lines), env=index)
        new = git("commit-tree", git("write-tree", env=index), "-p", tip, stdin="landed")
        git("update-ref", "refs/heads/beads", new, tip)


@dataclass(frozen=True)
class Spent:
    """Seconds, medians of several rounds that took turns."""

    ours: float
    theirs: float


def measured(made: Queue, place: Path, rounds: int) -> Spent:
    mine, theirs = [], []
    for _ in range(rounds):
        merged = ours(made.copy(place / "ours"))
        assert merged.decided == len(made.commits)
        mine.append(merged.seconds)
        copy = made.copy(place / "theirs")
        start = time.perf_counter()
        plumbing(copy, made, merged.runs, merged.landings)
        theirs.append(time.perf_counter() - start)
        run_git(copy, "worktree", "remove", "--force", str(place / "theirs.slot"))
    return Spent(statistics.median(mine), statistics.median(theirs))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.parametrize("out", ["dev", "main"], ids=["", "checked out"])
@pytest.mark.parametrize("bad", [False, True], ids=["all green", "one in 20 red"])
def test_overhead(place: Path, bad: bool, out: str) -> None:
    spent = measured(replace(queue(place / "64", 64, bad=bad), out=out), place, 5)
    what = f"merge of 64, {'one in 20 red' if bad else 'all green'}{', checked out' if out == 'main' else ''}"
    settle(Ratio(what, spent.ours, spent.theirs, "git plumbing", 2))


def test_it_grows_no_worse_than_linearly(place: Path) -> None:
    few = measured(queue(place / "16", 16, bad=True), place, 5)
    many = measured(queue(place / "256", 256, bad=True), place, 3)
    settle(Ratio("merge, each of 256", many.ours / 256, few.ours / 16, "each of 16", 1))
