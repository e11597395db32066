"""What an attempt left: open again, or stuck, or over."""

from __future__ import annotations

from tests.e2e.whys.opened import Playing
from tests.e2e.whys.stage import HOUR, SETTINGS, Stage, situation


@situation("its last attempt failed")
def failed(town: Stage) -> Playing:
    bead = town.create("a")
    town.work(bead, "gt fail -r 'no dictionary'")
    yield bead


@situation("its last attempt exited with an error and changed nothing")
def exited(town: Stage) -> Playing:
    bead = town.create("a")
    town.work(bead, "exit 3")
    yield bead


@situation("its last attempt changed nothing")
def unchanged(town: Stage) -> Playing:
    bead = town.create("a")
    town.work(bead, "true")
    yield bead


@situation("its last attempt showed no progress")
def stalled(town: Stage) -> Playing:
    town.settle(SETTINGS.replace("grace: 1s", "grace: 1s, stall: 1s"))
    bead = town.create("a")
    town.work(bead, "sleep 60")
    yield bead


@situation("its last attempt took too long")
def too_long(town: Stage) -> Playing:
    bead = town.create("a", "", "--deadline", "1s")
    town.work(bead, "sleep 60")
    yield bead


@situation("its last attempt was stopped by a person")
def stopped(town: Stage) -> Playing:
    from tests.e2e.whys.leased import BUSY

    bead = town.create("a", BUSY)
    with town.beside("work", bead, ready="begun") as work:
        town.gt("stop", bead)
        work.wait(30)
    town.play(bead, "echo a > a")
    yield bead


@situation("its attempts are spent")
def spent(town: Stage) -> Playing:
    bead = town.create("a", "", "--attempts", "1")
    town.work(bead, "gt fail -r 'no dictionary'")
    yield bead


@situation("its interruptions are spent")
def interrupted(town: Stage) -> Playing:
    from tests.e2e.whys.leased import BUSY

    town.settle(SETTINGS.replace("concurrent: 4", "concurrent: 4, interruptions: 1"))
    bead = town.create("a", BUSY)
    with town.beside("work", bead, ready="begun") as work:
        work.terminate()
        work.wait(30)
    yield bead


@situation("it asks a person")
def asks(town: Stage) -> Playing:
    bead = town.create("a")
    town.work(bead, "gt ask 'which colour?'")
    typed = yield bead
    typed(TEXT="blue")


@situation("two attempts in a row changed nothing")
def unchanged_twice(town: Stage) -> Playing:
    town.settle(SETTINGS.replace("backoff: 1h", "backoff: 1s"))
    bead = town.create("a")
    for number in range(2):
        town.at(number * HOUR)
        town.work(bead, "echo 'it is done already'")
    typed = yield bead
    typed(TEXT="look again")
