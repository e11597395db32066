"""Whatever happens in whatever order: no landing breaks what its parent didn't, nor is red without somebody's waiver."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from gt.core.bead import Result
from gt.core.state import TownState, Waiver
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE

GATES = ("one", "two")
SETTINGS = town(
    *(f'{{name: {name}, run: "test ! -e red-{name}"}}' for name in GATES), more="refinery: {slots: 2}\n"
)


def reds(yard: Scene, commit: str) -> set[str]:
    """The gates that this commit is red for, in truth."""
    return {name for name in GATES if f"red-{name}" in yard.files(commit)}


def happens(yard: Scene, random: Random, now: int) -> None:
    """Something that people, agents or the world do."""
    gate = random.choice(GATES)
    has = f"red-{gate}" in yard.files()
    state = yard.look().state
    match random.choice(("good", "good", "bad", "bad", "mend", "push", "waive", "waive", "waive", "end")):
        case "good":
            yard.submit({f"good-{yard.number}": ""})
        case "bad":
            yard.submit({f"bad-{yard.number}": "", **({} if has else {f"red-{gate}": ""})})
        case "mend" if has:
            yard.submit({f"red-{gate}": None})
        case "push":
            yard.push({f"red-{gate}": None if has else ""})
        case "waive":
            until = now + random.choice((50, 5000))
            others = [each for each in state.waivers if each.gate != gate]
            made = Waiver("main", gate, ALICE, "known", now, until, yard.tip())
            yard.state(TownState(waivers=(*others, made)))
        case "end":
            yard.state(TownState(waivers=tuple(each for each in state.waivers if each.gate != gate)))


@pytest.mark.parametrize("seed", [10])
def test_no_landing_is_worse_than_its_parent(repo_path: Path, seed: int) -> None:
    yard, random, now = scene(repo_path, SETTINGS), Random(seed), NOW + 1000
    for _ in range(8):
        for _ in range(random.randint(1, 3)):
            happens(yard, random, now)
        state, start = yard.look(now).state, yard.tip()
        report = yard.merge(now=now)
        waived = {each.gate for each in state.waived(now)}
        for commit in yard.git("rev-list", "--first-parent", "--reverse", f"{start}..main").split():
            worse = reds(yard, commit) - reds(yard, f"{commit}^1")
            assert not worse, f"{commit} broke {worse}"
            assert reds(yard, commit) <= waived, "and nobody let that be"
        for each in report.rejected:
            if each.result is Result.RED:
                with yard.ledger.read() as snapshot:
                    head = snapshot.get(each.bead).status.attempts[-1].head
                assert head is not None
                assert reds(yard, head) - reds(yard, yard.git("merge-base", head, "main")), "innocent"
        now += random.choice((10, 100, 4000))
