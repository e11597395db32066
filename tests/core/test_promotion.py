"""Which commit may go to a stage: every trail of three commits, and where stages may stand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from gt.core.promotion import Arrival, Decision, Evidence, Proof, Step, decide, places, ripened
from gt.core.town import StageSpec, Town

BAKE = 5
COMMITS = ("c", "b", "a")
"""The newest first."""
SPECS = tuple(
    StageSpec("staging", bake=bake, approve=approve) for bake in (0, BAKE) for approve in (False, True)
)

Case = tuple[tuple[Arrival, ...], StageSpec, Proof, int]


def cases() -> Iterator[Case]:
    """Came at 0, at 3 or nobody knows when, vouched for or not; every proof; before, while and after it bakes."""
    each = tuple(product((None, 0, 3), (False, True)))
    for facts in product(each, repeat=3):
        trail = tuple(Arrival(name, at, said) for name, (at, said) in zip(COMMITS, facts, strict=True))
        for spec, proof, now in product(SPECS, Proof, (3, 5, 8)):
            yield trail, spec, proof, now


def decided(
    trail: tuple[Arrival, ...], spec: StageSpec, proof: Proof, now: int
) -> tuple[Decision, list[str]]:
    asked: list[str] = []

    def evidence(commit: str) -> Evidence:
        asked.append(commit)
        return Evidence(proof, "gate smoke is red on it", 5 if proof is Proof.OPEN else 0)

    return decide(trail, spec, evidence, now), asked


def test_what_is_promoted_has_all_behind_it_and_is_the_newest_that_has() -> None:
    """And gates are run, and people called, for no other."""
    seen = set()
    for trail, spec, proof, now in cases():
        made, asked = decided(trail, spec, proof, now)
        seen.add((made.step, made.cause))
        fit = [
            each.commit
            for each in trail
            if not spec.bake or (each.at is not None and each.at + spec.bake <= now)
        ]
        vouched = [each.commit for each in trail if each.approved and each.commit in fit]
        assert [each.commit for each in ripened(trail, spec, now)] == fit
        if made.step is Step.WAIT:
            assert asked == []
            assert not vouched if spec.approve else not fit
            continue
        assert asked == [made.commit]
        assert made.commit == ((vouched or fit)[0] if spec.approve else fit[0])
        wanted = {
            Proof.RED: (Step.HELD, "red"),
            Proof.STALLED: (Step.HELD, "could-not-run"),
            Proof.OPEN: (Step.PROVE, ""),
            Proof.GREEN: (Step.HELD, "approval") if spec.approve and not vouched else (Step.PROMOTE, ""),
        }
        assert (made.step, made.cause) == wanted[proof]
    assert {cause for _, cause in seen} == {"", "red", "could-not-run", "approval", "bake", "landing"}


def test_the_clock_alone_makes_another_decision_of_it_when_it_said_so() -> None:
    for trail, spec, proof, now in cases():
        made, _ = decided(trail, spec, proof, now)
        if made.until is None:
            assert not spec.bake or all(each.at is None or each.at + BAKE <= now for each in trail)
            continue
        assert made.until > now
        assert decided(trail, spec, proof, made.until - 1)[0] == made
        after, _ = decided(trail, spec, proof, made.until)
        assert after.baking < made.baking


def test_with_nothing_ahead_there_is_nothing_to_do() -> None:
    assert decided((), SPECS[0], Proof.OPEN, 0) == (Decision(Step.DONE), [])


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        (StageSpec("release"), ""),
        (StageSpec("release", source="main"), ""),
        (StageSpec("next"), "is a target, so it can't be a stage"),
        (StageSpec("staging"), "is a stage of main, so it can't be one of main"),
        (
            StageSpec("release", source="next"),
            "is to follow next, which is neither main nor one of its stages before it",
        ),
    ],
)
def test_where_a_stage_may_stand(second: StageSpec, problem: str) -> None:
    first, place = places({"main", "next"}, {"main": Town(stages=(StageSpec("staging"), second))})
    assert (first.source, first.problem) == ("main", "")
    assert (place.source, place.problem) == (second.source or "staging", problem)


def test_a_stage_stands_behind_one_target_only() -> None:
    town = Town(stages=(StageSpec("staging"),))
    mine, theirs = places({"main", "next"}, {"main": town, "next": town})
    assert (mine.problem, theirs.problem) == ("", "is a stage of main, so it can't be one of next")
