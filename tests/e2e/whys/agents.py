"""What is ready, and whose agent isn't, or has no room or no money."""

from __future__ import annotations

from tests.e2e.whys.leased import BUSY
from tests.e2e.whys.opened import Playing
from tests.e2e.whys.stage import HOUR, SETTINGS, Stage, situation

KEYLESS = "echo 'the API key has expired' >&2; exit 9"
FAILS = SETTINGS.replace(
    "grace: 1s", "grace: 1s, failures: [{result: infra, reason: the key has expired, codes: [9]}]"
)


def ailing(town: Stage, times: int) -> str:
    """A ready Bead whose agent failed so often for want of a key."""
    town.settle(FAILS.replace("backoff: 1h", "backoff: 1s"))
    for number in range(times):
        town.at(number * 10 * HOUR)
        town.work(town.create(f"try {number}"), KEYLESS)
    return town.create("a", "echo a > a")


@situation("the town has no agent of that name")
def no_agent(town: Stage) -> Playing:
    yield town.create("a", "", "--agent", "nobody")


@situation("the town names no agent")
def none(town: Stage) -> Playing:
    bead = town.create("a")
    town.settle(SETTINGS.replace("agent: sh\n", ""))
    yield bead


@situation("its agent's program isn't on PATH")
def no_program(town: Stage) -> Playing:
    town.settle(SETTINGS.replace("command: [sh, AGENT]", "command: [nosuch, --yolo]"))
    yield town.create("a")


@situation("its agent is at its limit")
def limit(town: Stage) -> Playing:
    town.settle(SETTINGS.replace("grace: 1s", "grace: 1s, limit: 1"))
    other, bead = town.create("first", BUSY), town.create("a")
    with town.beside("work", other, ready="begun"):
        typed = yield bead
        assert other in typed()
        town.gt("stop", other)


@situation("the town has no room for another attempt")
def room(town: Stage) -> Playing:
    town.settle(SETTINGS.replace("concurrent: 4", "concurrent: 1"))
    other, bead = town.create("first", BUSY), town.create("a")
    with town.beside("work", other, ready="begun"):
        typed = yield bead
        assert other in typed()
        town.gt("stop", other)


@situation("its agent rests after failures that were none of the work's")
def rests(town: Stage) -> Playing:
    yield ailing(town, 3)


@situation("its agent is on trial, and tries another Bead")
def trial(town: Stage) -> Playing:
    bead = ailing(town, 3)
    town.at(40 * HOUR)
    other = town.create("first", BUSY)
    with town.beside("work", other, ready="begun"):
        yield bead


@situation("its agent has failed its trials, too")
def tripped(town: Stage) -> Playing:
    yield ailing(town, 6)


@situation("its agent is at a limit that ends by itself")
def limited(town: Stage) -> Playing:
    town.settle(FAILS)
    other = town.create("first")
    town.work(other, "echo 'rate limit reached, retry after 3600 seconds' >&2; exit 9")
    yield town.create("a")


def costs(town: Stage, more: str) -> None:
    """An agent whose attempts cost 2 dollars each."""
    text = SETTINGS.replace(
        "  sh: {command: [sh, AGENT], prompt: stdin, deadline: 1m, grace: 1s}", "  sh: {preset: claude}"
    )
    town.settle(text.replace("concurrent: 4", f"concurrent: 4, {more}"))
    town.program(
        "claude",
        'cat > /dev/null; echo \'{"type": "result", "result": "cannot", "is_error": false, "total_cost_usd": 2.0}\'',
    )


@situation("the day's budget is spent")
def day(town: Stage) -> Playing:
    costs(town, "usd_per_day: 1")
    town.gt("work", town.create("first"), ok=(3,))
    typed = yield town.create("a")
    typed()
    town.at(25 * HOUR)


@situation("its own budget is spent")
def own(town: Stage) -> Playing:
    costs(town, "usd_per_bead: 1")
    bead = town.create("a")
    town.gt("work", bead, ok=(3,))
    town.at(2 * HOUR)
    yield bead
