"""Landings that git refuses: kept, told to a person once, and not tried for ever; who is good lands all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.core.calls import calls
from gt.core.world import Standing
from gt.drive.merge import look
from gt.drive.observe import observe
from gt.refinery import refusals
from gt.verbs.gc import gc
from tests.conftest import NOW
from tests.drive.machines import Fleet, Machine, fleet
from tests.drive.test_shared_merge import offer
from tests.refinery.merging import Scene
from tests.store.scenes import ALICE, bead_id

LATER = NOW + 10 * 365 * 86400
NO_BIG = 'while read old new ref; do git ls-tree -r --name-only "$new" | grep -q big && { echo no big files; exit 1; }; done; exit 0'
"""A git hook of a remote that is against some content."""


@pytest.fixture
def town(repo_path: Path) -> Fleet:
    return fleet(repo_path, beads=4, coordination="local")


def standings(machine: Machine) -> dict[str, tuple[Standing, str]]:
    queued = look(machine.repo, machine.ledger, machine.now).queue.queued
    return {each.bead: (each.standing, each.cause) for each in queued}


def called(machine: Machine) -> list[tuple[str, str, str | None]]:
    world = observe(machine.repo, machine.ledger, machine.now)
    return [(call.subject, call.reason, call.hint) for call in calls(world)]


def test_what_the_remote_refuses_is_held_and_calls_for_a_person(town: Fleet) -> None:
    a = town.first
    offer(a, bead_id(1), {"big": "x\n"})
    town.git_hook("pre-receive", NO_BIG)
    before = town.tip()
    report = a.merge()
    assert (report.exit_code, report.landed, town.tip(), a.tip()) == (20, [], before, before)
    assert standings(a) == {bead_id(1): (Standing.HELD, "refused")}
    assert "no big files" in report.left[0].why
    assert called(a) == [(bead_id(1), "held-refused", "gt merge --again")]
    again = a.merge()
    assert (again.exit_code, again.runs) == (20, [])
    town.git_hook("pre-receive", "exit 0")
    assert a.merge(again=True).exit_code == 0
    assert a.get(bead_id(1)).phase is Phase.LANDED


def test_of_several_only_the_one_that_it_is_about_is_held(town: Fleet) -> None:
    a = town.first
    for n in range(1, 5):
        offer(a, bead_id(n), {"big" if n == 2 else f"f{n}": "x\n"})
    town.git_hook("pre-receive", NO_BIG)
    report = a.merge()
    assert {bead for bead, _, _ in report.landed} == {bead_id(n) for n in (1, 3, 4)}
    assert standings(a) == {bead_id(2): (Standing.HELD, "refused")}


def test_a_remote_that_takes_nothing_is_one_call_not_many(town: Fleet) -> None:
    a = town.first
    for n in range(1, 5):
        offer(a, bead_id(n), {f"f{n}": "x\n"})
    town.git_hook("pre-receive", "echo the branch is frozen; exit 1")
    report = a.merge()
    assert (report.exit_code, report.landed) == (20, [])
    assert set(standings(a).values()) == {(Standing.WAITING, "refused-target")}
    assert called(a) == [("target:main", "refused", "gt merge --again")]
    assert a.merge().runs == []
    town.git_hook("pre-receive", "exit 0")
    assert a.merge(again=True).exit_code == 0


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_key_that_is_missing_is_asked_for_once(yard: Scene, count: int) -> None:
    for n in range(count):
        yard.submit({f"f{n}": ""})
    for setting in ("commit.gpgSign=true", "gpg.format=ssh", "user.signingKey=/nowhere"):
        yard.git("config", *setting.split("="))
    report = yard.merge()
    assert (report.exit_code, report.landed) == (20, [])
    assert set(yard.causes().values()) == {"held refused" if count < 3 else "waiting refused-target"}
    runs = len(report.runs)
    yard.git("config", "commit.gpgSign", "false")
    assert yard.merge().runs == []
    again = yard.merge(again=True)
    assert (again.exit_code, len(again.landed), len(again.runs)) == (0, count, 0), runs


def test_a_refusal_is_cleared_away_once_its_bead_is_over(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    assert one.status.submission is not None
    name = refusals.name(one.id, one.status.submission)
    refusals.keep(yard.repo, name, refusals.Refusal(yard.tip(), "no"))
    gc(yard.repo, yard.ledger, actor=ALICE, now=LATER, age=0)
    assert refusals.kept(yard.repo, [name])
    assert yard.merge(again=True).exit_code == 0
    refusals.keep(yard.repo, name, refusals.Refusal(yard.tip(), "no"))
    gc(yard.repo, yard.ledger, actor=ALICE, now=LATER, age=0)
    assert refusals.kept(yard.repo, [name]) == {}
