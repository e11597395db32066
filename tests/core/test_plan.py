"""plan(world): what each controller says, and what all of it comes to."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gt.core.bead import Attempt, Landed, Phase, Result
from gt.core.calls import MEND
from gt.core.measure import measure
from gt.core.page import FIRST_WAIT, MAX_SENDS, Acknowledged
from gt.core.plan import By, Next, Plan, plan
from gt.core.promotion import Decision, Stage, Step
from gt.core.ready import Lack
from gt.core.state import Paused, TownState
from gt.core.town import AgentSpec, Gate, LandSpec, Limits, Town
from gt.core.world import (
    ZOMBIE_GRACE,
    Liveness,
    Queued,
    Remains,
    Standing,
    Target,
    World,
    Zombie,
    lease_grace,
)
from tests.core.small import NOW, OID, attempt, bead, gt, lease, submission
from tests.core.worlds import TOWN, page, world, worlds

FEW = settings(max_examples=40, deadline=None)


def commands(found: Plan) -> list[str]:
    return [action.command for action in found.actions]


@given(worlds())
@FEW
def test_of_any_world_there_is_a_plan(some: World) -> None:
    found = plan(some)
    assert found == plan(replace(some)), "it depends on nothing else"
    for action in found.actions:
        assert shlex.split(action.command) == ["gt", action.verb, *action.args], "it can be typed"
    if found.next in (Next.REST, Next.HUMAN):
        assert found.at_rest
        assert [action for action in found.actions if not action.garbage] == []
    if found.next is Next.REST:
        assert not found.needs_human
    assert found.next_wake is None or found.next_wake > some.now


@given(worlds(), st.integers(0, 4_000_000_000))
@FEW
def test_nothing_destructive_from_the_unknown(some: World, now: int) -> None:
    """Without a single successful look at processes, only a deadline ends a lease."""
    blind = replace(some, now=now, liveness={}, zombies=(), remains=(), stale=(), pruned=0, landings={})
    for action in plan(blind).by(By.RECONCILE):
        if action.verb == "expire":
            held = some.beads[action.args[0]].status.lease
            assert held is not None
            assert held.expires + lease_grace(held) <= now
        else:
            assert action.verb in {"page", "close"}


def test_an_empty_town_is_at_rest() -> None:
    found = plan(world())
    assert found == Plan((), (), None, 0)
    assert found.next is Next.REST


def test_a_town_of_ended_and_waiting_for_nothing_is_at_rest() -> None:
    found = plan(
        world(
            bead("a", Phase.LANDED), bead("b", Phase.CLOSED), bead("c", Phase.PROPOSED), bead("d", hold=True)
        )
    )
    assert found.next is Next.REST


def test_ready_beads_are_worked_by_priority_up_to_the_limit() -> None:
    found = plan(world(bead("a"), bead("b", priority=0), bead("c", priority=1)))
    assert commands(found) == [f"gt work {gt('b')}", f"gt work {gt('c')}"]
    assert found.next is Next.DUE


@pytest.mark.parametrize("limit", [0, 1])
def test_an_agents_limit_holds(limit: int) -> None:
    town = replace(TOWN, agents={"claude": AgentSpec("claude", command="true", limit=limit)})
    assert len(plan(world(bead("a"), bead("b"), town=town)).by(By.WORK)) == limit


def test_running_attempts_take_their_room() -> None:
    found = plan(world(bead("a", Phase.LEASED), bead("b"), bead("c"), liveness={gt("a"): Liveness.LIVE}))
    assert commands(found) == [f"gt work {gt('b')}"]


def test_only_leases_of_agents_take_room() -> None:
    """Neither a person's, nor what ran too long, nor what ended attempts left lying about."""
    mine = bead("a", Phase.LEASED)
    held = replace(mine, status=replace(mine.status, lease=lease(lock=False, agent="", actor="alice")))
    some = world(
        held,
        bead("b"),
        bead("c"),
        zombies=(Zombie(gt("z"), "1-aaaa", NOW),),
        remains=(Remains(gt("y"), "1-aaaa", "worktree", "/x"),),
    )
    assert [action.args for action in plan(some).by(By.WORK)] == [(gt("b"),), (gt("c"),)]


