"""Submissions merged one on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Bead
from gt.refinery.train import Member, Train, Yardmaster
from tests.refinery.merging import Scene, scene


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def member(bead: Bead) -> Member:
    assert bead.status.submission is not None
    return Member(bead.id, bead.status.submission)


def train(yard: Scene, *beads: Bead) -> Train:
    return Yardmaster(yard.repo).train(yard.tip(), map(member, beads))


def test_each_car_has_those_before_it(yard: Scene) -> None:
    one, two = yard.submit({"a": "1"}), yard.submit({"b": "2"})
    made = train(yard, one, two)
    assert made.members == (member(one), member(two))
    assert [yard.files(car.commit) - yard.files() for car in made.cars] == [{"a"}, {"a", "b"}]
    assert [[change.path for change in car.changes] for car in made.cars] == [["a"], ["b"]]
    assert yard.git("rev-parse", f"{made.head}^1^1", f"{made.head}^2").split() == [
        yard.tip(),
        two.status.submission.commit if two.status.submission else "",
    ]


def test_it_is_the_same_however_often_it_is_made(yard: Scene) -> None:
    beads = [yard.submit({name: name}) for name in "abc"]
    assert train(yard, *beads) == train(yard, *beads)
    assert train(yard).head == yard.tip()


def test_who_conflicts_with_a_car_before_is_left_and_the_rest_go_on(yard: Scene) -> None:
    one, two, three = yard.submit({"x": "1"}), yard.submit({"x": "2"}), yard.submit({"y": "3"})
    made = train(yard, one, two, three)
    assert made.members == (member(one), member(three))
    assert [(left.member.bead, left.conflicts) for left in made.left] == [(two.id, ("x",))]
    other = train(yard, two, one)
    assert [left.member.bead for left in other.left] == [one.id]


def test_who_brings_nothing_new_is_left_without_a_conflict(yard: Scene) -> None:
    one, twin = yard.submit({"x": "1"}), yard.submit({"x": "1"})
    (left,) = train(yard, one, twin).left
    assert (left.member.bead, left.conflicts) == (twin.id, ())


def test_unrelated_histories_conflict(yard: Scene) -> None:
    alone = yard.submit({}, commit=yard.git("commit-tree", "main^{tree}", "-m", "alone"))
    (left,) = train(yard, alone).left
    assert left.conflicts


def test_a_coupling_is_made_once(yard: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    beads = [yard.submit({name: name}) for name in "abc"]
    master = Yardmaster(yard.repo)
    tip = yard.tip()
    first = master.train(tip, map(member, beads))
    monkeypatch.setattr("gt.refinery.train.merge_trees", None)
    monkeypatch.setattr("gt.refinery.train.merged_apart", None)
    assert master.train(tip, map(member, beads)) == first
    assert master.train(tip, map(member, beads[:2])).cars == first.cars[:2]
