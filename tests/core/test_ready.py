"""A scenario for each clause of docs/ready.md, which names them."""

from __future__ import annotations

import re
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Bead, CloseReason, Phase
from gt.core.ready import Cause, Waiting, order, waiting
from gt.core.state import Paused, TownState
from tests.core.small import NOW, bead, gt

RUNNING = TownState()
PAGE = Path(__file__).parents[2] / "docs" / "ready.md"


def why(name: str, *beads: Bead, state: TownState = RUNNING) -> Waiting | None:
    known = {each.id: each for each in beads}

    def children(parent: str) -> tuple[Bead, ...]:
        return tuple(each for each in beads if each.spec.parent == parent)

    return waiting(known[gt(name)], known.get, children, NOW, state)


def cause(name: str, *beads: Bead, state: TownState = RUNNING) -> Cause | None:
    found = why(name, *beads, state=state)
    return found.cause if found else None


def ready(*beads: Bead) -> list[str]:
    return [each.spec.title for each in sorted(beads, key=order) if why(each.spec.title, *beads) is None]


def test_an_open_bead_that_nothing_holds_is_ready() -> None:
    assert ready(bead("a")) == ["a"]


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.OPEN])
def test_only_an_open_bead_is_ready(phase: Phase) -> None:
    assert cause("a", bead("a", phase)) is Cause.PHASE


def test_a_pause_holds_everything_until_it_ends() -> None:
    forever, over = Paused("bob", "lunch"), Paused("bob", "lunch", NOW)
    until = Paused("bob", "lunch", NOW + 1)
    assert cause("a", bead("a"), state=TownState(forever)) is Cause.PAUSED
    found = why("a", bead("a"), state=TownState(until))
    assert found
    assert (found.cause, found.until) == (Cause.PAUSED, NOW + 1)
    assert cause("a", bead("a"), state=TownState(over)) is None


def test_a_held_bead_waits_for_a_person() -> None:
    found = why("a", bead("a", hold=True))
    assert found
    assert (found.cause, found.hint) == (Cause.HOLD, f"gt edit {gt('a')} --no-hold")


@pytest.mark.parametrize("phase", [phase for phase in Phase if not phase.over])
def test_a_need_blocks_in_every_phase_before_its_end(phase: Phase) -> None:
    found = why("a", bead("a", needs=[gt("b")]), bead("b", phase))
    assert found
    assert (found.cause, found.on) == (Cause.NEED, gt("b"))


def test_a_need_is_met_once_landed_or_closed_as_done() -> None:
    a = bead("a", needs=[gt("b")])
    assert cause("a", a, bead("b", Phase.LANDED)) is None
    assert cause("a", a, bead("b", Phase.CLOSED)) is None


@pytest.mark.parametrize("reason", [reason for reason in CloseReason if reason is not CloseReason.DONE])
def test_a_need_closed_otherwise_blocks_until_a_person_decides(reason: CloseReason) -> None:
    found = why("a", bead("a", needs=[gt("b")]), bead("b", Phase.CLOSED, closed=reason))
    assert found
    assert (found.cause, found.hint) == (Cause.NEED, f"gt dep rm {gt('a')} {gt('b')}")


def test_a_need_that_is_not_there_blocks_and_says_so() -> None:
    found = why("a", bead("a", needs=[gt("z")]))
    assert found
    assert (found.cause, found.text) == (Cause.DANGLING, f"needs {gt('z')}, which is not in this ledger")


def test_a_diamond_opens_from_its_foot() -> None:
    def at(*landed: str) -> list[str]:
        needs = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
        return ready(
            *(
                bead(name, Phase.LANDED if name in landed else Phase.OPEN, needs=map(gt, of))
                for name, of in needs.items()
            )
        )

    assert at() == ["a"]
    assert at("a") == ["b", "c"]
    assert at("a", "b") == ["c"]
    assert at("a", "b", "c") == ["d"]


def test_links_do_not_block() -> None:
    assert ready(bead("a", links={"related": frozenset({gt("b")})}), bead("b", Phase.STUCK)) == ["a"]


def test_a_deferral_wakes_by_itself() -> None:
    found = why("a", bead("a", defer=NOW + 1))
    assert found
    assert (found.cause, found.until) == (Cause.DEFER, NOW + 1)
    assert cause("a", bead("a", defer=NOW)) is None


def test_a_back_off_wakes_by_itself() -> None:
    found = why("a", bead("a", wake=NOW + 1))
    assert found
    assert (found.cause, found.until) == (Cause.WAKE, NOW + 1)
    assert cause("a", bead("a", wake=NOW)) is None


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.LEASED, Phase.SUBMITTED, Phase.STUCK])
def test_a_bead_comes_after_its_children(phase: Phase) -> None:
    found = why("p", bead("p"), bead("a", phase, parent=gt("p")))
    assert found
    assert (found.cause, found.on) == (Cause.CHILDREN, gt("a"))