def test_what_is_for_people_is_given_to_no_agent() -> None:
    some = world(bead("a", type="decision"), bead("b", type="epic"), bead("c", type="convoy"), bead("d"))
    assert [action.args for action in plan(some).by(By.WORK)] == [(gt("d"),)]


def test_what_a_day_may_cost_stops_work_until_the_first_expense_is_a_day_old() -> None:
    town = replace(TOWN, limits=Limits(usd_per_day=2))
    spent = replace(attempt("1-aaaa", Result.NO_CHANGE, NOW - 100), usage={"usd": 2.5})
    open_one = bead("a")
    found = plan(world(replace(open_one, status=replace(open_one.status, attempts=(spent,))), town=town))
    assert found.actions == ()
    assert found.next_wake == NOW - 100 + 86400
    assert found.next is Next.WAITING


def test_the_lease_of_the_dead_is_ended_at_once_and_that_of_the_living_never() -> None:
    dead = world(bead("a", Phase.LEASED), liveness={gt("a"): Liveness.DEAD})
    assert commands(plan(dead)) == [f"gt expire {gt('a')} 1-aaaa"]
    assert plan(dead).live == 0
    living = replace(dead, liveness={gt("a"): Liveness.LIVE})
    assert plan(living).actions == ()
    assert plan(living).next is Next.WAITING
    assert plan(living).next_wake == NOW + 3600 + lease_grace(lease())


@pytest.mark.parametrize("liveness", [Liveness.LIVE, Liveness.UNKNOWN])
def test_past_its_end_and_grace_every_lease_is_ended(liveness: Liveness) -> None:
    over = NOW + 3600 + lease_grace(lease())
    leased = bead("a", Phase.LEASED)
    assert plan(world(leased, now=over - 1, liveness={gt("a"): liveness})).actions == ()
    found = plan(world(leased, now=over, liveness={gt("a"): liveness}))
    assert commands(found) == [f"gt expire {gt('a')} 1-aaaa"]


def test_a_zombie_is_killed_after_its_grace_and_waited_for_until_then() -> None:
    some = world(bead("a"), zombies=(Zombie(gt("a"), "1-aaaa", NOW),), towns={})
    assert plan(some).actions == ()
    assert plan(some).next_wake == NOW + ZOMBIE_GRACE
    assert commands(plan(replace(some, now=NOW + ZOMBIE_GRACE))) == [f"gt kill {gt('a')} 1-aaaa"]


def test_a_landing_is_recorded_and_not_merged_again() -> None:
    queued = Queued(gt("a"), "1-aaaa", "main", OID, Standing.DUE)
    found = plan(
        world(bead("a", Phase.SUBMITTED), landings={gt("a"): Landed("1" * 40, OID, NOW)}, queue=(queued,))
    )
    assert commands(found) == [f"gt landed {gt('a')} 1-aaaa"]


def test_what_needs_a_bead_that_has_landed_is_ready_before_the_ledger_says_so() -> None:
    some = world(
        bead("a", Phase.SUBMITTED), bead("b", needs=[gt("a")]), landings={gt("a"): Landed("1" * 40, OID, NOW)}
    )
    assert f"gt work {gt('b')}" in commands(plan(some))


def test_what_its_base_lacks_what_it_needs_is_not_begun_and_one_call_says_what_was_taken_away() -> None:
    beads = [bead(name, needs=[gt("a")]) for name in "bcd"]
    lacks = {
        gt(name): Lack(gt("a"), OID, "main", taken)
        for name, taken in (("b", True), ("c", True), ("d", False))
    }
    some = world(bead("a", Phase.LANDED), *beads, lacking=lacks)
    assert not [each for each in plan(some).actions if each.verb == "work"]
    told = {(call.subject, call.reason): call for call in plan(some).calls}
    assert set(told) == {(gt("a"), "taken-away"), (gt("d"), "waits-need")}
    call = told[gt("a"), "taken-away"]
    assert (call.hint, call.paged, call.epoch) == (f"gt reopen {gt('a')}", True, OID)
    assert (
        call.text
        == f"landed as {OID[:12]}, which main doesn't have any more: {gt('b')} and 1 more wait for it"
    )
    assert not told[gt("d"), "waits-need"].paged


