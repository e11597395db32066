"""What is proposed or open: ready, or waiting for something that isn't an agent."""

from __future__ import annotations

import re
import time
from collections.abc import Generator

from gt.core.when import format_time
from tests.e2e.whys.stage import HOUR, SETTINGS, Hint, Stage, situation

Playing = Generator[str, Hint, None]


def ghost(town: Stage, bead: str, field: str) -> None:
    """Make it refer to a Bead that isn't there, as an edit of another clone's can."""
    value = "gt-00000000" if field == "parent" else "\n  - gt-00000000"
    town.by_hand(bead, lambda text: re.sub(r"(?m)^spec:\n", f"spec:\n  {field}: {value}\n", text))


def soon() -> str:
    """In an hour."""
    return format_time(int(time.time()) + HOUR)


def wontfix(town: Stage, bead: str) -> str:
    town.here("close", bead, "--reason", "wontfix")
    return bead


@situation("an agent or a person has proposed it")
def proposed(town: Stage) -> Playing:
    yield town.here("propose", "maybe").out.strip()


@situation("nothing is in its way")
def ready(town: Stage) -> Playing:
    bead = town.create("ready", "echo a > a")
    yield bead


@situation("others are given work before it")
def later(town: Stage) -> Playing:
    town.settle(SETTINGS.replace("concurrent: 4", "concurrent: 1"))
    town.create("first", "echo a > a", "--priority", "1")
    yield town.create("later", "echo b > b")


@situation("a person holds it")
def held(town: Stage) -> Playing:
    yield town.create("held", "", "--hold")


@situation("it is deferred")
def deferred(town: Stage) -> Playing:
    bead = town.create("later", "", "--defer", soon())
    yield bead
    town.at(3 * HOUR)


@situation("it needs a Bead that is ready")
def needs(town: Stage) -> Playing:
    other = town.create("first", "echo a > a")
    yield town.create("second", "echo b > b", "--needs", other)


@situation("it needs a Bead that is stuck")
def needs_stuck(town: Stage) -> Playing:
    other = town.create("first", "", "--attempts", "1")
    town.work(other, "gt fail -r 'no dictionary'")
    yield town.create("second", "", "--needs", other)


@situation("it needs a Bead that was closed as another than done")
def needs_closed(town: Stage) -> Playing:
    other = town.create("first")
    bead = town.create("second", "", "--needs", other)
    wontfix(town, other)
    yield bead


@situation("it needs a Bead whose landing was taken away")
def needs_taken_away(town: Stage) -> Playing:
    other = town.offer({"a": "a"})
    town.gt("merge")
    town.git("reset", "-q", "--hard", "main~1")
    town.here("reconcile", ok=(10, 12, 20))
    town.gt("ack", "--all")
    typed = yield town.create("second", "echo b > b", "--needs", other)
    typed()


@situation("it needs a Bead that landed on another branch")
def needs_elsewhere(town: Stage) -> Playing:
    town.git("branch", "release")
    town.git("config", "--add", "gt.target", "release")
    other = town.create("first", "echo a > a", "--base", "release")
    town.work(other, "echo a > a")
    town.gt("merge", "--target", "release")
    typed = yield town.create("second", "echo b > b", "--needs", other)
    assert "release" in typed()
    town.git("merge", "-q", "-m", "over", "release")


@situation("it needs a Bead that isn't there")
def needs_nobody(town: Stage) -> Playing:
    bead = town.create("second")
    ghost(town, bead, "needs")
    yield bead


@situation("it and what it needs wait for each other")
def cycle(town: Stage) -> Playing:
    one = town.create("one")
    two = town.create("two", "", "--needs", one)
    town.by_hand(one, lambda text: re.sub(r"(?m)^spec:\n", f"spec:\n  needs:\n  - {two}\n", text))
    typed = yield one
    assert f"{one} -> {two}" in typed()
    town.here("dep", "rm", one, two)


@situation("its parent is held")
def parent_held(town: Stage) -> Playing:
    epic = town.create("epic", "", "--type", "epic", "--hold")
    yield town.create("child", "", "--parent", epic)


@situation("its parent is deferred")
def parent_deferred(town: Stage) -> Playing:
    epic = town.create("epic", "", "--type", "epic", "--defer", soon())
    bead = town.create("child", "", "--parent", epic)
    yield bead
    town.at(3 * HOUR)


@situation("its parent needs another")
def parent_needs(town: Stage) -> Playing:
    other = town.create("first", "echo a > a")
    epic = town.create("epic", "", "--type", "epic", "--needs", other)
    yield town.create("child", "echo b > b", "--parent", epic)


@situation("its parent is only proposed")
def parent_proposed(town: Stage) -> Playing:
    epic = town.here("propose", "epic", "--type", "epic").out.strip()
    yield town.create("child", "", "--parent", epic)


@situation("its parent isn't there")
def parent_gone(town: Stage) -> Playing:
    bead = town.create("child")
    ghost(town, bead, "parent")
    yield bead


@situation("it comes after its children")
def children(town: Stage) -> Playing:
    bead = town.create("parent", "echo a > a")
    town.create("child", "echo b > b", "--parent", bead)
    yield bead


@situation("an epic holds nothing yet")
def empty(town: Stage) -> Playing:
    bead = town.create("epic", "", "--type", "epic")
    typed = yield bead
    typed(TITLE="a part of it")


@situation("all that an epic holds is over, and something was done")
def over(town: Stage) -> Playing:
    bead = town.create("epic", "", "--type", "epic")
    town.here("close", town.create("child", "", "--parent", bead))
    yield bead


@situation("all that an epic holds is over, and nothing was done")
def undone(town: Stage) -> Playing:
    bead = town.create("epic", "", "--type", "epic")
    wontfix(town, town.create("child", "", "--parent", bead))
    yield bead


@situation("a Convoy has arrived")
def arrived(town: Stage) -> Playing:
    bead = town.create("convoy", "", "--type", "convoy")
    town.here("close", town.create("child", "", "--parent", bead))
    yield bead


@situation("a decision")
def decision(town: Stage) -> Playing:
    yield town.create("which?", "", "--type", "decision")


@situation("the town is paused")
def paused(town: Stage) -> Playing:
    bead = town.create("a")
    town.here("pause", "--reason", "lunch")
    yield bead


@situation("the town is paused for a while")
def paused_until(town: Stage) -> Playing:
    bead = town.create("a")
    town.here("pause", "--reason", "lunch", "--for", "1h")
    yield bead


@situation("it is to land on what is no target of this clone")
def no_target(town: Stage) -> Playing:
    town.git("branch", "release")
    town.git("config", "--add", "gt.target", "release")
    bead = town.create("a", "", "--base", "release")
    town.git("config", "--unset", "gt.target", "release")
    yield bead


@situation("it needs a Bead whose file can't be read")
def unreadable(town: Stage) -> Playing:
    broken = town.create("b")
    bead = town.create("a", "", "--needs", broken)
    town.by_hand(broken, lambda _: "not a Bead\n")
    typed = yield bead
    (repair,) = re.findall(r"gt (repair \S+)", typed())
    town.here(*repair.split(), "--yes")
