"""Whatever befalls it, a town comes to rest, within the bound of its measure, and where it would have come undisturbed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from gt.core.plan import Plan, plan
from gt.core.world import World
from tests.core.small import NOW, bead, gt
from tests.core.worlds import world
from tests.sim.endings import bound, tell
from tests.sim.life import Life
from tests.sim.nature import DAY, HOUR, MEDIUM, nature

TOWNS = (
    [os.environ["TOWN"]]
    if "TOWN" in os.environ
    else [
        *(f"{seed}-small-spared" for seed in (2, 26, 40, 211)),
        *(f"{seed}-small-wild" for seed in (0, 1, 2, 813)),
        *(f"{seed}-shared-spared" for seed in range(3)),
        *(f"{seed}-shared-wild" for seed in range(3, 6)),
    ]
)


@pytest.mark.parametrize("town", TOWNS)
def test_it_rests_where_it_would_have_come_undisturbed(town: str) -> None:
    story = tell(town)
    assert story.faults.happened
    assert story.life.deeds + story.life.attempts < bound(story.life)


def test_a_seed_tells_the_same_story_again() -> None:
    one, other = tell("7-shared-wild"), tell("7-shared-wild")
    assert one.life.story == other.life.story
    assert one.life.hub == other.life.hub


def without(verb: str) -> Callable[[World], Plan]:
    """A plan in which nobody thought of a verb."""

    def planner(seen: World) -> Plan:
        found = plan(seen)
        return replace(found, actions=tuple(action for action in found.actions if action.verb != verb))

    return planner


def without_wakes(seen: World) -> Plan:
    return replace(plan(seen), next_wake=None)


def remembering(seen: World) -> Plan:
    """Merges what it hasn't recorded, without a look at the target."""
    return plan(replace(seen, landings={}))


MUTANTS: dict[str, tuple[Callable[[World], Plan], str]] = {
    "nothing expires": (without("expire"), "0-small-wild"),
    "no wake": (without_wakes, "0-small-wild"),
    "no look at the target": (remembering, "19-shared-wild"),
    "nobody is told": (without("page"), "0-small-wild"),
    "no zombie is killed": (without("kill"), "37-shared-wild"),
    "no lock is healed": (without("heal"), "0-small-wild"),
}


@pytest.mark.parametrize(("planner", "town"), MUTANTS.values(), ids=list(MUTANTS))
def test_a_plan_that_lacks_something_is_found_out(planner: Callable[[World], Plan], town: str) -> None:
    tell(town)
    with pytest.raises(AssertionError, match=f"again: TOWN={town}"):
        tell(town, planner, strict=False)


def test_a_failure_says_how_to_have_it_again() -> None:
    with pytest.raises(AssertionError) as told:
        tell("0-small-wild", without_wakes, strict=False)
    with pytest.raises(AssertionError) as retold:
        tell("0-small-wild", without_wakes, strict=False)
    assert "TOWN=0-small-wild" in str(told.value)
    assert str(told.value) == str(retold.value)


def test_an_idle_town_does_nothing_for_half_a_year() -> None:
    """Looked at every hour, by whoever likes to: no deed, no write, and what was asked of people stays asked."""
    life = tell("4-shared-spared").life
    writes = [machine.writes for machine in life.machines]
    deeds, calls = life.deeds, life.calls()
    for _ in range(24 * 180):
        life.steady += HOUR
        for machine in life.machines:
            if machine.up:
                found = plan(life.world(machine))
                assert [action for action in found.actions if not action.garbage] == []
                life.ring(machine, 1)
        life.live()
    assert [machine.writes for machine in life.machines] == writes
    assert (life.deeds, life.calls()) == (deeds, calls)


def test_a_town_that_waits_for_the_clock_acts_when_it_wakes_and_only_then() -> None:
    later = bead("a", defer=NOW + 40 * DAY)
    some = world(later, bead("b", hold=True))
    assert plan(some).next_wake == NOW + 40 * DAY
    for hours in range(0, 40 * 24, 5):
        found = plan(replace(some, now=NOW + hours * HOUR))
        assert (found.actions, found.next_wake) == ((), NOW + 40 * DAY)
    assert [a.command for a in plan(replace(some, now=NOW + 40 * DAY)).actions] == [f"gt work {gt('a')}"]


def test_undisturbed_a_town_tries_each_bead_no_more_than_it_must() -> None:
    it = nature(1, MEDIUM)
    life = Life(it, 1, 1, strict=False)
    life.live()
    most = it.town.limits.attempts * len(it.beads) + len(it.clashes)
    assert life.attempts <= most
    assert life.hub.refused == 0