def test_one_merge_for_each_target_that_has_something_due() -> None:
    two = world(
        bead("a", Phase.SUBMITTED),
        targets={"main": Target("main", OID), "next": Target("next", OID)},
        towns={"main": TOWN, "next": TOWN},
        queue=tuple(
            Queued(gt(name), "1-aaaa", base, OID, standing)
            for name, base, standing in (
                ("a", "main", Standing.DUE),
                ("b", "main", Standing.DUE),
                ("c", "next", Standing.DUE),
                ("d", "next", Standing.WAITING),
            )
        ),
    )
    assert commands(plan(two)) == ["gt merge", "gt merge --target next"]


def test_what_the_other_machines_are_to_know_is_told_after_all_else_is_written() -> None:
    there = Landed(OID, OID, NOW)
    some = world(
        bead("a", Phase.SUBMITTED), landings={gt("a"): there}, unsynced="2 commits are not on origin"
    )
    found = plan(some)
    assert commands(found) == [f"gt landed {gt('a')} 1-aaaa", "gt sync"]
    assert found.next is Next.RECONCILE
    told = plan(world(unsynced="main is behind origin's"))
    assert (commands(told), told.at_rest) == (["gt sync"], False)
    assert measure(world(unsynced="x")) > measure(world())


def test_of_a_target_that_is_pushed_only_this_clone_is_told() -> None:
    town = replace(TOWN, refinery=replace(TOWN.refinery, push="up stream"))
    for cause, command in (
        ("unpushed", "git push 'up stream' main"),
        ("rewound", "git push 'up stream' main"),
        ("unshared", "git push 'up stream' main"),
        ("replaced", "git log --oneline --left-right main...refs/gt/there/main"),
        ("parted", "git log --oneline --left-right main...refs/gt/there/main"),
        ("behind", "git status"),
    ):
        some = world(towns={"main": town}, targets={"main": Target("main", OID, "is elsewhere", cause)})
        (call,) = plan(some).calls
        assert (call.hint, call.paged) == (command, cause in ("rewound", "replaced"))
        assert bool(commands(plan(some))) == call.paged


def test_where_others_land_nobody_is_told_to_push_what_they_havent() -> None:
    refinery = replace(TOWN.refinery, push="origin", land=LandSpec("true"))
    town, both = replace(TOWN, refinery=refinery), "git log --oneline --left-right main...refs/gt/there/main"
    for cause, command in (("unpushed", both), ("rewound", both), ("unshared", "git push origin main")):
        some = world(towns={"main": town}, targets={"main": Target("main", OID, "is elsewhere", cause)})
        (call,) = plan(some).calls
        assert call.hint == command


def test_an_epic_closes_when_all_it_holds_is_over_and_something_was_done() -> None:
    epic = bead("e", type="epic")
    assert plan(world(epic, bead("a", parent=gt("e")))).by(By.RECONCILE) == ()
    done = plan(world(epic, bead("a", Phase.LANDED, parent=gt("e"))))
    assert commands(done) == [f"gt close {gt('e')} --reason done"]


def test_an_epic_of_which_nothing_was_done_is_a_persons_business() -> None:
    found = plan(world(bead("e", type="epic"), bead("a", Phase.CLOSED, parent=gt("e"), closed="wontfix")))
    assert found.actions == ()
    assert [call.hint for call in found.calls] == [f"gt close {gt('e')} --reason obsolete"]
    assert found.next is Next.HUMAN


