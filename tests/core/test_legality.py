"""What one version of a Bead may be followed by: whatever gt's moves make, and nothing that rewrites what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from gt.core.bead import Attempt, Bead, Created, Landed, Phase, Result, Status
from gt.core.legality import objections
from tests.core.small import NOW, OID, attempt, bead, lease, submission, with_work
from tests.core.test_replay import story

LATE = NOW + 10**9
WORKED = replace(
    bead("a"), status=Status(Phase.OPEN, attempts=(replace(attempt("1-aaaa", Result.RED), head=OID),))
)


def of_it(before: Bead, **fields: object) -> Bead:
    return replace(before, status=replace(before.status, **fields))  # type: ignore[arg-type]


def test_what_moves_make_is_legal_step_by_step() -> None:
    for seed in range(150):
        for before, after in pairwise(story(Random(seed), bead("a"), "a")):
            assert list(objections(before, after, LATE)) == []


@pytest.mark.parametrize("new", [bead("a"), with_work(bead("a", Phase.PROPOSED)), bead("a", Phase.CLOSED)])
def test_a_bead_may_begin_so(new: Bead) -> None:
    assert list(objections(None, new, LATE)) == []


@pytest.mark.parametrize("phase", [Phase.LANDED, Phase.STUCK])
def test_no_bead_begins_with_what_nothing_led_to(phase: Phase) -> None:
    (why,) = objections(None, bead("a", phase), LATE)
    assert why == f"went from open to {phase}, and no legal moves lead there"


FORGED: list[tuple[Bead, Callable[[Bead], Bead], str]] = [
    (bead("a"), lambda b: of_it(b, phase=Phase.LANDED, landed=Landed(OID, OID, NOW)), "no legal moves"),
    (bead("a", Phase.LEASED), lambda b: of_it(b, lease=lease("1-bbbb")), "no legal moves"),
    (bead("a", Phase.LEASED), lambda b: of_it(b, phase=Phase.OPEN, lease=None), "no legal moves"),
    (
        bead("a", Phase.SUBMITTED),
        lambda b: of_it(b, submission=replace(submission("1-aaaa"), commit="f" * 40)),
        "no legal moves",
    ),
    (WORKED, lambda b: of_it(b, attempts=()), "has no record of attempt 1-aaaa any more"),
    (
        WORKED,
        lambda b: of_it(b, attempts=(replace(b.status.attempts[0], head="f" * 40),)),
        "has another record of attempt 1-aaaa than it had",
    ),
    (bead("a"), lambda b: replace(b, created=Created(NOW, "mallory")), "says that it was created otherwise"),
    (bead("a"), lambda b: replace(b, clock={"spec.title": LATE * 2}), "in the future"),
]


@pytest.mark.parametrize(("before", "forge", "why"), FORGED)
def test_what_rewrites_what_happened_is_told(before: Bead, forge: Callable[[Bead], Bead], why: str) -> None:
    assert any(why in said for said in objections(before, forge(before), LATE))


def test_what_was_wrong_before_and_is_still_is_not_told_again() -> None:
    backwards = Attempt("1-aaaa", "", NOW, NOW - 9, Result.RED)
    before = replace(bead("a"), status=Status(Phase.OPEN, attempts=(backwards,)))
    after = replace(before, spec=replace(before.spec, title="better"))
    assert list(objections(before, after, LATE)) == []
