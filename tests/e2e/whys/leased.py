"""What somebody works on, or did."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.e2e.town import wait_until
from tests.e2e.whys.opened import Playing
from tests.e2e.whys.stage import HOUR, Stage, situation

BUSY = (
    'echo begun; touch "$scripts/begun"; while test ! -e "$scripts/enough"; do sleep 0.05; done; echo a > a'
)
"""An agent that works until the file `enough` is there."""


def claimed(town: Stage, bead: str, *options: str) -> Path:
    """The worktree of a person's claim."""
    return Path(town.here("claim", bead, *options, "--json").data["status"]["lease"]["worktree"])


@situation("an attempt is under way")
def attempt(town: Stage) -> Playing:
    bead = town.create("a", BUSY)
    with town.beside("work", bead, ready="begun"):
        log = next((town.common / "gt" / "log").rglob(f"*{bead}*"))
        wait_until(
            lambda: b"begun" in b"".join(p.read_bytes() for p in log.parent.rglob("*") if p.is_file()),
            "output",
        )
        typed = yield bead
        assert "begun" in typed()
        town.gt("stop", bead)


@situation("a person works on it")
def person(town: Stage) -> Playing:
    bead = town.create("a")
    place = claimed(town, bead)
    yield bead
    town.commit({"a": "a\n"}, cwd=place)


@situation("its lease is over, and its holder may still hand in")
def grace(town: Stage) -> Playing:
    bead = town.create("a")
    place = claimed(town, bead, "--for", "1h")
    town.at(HOUR + 30)
    yield bead
    town.commit({"a": "a\n"}, cwd=place)


@situation("its lease is over, and its holder is late")
def late(town: Stage) -> Playing:
    bead = town.create("a")
    claimed(town, bead, "--for", "1h")
    town.at(2 * HOUR)
    yield bead


@situation("an attempt goes on though its lease is over")
def overdue(town: Stage) -> Playing:
    bead = town.create("a", BUSY)
    with town.beside("work", bead, ready="begun"):
        town.at(2 * HOUR)
        yield bead


@situation("an attempt died")
def died(town: Stage) -> Playing:
    bead = town.create("a", BUSY)
    with town.beside("work", bead, ready="begun") as work:
        lease = town.bead(bead)["status"]["lease"]
        os.kill(lease["pid"], signal.SIGKILL)
        work.wait(30)
        for pid in _of(bead):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: town.data("status")["attempts"][0]["liveness"] == "dead", "its death")
        yield bead


def _of(bead: str) -> list[int]:
    """The processes that an attempt at this Bead started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"GT_BEAD={bead}\0".encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


@situation("an attempt that is over still runs")
def zombie(town: Stage) -> Playing:
    bead = town.create("a", BUSY)
    with town.beside("work", bead, ready="begun") as work:
        before = town.git("rev-parse", "beads~1")
        # Its lease vanishes from the ledger, as it does where another clone's word is taken.
        town.git("update-ref", "refs/heads/beads", before)
        os.kill(work.pid, signal.SIGSTOP)
        try:
            yield bead
            town.at(HOUR)
            town.here("reconcile", ok=(10, 11, 12))
            work.wait(30)
            town.play(bead, "echo b > b")
        finally:
            if work.poll() is None:
                os.kill(work.pid, signal.SIGCONT)