def test_a_stuck_bead_is_paged_once() -> None:
    some = world(bead("a", Phase.STUCK))
    (action,) = plan(some).actions
    assert (action.verb, action.args[:2]) == ("page", (gt("a"), "attempts-spent"))
    (call,) = plan(some).calls
    made = page(gt("a"), "attempts-spent", call.epoch)
    assert made.id == call.page
    found = plan(replace(some, pages={made.id: made}))
    assert found.actions == ()
    assert found.next is Next.HUMAN


def test_a_page_is_sent_until_it_gets_through_but_not_for_ever() -> None:
    paging = replace(TOWN, page="true")
    stuck = bead("a", Phase.STUCK)
    (call,) = plan(world(stuck)).calls
    made = page(gt("a"), "attempts-spent", call.epoch)

    def with_page(now: int = NOW, **fields: object) -> Plan:
        return plan(world(stuck, town=paging, now=now, pages={made.id: replace(made, **fields)}))  # type: ignore[arg-type]

    assert [action.verb for action in with_page().actions] == ["page"]
    assert with_page(sends=1).actions == ()
    assert with_page(sends=1).next_wake == NOW + FIRST_WAIT
    assert [action.verb for action in with_page(NOW + FIRST_WAIT, sends=1).actions] == ["page"]
    for over in (
        with_page(NOW + 9999, sends=MAX_SENDS),
        with_page(sends=1, sent=NOW),
        with_page(acknowledged=Acknowledged("alice", NOW)),
    ):
        assert over.actions == ()
        assert over.next is Next.HUMAN


def test_a_page_whose_cause_is_gone_waits_for_its_acknowledgement() -> None:
    old = page("target:main", "red", OID)
    found = plan(world(pages={old.id: old}))
    assert found.actions == ()
    assert [(call.subject, call.hint) for call in found.calls] == [("target:main", f"gt ack {old.id}")]
    assert (
        plan(world(pages={old.id: replace(old, acknowledged=Acknowledged("alice", NOW))})).next is Next.REST
    )


@pytest.mark.parametrize(
    ("subject", "reason", "over"),
    [
        ("target:main", "red", True),
        ("target:main", "moved", False),
        ("target:gone", "red", False),
        ("town", "red", False),
    ],
)
def test_an_old_page_of_what_came_right_by_itself_says_so(subject: str, reason: str, over: bool) -> None:
    old = page(subject, reason, OID)
    (call,) = plan(world(pages={old.id: old})).calls
    assert (call.text == "text", call.text.endswith("any more: text")) == (not over, over)


def test_a_held_submission_needs_a_person() -> None:
    held = Queued(
        gt("a"),
        "1-aaaa",
        "main",
        OID,
        Standing.HELD,
        "approval",
        "waits for approval",
        f"gt approve {gt('a')}",
    )
    found = plan(world(bead("a", Phase.SUBMITTED), queue=(held,)))
    assert [call.hint for call in found.calls] == [f"gt approve {gt('a')}"]
    assert [action.verb for action in found.actions] == ["page"]


def staged(step: Step, cause: str = "", until: int | None = None) -> World:
    decision = Decision(step, OID, cause, "is to have it", until)
    behind = Stage("rel/1", "next", "next", "b" * 40, decision, 1)
    towns = {"main": TOWN, "next": replace(TOWN, page="call")}
    return world(stages=(behind,), towns=towns)


@pytest.mark.parametrize("step", [Step.PROVE, Step.PROMOTE])
def test_what_can_go_to_a_stage_is_promoted(step: Step) -> None:
    found = plan(staged(step))
    assert [(action.by, action.command, action.reason) for action in found.actions] == [
        (By.MERGE, "gt promote rel/1", "rel/1 is to have it")
    ]
    assert found.next is Next.DUE


def test_what_bakes_for_a_stage_wakes_by_itself() -> None:
    found = plan(staged(Step.WAIT, "bake", NOW + 9))
    assert (found.next, found.next_wake, found.calls) == (Next.WAITING, NOW + 9, ())
    assert plan(staged(Step.WAIT, "paused")).next is Next.REST


