"""A simulated town for real: a repository, submissions and gates by the same truth, and `gt merge` itself."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gt.core.bead import Attempt, Phase, Result, Status, Submission
from gt.core.ids import submission_ref
from gt.drive.merge import run
from gt.store.ledger import Ledger
from tests.conftest import NOW, run_git
from tests.sim.dice import CHANGES
from tests.sim.events import Town, told
from tests.sim.ours import Ours
from tests.sim.referee import Referee
from tests.sim.truth import Truth
from tests.store.scenes import ALICE, bead, new_ledger, write

TOKEN = "1-aaaa"
GATE = Path(__file__).with_name("gate.py")


@dataclass(frozen=True, slots=True)
class Ground:
    """The town of a truth, before anything was merged."""

    ledger: Ledger
    book: Path
    names: dict[str, str]
    """The change that each Bead submits."""


def ground(path: Path, truth: Truth, slots: int, seed: int) -> Ground:
    """Make it in an empty directory: all changes are submitted there, each a file of its own on the first commit."""
    assert all(at == 0 for at, _ in truth.arrivals), "all are there from the start"
    repo, book = path / "town", path / "book"
    for each in (repo, book):
        each.mkdir(parents=True)
    (path / "truth.json").write_text(
        json.dumps(
            {
                "book": str(book),
                "seed": seed,
                "bad": sorted(truth.bad),
                "pairs": sorted(map(sorted, truth.pairs)),
                "flake": truth.flake,
                "slip": truth.slip,
            }
        )
    )
    command = [sys.executable, "-S", str(GATE), str(path / "truth.json")]
    run_git(repo, "init", "-q", "-b", "dev")
    run_git(repo, "config", "gt.target", "main")
    changes = [change for _, change in truth.arrivals]
    beads = [bead(number) for number, _ in enumerate(changes, 1)]
    refs = [submission_ref(each.id, TOKEN) for each in beads]
    stream = "".join(_commits(_settings(slots, command), dict(zip(refs, changes, strict=True))))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo, input=stream.encode(), check=True)
    base, *made = run_git(repo, "rev-parse", "refs/heads/main", *refs).split()
    submitted = []
    for new, change, commit in zip(beads, changes, made, strict=True):
        agent = truth.agents[change].replace(" ", "-")
        branch = f"gt/{new.id}/{TOKEN}"
        sub = Submission(TOKEN, commit, branch, "main", base, "", "merge", NOW, f"{agent} <>", agent)
        tried = Attempt(TOKEN, agent, NOW, NOW, Result.SUBMITTED, head=commit, commits=1)
        submitted.append(replace(new, status=Status(Phase.SUBMITTED, submission=sub, attempts=(tried,))))
    ledger = new_ledger(repo)
    write(ledger, *submitted).close()
    return Ground(ledger, book, {new.id: change for new, change in zip(beads, changes, strict=True)})


def same(path: Path, truth: Truth, slots: int, seed: int) -> list[str]:
    """Play a town in the simulator and for real, in an empty directory: all goes the same; returns what happened.

    Raises PersonCalled, before anything is done for real, where the gates lie so often that the target seems red: what a merge does
    then isn't simulated.
    """
    town, ours = Town(truth, slots, seed), Ours()
    score = town.play(ours)
    if ours.calls_to_people:
        raise PersonCalled
    real = play(ground(path, truth, slots, seed), seed)
    assert real.tale == town.tale
    assert real.runs == score.runs
    return real.tale


class PersonCalled(Exception):
    """It doesn't go on by itself."""


def play(it: Ground, seed: int) -> Referee:
    """Merge it all; returns the referee, who has seen what happened."""
    referee = Referee(it.book, seed)

    def tell(line: str) -> None:
        name, what = line.split()[:2]
        referee.tale.append(told({"landed": "land", "rejected": "reject"}[what], [it.names[name]]))

    with referee.at_work():
        report = run(
            it.ledger.repo,
            it.ledger,
            actor=ALICE,
            clock=referee.clock,
            environ=dict(os.environ),
            say=lambda _: None,
            tell=tell,
            ticks=referee.ticks,
        )
    assert not report.left, (report.trouble, report.left)
    return referee


def _settings(slots: int, command: list[str]) -> str:
    run = json.dumps(shlex.join(command))
    return f"apiVersion: gt/v1\ngates: [{{name: truth, run: {run}}}]\nrefinery: {{slots: {slots}}}\n"


def _commits(settings: str, changes: dict[str, str]) -> Iterator[str]:
    """For git fast-import: the first commit, and on top of it one for each ref with its change."""
    who = f"committer Alice <alice@example.com> {NOW} +0000\n"
    yield f"commit refs/heads/main\nmark :1\n{who}data 5\nfirst\n"
    yield f"M 100644 inline .gt/town.yaml\ndata {len(settings)}\n{settings}\n"
    for ref, change in changes.items():
        yield f"commit {ref}\n{who}data 4\nwork\nfrom :1\nM 100644 inline {CHANGES}/{change}\ndata 0\n\n"