@pytest.mark.parametrize("phase", [Phase.LANDED, Phase.CLOSED])
def test_a_child_that_is_over_holds_up_nothing(phase: Phase) -> None:
    assert cause("p", bead("p"), bead("a", phase, parent=gt("p"))) is None


def test_a_proposed_child_holds_up_nothing() -> None:
    assert cause("p", bead("p"), bead("a", Phase.PROPOSED, parent=gt("p"))) is None


def test_a_child_of_an_open_parent_is_ready() -> None:
    assert ready(bead("p", type="epic"), bead("a", parent=gt("p"))) == ["a"]


HELD: dict[str, dict[str, Any]] = {
    "held": {"hold": True},
    "deferred": {"defer": NOW + 9},
    "blocked": {"needs": [gt("x")]},
    "dangling": {"needs": [gt("z")]},
}


@pytest.mark.parametrize("how", HELD)
def test_what_holds_a_parent_holds_all_its_descendants(how: str) -> None:
    beads = [
        bead("p", **HELD[how]),
        bead("a", parent=gt("p")),
        bead("b", parent=gt("a")),
        bead("x"),
    ]
    assert ready(*beads) == ["x"]
    found = why("b", *beads)
    assert found
    assert (found.cause, found.on) == (Cause.PARENT, gt("p"))
    assert found.until == (NOW + 9 if how == "deferred" else None)


def test_a_proposed_parent_holds_its_descendants() -> None:
    beads = [bead("p", Phase.PROPOSED), bead("a", parent=gt("p")), bead("b", parent=gt("a"))]
    found = why("b", *beads)
    assert found
    assert (found.cause, found.hint) == (Cause.PARENT, f"gt accept {gt('p')}")


@pytest.mark.parametrize("phase", [Phase.LANDED, Phase.CLOSED])
def test_a_parent_that_is_over_holds_nothing(phase: Phase) -> None:
    assert cause("a", bead("a", parent=gt("p")), bead("p", phase, hold=True)) is None


def test_a_parent_that_backs_off_or_is_being_worked_on_holds_nothing() -> None:
    for parent in (bead("p", wake=NOW + 9), bead("p", Phase.LEASED), bead("p", Phase.STUCK)):
        assert cause("a", bead("a", parent=gt("p")), parent) is None


def test_a_parent_that_is_not_there_blocks_and_says_so() -> None:
    found = why("a", bead("a", parent=gt("z")))
    assert found
    assert (found.cause, found.on) == (Cause.DANGLING, gt("z"))


def test_a_cycle_of_parents_blocks_and_says_so() -> None:
    beads = [bead("a", parent=gt("b")), bead("b", parent=gt("c")), bead("c", parent=gt("b"))]
    assert cause("a", *beads) is Cause.CYCLE


def test_the_order_is_priority_then_age_then_id() -> None:
    beads = [
        bead(name, priority=priority) for name, priority in (("e", 4), ("c", 0), ("b", 2), ("a", 2), ("d", 1))
    ]
    for shuffled in list(permutations(beads))[:24]:
        assert ready(*shuffled) == ["c", "d", "a", "b", "e"]


def test_each_clause_has_its_scenario() -> None:
    named = re.findall(r"`(test_\w+)`", PAGE.read_text())
    here = [name for name in globals() if name.startswith("test_")]
    assert sorted(set(named)) == sorted(name for name in here if name != "test_each_clause_has_its_scenario")


phases = st.sampled_from([Phase.OPEN, Phase.LANDED, Phase.CLOSED, Phase.STUCK])


@given(
    st.lists(
        st.tuples(phases, st.sets(st.integers(0, 5)), st.none() | st.integers(0, 5)), min_size=6, max_size=6
    )
)
def test_ready_never_raises_and_only_passes_what_nothing_holds(
    drawn: list[tuple[Phase, set[int], int | None]],
) -> None:
    beads = [
        bead(
            str(i),
            phase,
            needs=[gt(str(n)) for n in needs],
            parent=None if parent is None else gt(str(parent)),
        )
        for i, (phase, needs, parent) in enumerate(drawn)
    ]
    over = {i for i, (phase, _, _) in enumerate(drawn) if phase.over}
    for i, (phase, needs, _) in enumerate(drawn):
        if why(str(i), *beads) is None:
            assert phase is Phase.OPEN
            assert needs <= over