@pytest.mark.parametrize(
    ("cause", "epoch", "command"),
    [
        ("approval", "b" * 40, f"gt promote rel/1 --approve --commit {OID[:12]}"),
        ("red", OID, "gt promote rel/1 --again"),
        ("could-not-run", OID, "gt promote rel/1 --again"),
        ("dirty", OID, "git status"),
        ("diverged", "b" * 40, "git log next..bbbbbbbbbbbb"),
        ("moved", "b" * 40, "gt ack PAGE"),
        ("settings", "b" * 40, MEND),
    ],
)
def test_a_held_stage_needs_a_person(cause: str, epoch: str, command: str) -> None:
    """Who is paged by what its target's settings say; but not of what is wrong with these."""
    some = staged(Step.HELD, cause)
    found = plan(some)
    (call,) = found.calls
    assert (call.subject, call.reason, call.epoch) == ("stage:rel/1", cause, epoch)
    assert call.hint == command.replace("PAGE", call.page)
    assert [action.verb for action in found.actions] == ([] if cause == "settings" else ["page"])
    assert some.pager_of(call.subject) == "call"


def test_a_target_that_others_moved_is_accepted_by_acknowledging_its_page() -> None:
    found = plan(world(targets={"main": Target("main", OID, "was moved by others", "moved")}))
    (call,) = found.calls
    assert (call.subject, call.epoch, call.hint) == ("target:main", OID, f"gt ack {call.page}")


@pytest.mark.parametrize(
    ("cause", "command"),
    [
        ("missing", "git config --unset gt.target '^rel/1\\.0$'"),
        ("red", "gt merge --again"),
        ("settings", "${EDITOR:-vi} .gt/town.yaml && git commit -m 'Mend the settings' -- .gt/town.yaml"),
    ],
)
def test_a_target_in_trouble_names_what_ends_it(cause: str, command: str) -> None:
    found = plan(world(targets={"rel/1.0": Target("rel/1.0", OID, "is in trouble", cause)}))
    assert [call.hint for call in found.calls] == [command]


def test_a_target_is_looked_after_though_nothing_is_submitted() -> None:
    found = plan(world(targets={"main": Target("main", OID, due="is it green?")}))
    assert [(each.command, each.reason) for each in found.actions] == [("gt merge", "is it green?")]
    assert not found.at_rest


def test_who_turned_a_target_red_is_proposed_to_be_taken_back_and_paged_once_that_is_known() -> None:
    looking = Target("main", OID, "is red", "red-after", settled=False)
    assert [each.verb for each in plan(world(targets={"main": looking})).actions] == []
    known = replace(looking, settled=True, epoch="c" * 40, reverts=(gt("a"),), mend="gt accept x")
    found = plan(world(targets={"main": known}))
    first, second = found.actions
    assert first.command == f"gt revert {gt('a')} --propose"
    assert second.args[:4] == ("target:main", "red-after", "--epoch", "c" * 40)
    assert [call.hint for call in found.calls] == ["gt accept x"]


def test_a_missing_town_starts_nothing_and_a_foreign_base_is_said() -> None:
    assert plan(world(bead("a"), towns={})).actions == ()
    found = plan(world(bead("a", base="elsewhere")))
    assert [call.hint for call in found.calls] == ["git config --add gt.target elsewhere"]
    none = plan(world(bead("a"), towns={}, targets={}))
    assert [call.hint for call in none.calls] == ["git config --add gt.target main"]


def test_no_bead_falls_to_a_target_that_is_not_its_own() -> None:
    """The settings of the default target can't be read: the next one's are no substitute."""
    some = world(bead("a"), targets={"main": Target("main", OID, "has settings that can't be read", "settings"),
                                     "next": Target("next", OID)}, towns={"next": TOWN})  # fmt: skip
    assert plan(some).by(By.WORK) == ()


def test_an_unknown_agent_is_a_persons_business() -> None:
    found = plan(world(bead("a", agent="nobody")))
    assert [call.reason for call in found.calls] == ["no-agent"]
    assert plan(world(bead("a"), town=Town())).next is Next.HUMAN


