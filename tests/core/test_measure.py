"""The measure: bounded below, lowered by what an attempt can come to, and by every kind of Action."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from gt.core import moves
from gt.core.bead import Attempt, Bead, Landed, Phase, Result
from gt.core.measure import measure
from gt.core.plan import plan
from gt.core.promotion import Decision, Stage, Step
from gt.core.town import Limits
from gt.core.world import Remains, Target, World, Zombie
from tests.core.small import NOW, OID, bead, gt, lease, submission
from tests.core.worlds import page, world, worlds

LIMITS = Limits()
NEW = "9" * 40


def with_(some: World, changed: Bead, **fields: object) -> World:
    return replace(some, beads={**some.beads, changed.id: changed}, **fields)  # type: ignore[arg-type]


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_bounded_below(some: World) -> None:
    assert min(measure(some)) >= 0


@pytest.mark.parametrize(
    "result", [r for r in Result if r is not Result.SUBMITTED and r is not Result.RELEASED]
)
def test_every_end_of_an_attempt_lowers_it(result: Result) -> None:
    """But a release, which is a person's, and one overtaken, which only a submission can be."""
    leased = bead("a", Phase.LEASED)
    if result is Result.OVERTAKEN:
        submitted = bead("a", Phase.SUBMITTED)
        before = world(submitted, targets={"main": Target("main", NEW)})
        after = moves.reject(submitted, "1-aaaa", result, "", LIMITS, NOW)
    else:
        before = world(leased)
        ended = Attempt("1-aaaa", "claude", NOW, NOW, result)
        after = (
            moves.ask(leased, "?", ended, NOW)
            if result is Result.ASKED
            else moves.end(leased, ended, LIMITS, NOW)
        )
    assert measure(with_(before, after)) < measure(before)


def test_the_whole_way_to_a_landing_goes_down() -> None:
    opened = bead("a")
    leased = moves.claim(opened, lease(), "")
    handed_in = moves.submit(leased, submission(), Attempt("1-aaaa", "claude", NOW, NOW, Result.SUBMITTED))
    landing = Landed(NEW, NEW, NOW)
    moved = {"main": Target("main", NEW)}
    steps = [
        world(opened),
        world(leased),
        world(handed_in),
        world(handed_in, landings={gt("a"): landing}, targets=moved),
        world(moves.land(handed_in, landing), targets=moved),
    ]
    sizes = [measure(step) for step in steps]
    assert sizes == sorted(set(sizes), reverse=True)


def test_another_landing_makes_no_more_of_it_than_it_takes() -> None:
    """That the target moves puts others behind; that a Bead is done weighs more."""
    mine, other = bead("a", Phase.SUBMITTED), bead("b", Phase.LEASED)
    before = world(mine, other)
    after = world(
        mine, other, landings={mine.id: Landed(NEW, NEW, NOW)}, targets={"main": Target("main", NEW)}
    )
    assert measure(after).behind == measure(before).behind + 1
    assert measure(after) < measure(before)


def test_gate_runs_count() -> None:
    assert measure(world(gate_runs={"main": 3})) < measure(world(gate_runs={"main": 4}))


def test_a_stage_comes_forward_by_the_clock_by_each_gate_run_and_by_its_promotion() -> None:
    """What a landing puts ahead of it weighs less than that a Bead is done."""

    def at(step: Step, trails: int, runs: int = 0, baking: int = 0) -> World:
        decision = Decision(step, NEW, runs=runs, baking=baking)
        return world(stages=(Stage("staging", "main", "main", OID, decision, trails),))

    steps = [
        world(bead("a", Phase.SUBMITTED)),
        at(Step.WAIT, 2, baking=2),
        at(Step.PROVE, 2, runs=5, baking=1),
        at(Step.PROVE, 2, runs=4, baking=1),
        at(Step.PROMOTE, 2, baking=1),
        at(Step.WAIT, 1, baking=1),
        at(Step.DONE, 0),
    ]
    sizes = [measure(step) for step in steps]
    assert sizes == sorted(set(sizes), reverse=True)


def test_a_page_is_lowered_by_being_made_and_by_each_try() -> None:
    stuck = bead("a", Phase.STUCK)
    unmade = world(stuck)
    (call,) = plan(unmade).calls
    made = page(call.subject, call.reason, call.epoch)
    tries = [world(stuck, pages={made.id: replace(made, sends=n)}) for n in range(6)]
    sizes = [measure(each) for each in (unmade, *tries)]
    assert sizes == sorted(set(sizes), reverse=True)


def test_a_revert_to_be_proposed_counts() -> None:
    red = Target("main", OID, "is red", "red-after", settled=False)
    assert measure(world(targets={"main": red})) < measure(
        world(targets={"main": replace(red, reverts=(gt("a"),))})
    )


def test_garbage_and_zombies_count_last() -> None:
    left = world(
        remains=(Remains(gt("a"), "1-aaaa", "lock", "/x"),),
        zombies=(Zombie(gt("a"), "1-aaaa"),),
        stale=("r",),
        pruned=2,
        unfinished="a gt merge that died left a gate running",
    )
    assert measure(left).garbage == 9
    assert measure(world()) < measure(left) < measure(world(bead("b")))


def test_a_zombie_that_is_killed_is_less_than_it_was_with_all_that_it_leaves() -> None:
    killed = world(
        remains=tuple(Remains(gt("a"), "1-aaaa", what, "/x") for what in ("worktree", "branch", "lock"))
    )
    assert measure(killed) < measure(world(zombies=(Zombie(gt("a"), "1-aaaa"),)))


def test_a_persons_lease_that_runs_out_is_no_step_back() -> None:
    mine = bead("a")
    claimed = moves.claim(mine, lease(lock=False, agent=""), "")
    ended = moves.end(claimed, Attempt("1-aaaa", "", NOW, NOW, Result.RELEASED), LIMITS, NOW)
    assert measure(world(ended)) < measure(world(claimed))
    assert ended.phase is Phase.OPEN
