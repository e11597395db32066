"""`kill -9` at any moment, then `gt run` again: the end is the same as if nothing had happened.

`GT_CRASH_ROUNDS` says how many moments are tried; they are drawn from a seed, spread over an undisturbed run.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.checks import check_town, story
from tests.e2e.conftest import NewTown, copied
from tests.e2e.town import Town

pytestmark = pytest.mark.e2e

ROUNDS = int(os.environ.get("GT_CRASH_ROUNDS", "12"))


SCRIPTS = {
    "one": "echo 1 > one; sleep 0.1; git add one; git commit -qm one; sleep 0.1; echo 1 > one-more",
    "two": "cat one > two; sleep 0.1",
    "three": "echo 3 > three; if grep -q 'something bad' \"$scripts/$GT_BEAD.$GT_TOKEN.prompt\"; then git rm -qf --ignore-unmatch bad; "
    "else sleep 0.1; echo x > bad; fi",
    "four": "sleep 0.2; echo 4 > four",
}
"""Independent, dependent, red at first, and one more beside them; each takes a moment in pieces."""


def build(new_town: NewTown, *titles: str) -> Town:
    """A town with these Beads; `two` needs `one`."""
    town = new_town("base")
    made: dict[str, str] = {}
    for title in titles:
        needs = ("--needs", made["one"]) if title == "two" else ()
        made[title] = town.create(title, SCRIPTS[title], *needs)
    return town


def kill_at(town: Town, moment: float, whole_group: bool, *args: str) -> bool:
    """Starts a command and kills it after so many seconds; whether it still ran then."""
    process = town.start(*args)
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    return False


def rounds(name: str, count: int, longest: float) -> list[tuple[int, float]]:
    """The moments, the same for every run of the tests but for the pace of the machine."""
    dice = random.Random(name)
    return [(number, longest * (number + dice.random()) / count) for number in range(count)]


def tried(
    base: Town,
    tmp_path: Path,
    count: int,
    args: Callable[[Town], tuple[str, ...]],
) -> None:
    """Kills the command at `count` moments, each in a copy of the town."""
    calm = copied(base, tmp_path / "calm")
    begun = time.monotonic()
    calm.gt(*args(calm), ok=(0, 3, 10, 20), limit=120)
    length = time.monotonic() - begun
    calm.run(ok=(0,))
    wanted = story(calm)
    assert {phase for _, phase, *_ in wanted["beads"]} == {"landed"}
    killed = 0
    for number, moment in rounds(args(base)[0], count, length):
        town = copied(base, tmp_path / f"{number}")
        killed += kill_at(town, moment, number % 2 == 1, *args(town))
        try:
            town.run(ok=(0,))
            assert story(town) == wanted
            check_town(town)
        except AssertionError as error:
            raise AssertionError(
                f"killed after {moment:.3f} s of {length:.3f} s, round {number}\n{error}"
            ) from error
    assert killed >= count // 2


def titled(town: Town, title: str) -> str:
    return next(name for name, bead in town.beads().items() if bead["spec"]["title"] == title)


@pytest.mark.parametrize("part", range(2))
def test_run_is_killed_and_run_again(new_town: NewTown, tmp_path: Path, part: int) -> None:
    # In two parts, so that two workers share the longest test.
    tried(
        build(new_town, *SCRIPTS),
        tmp_path,
        max(1, ROUNDS // 2),
        lambda _: ("run", "--yes", f"-j{part + 3}"),
    )


def test_work_is_killed(new_town: NewTown, tmp_path: Path) -> None:
    tried(
        build(new_town, "one", "two"),
        tmp_path,
        max(1, ROUNDS // 3),
        lambda town: ("work", titled(town, "one")),
    )


def test_merge_is_killed(new_town: NewTown, tmp_path: Path) -> None:
    base = build(new_town, "one", "three")
    for title in ("one", "three"):
        base.gt("work", titled(base, title))
    tried(base, tmp_path, max(1, ROUNDS // 3), lambda _: ("merge",))