def test_needs_that_can_never_be_met_need_a_person() -> None:
    gone = plan(world(bead("a", needs=[gt("z")])))
    assert [call.hint for call in gone.calls] == [f"gt dep rm {gt('a')} {gt('z')}"]
    undone = plan(world(bead("a", needs=[gt("z")]), bead("z", Phase.CLOSED, closed="wontfix")))
    assert undone.next is Next.HUMAN
    assert plan(world(bead("a", needs=[gt("z")]), bead("z", Phase.PROPOSED))).next is Next.REST


def test_a_deferral_wakes_by_itself() -> None:
    found = plan(world(bead("a", defer=NOW + 50)))
    assert (found.next_wake, found.next) == (NOW + 50, Next.WAITING)


def test_a_pause_stops_work_and_ends_by_itself() -> None:
    found = plan(world(bead("a"), state=TownState(Paused("alice", "lunch", NOW + 60))))
    assert (found.actions, found.next_wake) == ((), NOW + 60)


@pytest.mark.parametrize("ends", [NOW + 60, None])
def test_a_pause_stops_landing_and_it_goes_on_when_the_pause_ends(ends: int | None) -> None:
    waits = Queued(gt("a"), "1-aaaa", "main", OID, Standing.WAITING, "paused", "waits: alice paused the town")
    paused = TownState(Paused("alice", "lunch", ends))
    found = plan(world(bead("a", Phase.SUBMITTED), queue=(waits,), state=paused))
    assert (found.actions, found.next_wake) == ((), ends)
    after = replace(TOWN, gates=(Gate("slow", "true", when="after"),))
    looked_after = plan(world(town=after, state=paused))
    assert (looked_after.actions, looked_after.next_wake) == ((), ends)
    assert plan(world(state=paused)).next is Next.REST


def test_garbage_is_tidied_up_and_does_not_keep_a_town_from_rest() -> None:
    left = tuple(Remains(gt("a"), "1-aaaa", what, "/x") for what in ("worktree", "branch"))
    found = plan(world(remains=left))
    assert commands(found) == [f"gt prune {gt('a')} 1-aaaa"]
    assert found.next is Next.REST


def ailing(failures: int) -> World:
    sick = bead("a")
    ended = tuple(
        Attempt(f"{n}-aaaa", "claude", NOW - 10 + n, NOW - 10 + n, Result.INFRA, "no key")
        for n in range(1, failures + 1)
    )
    return world(replace(sick, status=replace(sick.status, attempts=ended)))


def test_an_ailing_agent_rests_then_gets_one_trial_then_waits_for_a_person() -> None:
    opened = plan(ailing(3))
    assert [action.verb for action in opened.actions] == ["page"]
    assert opened.next_wake == NOW - 7 + 1800
    trial = plan(replace(ailing(3), now=NOW + 1800))
    assert [action.verb for action in trial.by(By.WORK)] == ["work"]
    tripped = plan(replace(ailing(6), now=NOW + 9999))
    assert tripped.by(By.WORK) == ()
    assert tripped.next_wake is None
    (call,) = tripped.calls
    seen = page("agent:claude", "infra", call.epoch, acknowledged=Acknowledged("alice", NOW))
    assert [action.verb for action in plan(replace(ailing(6), pages={seen.id: seen})).actions] == ["work"]


def test_unreadable_files_are_called_out() -> None:
    found = plan(world(unreadable=("beads/a/a/gt-x.yaml: not YAML",)))
    assert [call.subject for call in found.calls] == ["ledger"]


def test_submission_that_only_waits_is_rest() -> None:
    waits = Queued(gt("a"), "1-aaaa", "main", OID, Standing.WAITING, "need", "needs something")
    sub = bead("a", Phase.SUBMITTED)
    assert sub.status.submission == submission()
    assert plan(world(sub, queue=(waits,))).next is Next.REST


def test_what_a_dead_merge_left_is_for_the_next_merge() -> None:
    found = plan(replace(world(), unfinished="a gt merge that died left a gate running"))
    assert (commands(found), found.next) == (["gt merge"], Next.DUE)
