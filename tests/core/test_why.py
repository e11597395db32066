"""why: one reason for every phase, the chain behind it, and a command that exists."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given, settings

from gt.core.bead import CloseReason, Landed, Phase, Question, Result, Stuck, StuckReason
from gt.core.plan import By, plan
from gt.core.state import TownState, Waiver
from gt.core.town import AgentSpec, Limits
from gt.core.why import Reason, command, why
from gt.core.world import Liveness, Queued, Standing, Target, World, Zombie
from tests.core.small import NOW, OID, attempt, bead, gt
from tests.core.test_plan import ailing
from tests.core.worlds import TOWN, world, worlds

A = gt("a")
FULL = replace(TOWN, agents={"claude": AgentSpec("claude", command="true", limit=1)})


def asked(some: World, name: str = "a") -> tuple[Reason, ...]:
    return why(some, plan(some), gt(name))


def queued(standing: Standing, text: str = "", hint: str | None = None) -> Queued:
    return Queued(A, "1-aaaa", "main", OID, standing, "x", text, hint)


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_every_bead_has_a_reason(some: World) -> None:
    found = plan(some)
    for name in some.beads:
        chain = why(some, found, name)
        assert chain[0].bead == name
        assert chain[0].text
        assert len({link.bead for link in chain}) == len(chain)
        assert shlex.split(command(chain) or "gt")


def test_unknown_beads_have_none() -> None:
    assert asked(world()) == ()
    assert command(()) is None


def test_what_is_red_and_waived_is_told_of_what_it_lets_through() -> None:
    state = TownState(waivers=(Waiver("main", "net", "alice", "vendor", NOW, NOW + 60, OID),))
    some = world(
        bead("a", Phase.SUBMITTED), queue=(queued(Standing.DUE),), state=state,
        targets={"main": Target("main", OID, waived=("net",))},
    )  # fmt: skip
    assert "; gate net is red on main, and alice waived that until" in asked(some)[0].text
    assert "waived" not in asked(replace(some, now=NOW + 60))[0].text


@pytest.mark.parametrize(
    ("some", "text", "typed"),
    [
        (world(bead("a", Phase.PROPOSED)), "only proposed", f"gt accept {A}"),
        (world(bead("a")), "an attempt can start now", "gt run"),
        (world(bead("a", hold=True)), "held by a person", f"gt edit {A} --no-hold"),
        (world(bead("a", agent="x")), "no agent called x", f"gt claim {A}"),
        (world(bead("a", type="epic")), "holds no Bead yet", f"gt create TITLE --parent {A}"),
        (world(bead("a", type="decision")), "for a person to decide", f"gt close {A}"),
        (world(bead("a"), targets={"main": Target("main", None, "doesn't exist")}, towns={}), "doesn't exist", "gt status"),
        (world(bead("a", Phase.LEASED), liveness={A: Liveness.DEAD}), "who died", "gt reconcile"),
        (world(bead("a", Phase.LEASED), liveness={A: Liveness.LIVE}), "until 2026-11-22T21:00:00Z", f"gt logs {A}"),
        (world(bead("a", Phase.LEASED), now=NOW + 3600), "that is over, and others end it at 2026-11-22T21:01:12Z", f"gt logs {A}"),
        (world(bead("a", Phase.LEASED), now=NOW + 3672), "that is over", "gt reconcile"),
        (world(bead("a", Phase.SUBMITTED), queue=(queued(Standing.DUE),)), "can be gated", "gt merge"),
        (world(bead("a", Phase.SUBMITTED), queue=(queued(Standing.HELD, "waits for Bob", "gt approve x"),)), "waits for Bob", "gt approve x"),
        (world(bead("a", Phase.SUBMITTED)), "not in any queue", "gt queue"),
        (world(bead("a", Phase.STUCK)), "attempts are spent", f"gt retry {A}"),
        (world(bead("a", Phase.CLOSED, closed="done")), "was closed as done by alice", f"gt reopen {A}"),
        (ailing(3), "rests", "gt retry --agent claude"),
        (ailing(6), "waits for a person", "gt retry --agent claude"),
        (world(bead("a", priority=4), bead("b"), bead("c")), "others come first", "gt run"),
        (world(bead("a"), bead("b", Phase.LEASED), town=FULL), "its limit is 1", "gt status"),
        (world(bead("a"), town=replace(TOWN, limits=Limits(concurrent=0))), "waits for room", "gt status"),
    ],
)  # fmt: skip
def test_the_reason_and_the_command(some: World, text: str, typed: str) -> None:
    chain = asked(some)
    assert text in chain[0].text
    assert command(chain) == typed


def test_how_the_last_attempt_ended_is_told() -> None:
    one = bead("a")
    status = replace(one.status, attempts=(attempt("1-aaaa", Result.RED), attempt("2-bbbb", Result.CONFLICT)))
    some = world(replace(one, status=status))
    assert asked(some)[0].text.endswith("can start now; attempt 2-bbbb ended as conflict: because")
    some = world(replace(one, status=replace(status, wake=NOW + 60)))
    assert (
        asked(some)[0].text
        == "backs off until 2026-11-22T20:01:00Z: attempt 2-bbbb ended as conflict: because"
    )
    some = replace(world(replace(one, status=status)), zombies=(Zombie(A, "1-aaaa", NOW),))
    assert asked(some)[0].text.endswith("; attempt 1-aaaa still runs, and is killed at 2026-11-22T20:01:00Z")


def test_its_place_in_line() -> None:
    line = tuple(replace(queued(Standing.DUE), bead=gt(name)) for name in "bac")
    some = world(bead("a", Phase.SUBMITTED), queue=line)
    assert asked(some)[0].text == "is submitted, and can be gated for main now, number 2 of 3 in line"


def test_what_waits_for_its_target_is_told_what_mends_that() -> None:
    place = queued(Standing.WAITING, "waits for main, which is red itself")
    red = {"main": Target("main", OID, "is red itself", "red")}
    some = world(bead("a", Phase.SUBMITTED), queue=(place,), targets=red)
    assert command(asked(some)) == "gt merge --again"


def test_a_need_that_was_closed_on_purpose_is_not_to_be_opened_again() -> None:
    gone = bead("b", Phase.CLOSED, closed=CloseReason.WONTFIX)
    chain = asked(world(bead("a", needs=[gt("b")]), gone))
    assert [link.bead for link in chain] == [A, gt("b")]
    assert command(chain) == f"gt dep rm {A} {gt('b')}"


def test_a_need_whose_file_can_not_be_read_is_there() -> None:
    unreadable = (f"beads/x/y/{gt('b')}.yaml: is not a mapping",)
    some = world(bead("a", needs=[gt("b"), gt("c")]), unreadable=unreadable)
    assert asked(some)[0].text == f"needs {gt('b')}, whose file can't be read"
    assert command(asked(some)) == "gt doctor"
    assert "not in this ledger" in asked(replace(some, unreadable=()))[0].text


def test_a_closer_look_has_the_last_word_on_every_link() -> None:
    some = world(bead("a", needs=[gt("b")]), bead("b"))
    chain = why(
        some, plan(some), A, lambda bead, reason: replace(reason, text=f"{bead.id} seen", command=None)
    )
    assert [link.text for link in chain] == [f"{A} seen", f"{gt('b')} seen"]
    assert command(chain) is None


def test_a_question_is_asked() -> None:
    one = bead("a", Phase.STUCK)
    status = replace(
        one.status, stuck=Stuck(StuckReason.QUESTION, NOW), question=Question("Which port?", NOW)
    )
    chain = asked(world(replace(one, status=status)))
    assert (chain[0].text, command(chain)) == ("asks: Which port?", f"gt answer {A} TEXT")


def test_the_chain_leads_to_what_must_move_first() -> None:
    some = world(bead("a", needs=[gt("b")]), bead("b", needs=[gt("c")]), bead("c", Phase.STUCK))
    chain = asked(some)
    assert [link.bead for link in chain] == [A, gt("b"), gt("c")]
    assert command(chain) == f"gt retry {gt('c')}"


def test_a_submission_leads_to_the_need_it_waits_for() -> None:
    place = queued(Standing.WAITING, f"needs {gt('b')}, which is open", f"gt why {gt('b')}")
    chain = asked(world(bead("a", Phase.SUBMITTED, needs=[gt("b")]), bead("b"), queue=(place,)))
    assert [link.bead for link in chain] == [A, gt("b")]
    assert command(chain) == "gt run"


@pytest.mark.parametrize(
    "some",
    [
        world(bead("a", needs=[gt("b")]), bead("b", needs=[A])),
        world(bead("a", parent=gt("b")), bead("b", parent=A)),
        world(bead("a", parent=gt("b"), needs=[gt("b")]), bead("b", type="epic")),
        world(bead("a", needs=[gt("b")]), bead("b", type="epic"), bead("c", parent=gt("b"), needs=[A])),
        world(bead("a", Phase.SUBMITTED, needs=[gt("b")]), bead("b", needs=[A])),
    ],
)
def test_a_cycle_is_told_and_nothing_runs_in_circles(some: World) -> None:
    """Two people's edits can make one: each alone would have been refused."""
    found = plan(some)
    (call,) = [each for each in found.calls if each.reason == "cycle"]
    assert (call.hint, call.paged) == ("gt dep cycles", False)
    assert found.needs_human
    assert not found.by(By.WORK)
    for name in some.beads:
        assert len(why(some, found, name)) <= len(some.beads)
    assert command(asked(some)) == "gt dep cycles" or some.beads[A].phase is Phase.SUBMITTED


def test_what_waits_for_a_cycle_is_told_of_it() -> None:
    some = world(bead("a", needs=[gt("b")]), bead("b", needs=[gt("c")]), bead("c", needs=[gt("b")]))
    chain = asked(some)
    assert [link.bead for link in chain] == [A, gt("b"), gt("c")]
    assert chain[-1].text.endswith("a cycle, in which each waits for the next")
    assert command(chain) == "gt dep cycles"
    assert [call.subject for call in plan(some).calls] == [gt("b")]


def test_what_a_landing_took() -> None:
    one = bead("a", Phase.LANDED)
    attempts = (
        attempt("1-aaaa", Result.RED),
        replace(attempt("2-aaaa", Result.SUBMITTED), usage={"usd": 0.5}),
    )
    status = replace(one.status, attempts=attempts, landed=Landed("abcdef" * 6 + "abcd", OID, NOW))
    (reason,) = asked(world(replace(one, status=status)))
    assert reason.text == (
        "landed as abcdefabcdef at 2026-11-22T20:00:00Z: 2 attempts, 2m of work, 1 refused by the Refinery, 0.50 USD"
    )
    assert reason.command is None
