"""The scheduler, under any verdicts: what it may plan, what it may decide, and that it comes to an end."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gt.core.docket import NOBODY, Change, Docket, GateRun, Ids, Purpose, Record, Tally, Tip, Tried, Verdict
from gt.core.findings import find
from gt.core.rates import believe, lies
from gt.core.rulings import Land, Reject, RejectPair, Ruling
from gt.core.speculate import DOUBTS, Plan, plan
from gt.core.suspicion import PROOF

SURE = Record(flakes=Tally(0, 1e9))
"""Gates that never lie."""
GOOD = replace(SURE, agents={"": Tally(10, 990)})
"""And an agent that is nearly always right."""
FLAKY = Record(flakes=Tally(10, 90))

MOST_TRIES = 30
"""More runs of one set on one tip than any verdicts can bring about. So this measure falls with each run, and a town comes
to rest: the changes undecided; for the present tip, what is left of so many tries for each set of them."""

Judge = Callable[[Ids, Ids], Verdict]
"""The verdict on a content, of which some is landed."""


@dataclass
class Town:
    """A town that does what plans say, and checks each."""

    changes: dict[str, Change]
    slots: int
    record: Record = SURE
    tips: list[Tip] = field(default_factory=lambda: [Tip("t0")])
    tried: list[Tried] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Which each of these was, in the order in which they began."""
    began: dict[tuple[str, Ids], int] = field(default_factory=dict)
    """The same of those under way."""
    passed: list[int] = field(default_factory=list)
    """Which passed, sorted."""
    running: list[GateRun] = field(default_factory=list)
    landed: Ids = NOBODY
    rejected: dict[str, Reject | RejectPair] = field(default_factory=dict)
    runs: int = 0
    trouble: str = ""
    tries: Counter[tuple[int, Ids]] = field(default_factory=Counter)
    """How often each set was gated on each tip."""

    def docket(self) -> Docket:
        tried = tuple(map(self.told, self.tried, self.numbers))
        return Docket(
            tuple(self.changes.values()), tuple(self.tips), tried, tuple(self.running),
            frozenset(self.rejected), self.record,
        )  # fmt: skip

    def told(self, run: Tried, number: int) -> Tried:
        if run.verdict is not Verdict.FAIL:
            return run
        before = bisect_left(self.passed, number)
        return replace(run, works=before < len(self.passed), spell=f"{before}")

    def step(self) -> Plan:
        """Plan, decide until there is nothing to decide, and start what is planned."""
        while True:
            docket = self.docket()
            made = plan(docket, self.slots - len(self.running))
            assert made == plan(docket, self.slots - len(self.running)), "the same docket, the same plan"
            check(docket, made, self.slots - len(self.running))
            if not made.rulings:
                break
            for ruling in made.rulings:
                self.decide(docket, ruling)
        self.trouble = made.trouble
        for run in made.cancel:
            self.running.remove(run)
        self.running += made.runs
        for run in made.runs:
            self.tries[len(self.tips), run.members] += 1
            self.began[run.base, run.members] = self.runs
            self.runs += 1
            assert self.tries[len(self.tips), run.members] <= MOST_TRIES or not run.members
        assert len(self.running) <= self.slots
        return made

    def decide(self, docket: Docket, ruling: Ruling) -> None:
        if isinstance(ruling, Land):
            proof = ruling.proof
            assert proof in docket.tried
            assert proof.verdict is Verdict.PASS
            assert docket.landed()[proof.base] | proof.members == self.landed | {*ruling.members}
            seen = set(self.landed)
            for change in ruling.members:
                assert self.changes[change].needs <= seen, "landed before what it needs"
                assert not self.changes[change].held
                seen.add(change)
            assert len(ruling.members) == 1 or not any(self.changes[c].alone for c in ruling.members)
            self.landed |= {*ruling.members}
            self.tips.append(Tip(f"t{len(self.tips)}", frozenset(ruling.members)))
            for change in ruling.members:
                self.remember(change, bad=False)
            return
        assert ruling.sureness >= PROOF
        assert any(red.works for red in ruling.reds), "rejected by a gate that may be broken"
        at = docket.landed()
        for red in ruling.reds:
            assert red in docket.tried
            assert red.verdict is Verdict.FAIL
            assert at[red.base] | red.members <= self.landed | {ruling.change}, "others could be to blame"
        assert any(
            at[t.base] | t.members == self.landed and t.verdict is Verdict.PASS
            for t in self.tried
            if t.base in at
        ), "rejected without a green control"
        if isinstance(ruling, RejectPair):
            assert ruling.green.verdict is Verdict.PASS
            assert ruling.change in ruling.green.members
            assert ruling.among
            assert ruling.among <= self.landed
        self.rejected[ruling.change] = ruling
        self.remember(ruling.change, bad=True)

    def remember(self, change: str, *, bad: bool) -> None:
        agent = self.changes.pop(change).agent
        tally = self.record.agents.get(agent, Tally()).plus(bad, not bad)
        self.record = replace(self.record, agents={**self.record.agents, agent: tally})

    def end(self, index: int, judge: Judge) -> None:
        """End a run."""
        run = self.running.pop(index % len(self.running))
        at = self.docket().landed()
        verdict = judge(at[run.base] | run.members, self.landed)
        self.numbers.append(self.began[run.base, run.members])
        self.tried.append(Tried(run.base, run.members, verdict))
        if verdict is Verdict.PASS:
            insort(self.passed, self.numbers[-1])


def check(docket: Docket, made: Plan, free: int) -> None:
    """What holds of every plan."""
    assert len(made.runs) <= max(0, free + len(made.cancel)), "more runs than slots"
    assert not (made.rulings and made.runs)
    at = docket.landed()
    landed = at[docket.tip]
    waiting = {change.id: change for change in docket.changes}
    going = {at[run.base] | run.members for run in docket.running if run.base in at}
    greens = {at[t.base] | t.members for t in docket.tried if t.base in at and t.verdict is Verdict.PASS}
    reds = {at[t.base] | t.members for t in docket.tried if t.base in at and t.verdict is Verdict.FAIL}
    fresh: list[Ids] = []
    vouched = NOBODY.union(*greens)
    for run in made.runs:
        content = landed | run.members
        assert run.base == docket.tip
        assert run.why
        assert content not in going, "under way already"
        assert content not in greens or not run.members, "known to be green"
        assert run.again == (content in reds), "known to be red, and not said so"
        going.add(content)
        assert run.members <= waiting.keys()
        for member in run.members:
            assert waiting[member].needs <= landed | run.members, "not closed under needs"
            assert not waiting[member].held
            assert not waiting[member].apart & run.members
            assert not waiting[member].alone or len(run.members) == 1
        if run.purpose is Purpose.GROUP:
            fresh.append(run.members - vouched)
    assert sum(map(len, fresh)) == len(NOBODY.union(*fresh)), f"groups share a change: {fresh}"


def changes(count: int, **fields: object) -> dict[str, Change]:
    made = [Change(f"c{n:02}", at=n, **fields) for n in range(count)]  # type: ignore[arg-type]
    return {change.id: change for change in made}


def truth(bad: Ids = NOBODY, pairs: tuple[Ids, ...] = ()) -> Judge:
    def judge(content: Ids, _: Ids) -> Verdict:
        red = content & bad or any(pair <= content for pair in pairs)
        return Verdict.FAIL if red else Verdict.PASS

    return judge


def play(town: Town, judge: Judge, limit: int, pick: Callable[[], int] = lambda: 0) -> Town:
    """Until nothing is left to do."""
    for _ in range(limit):
        town.step()
        if not town.running:
            return town
        town.end(pick(), judge)
    raise AssertionError(f"no end after {limit} steps: {sorted(town.changes)}")


@st.composite
def queues(draw: st.DrawFn) -> dict[str, Change]:
    """Changes with needs, conflicts, ranks, holds."""
    count = draw(st.integers(1, 12))
    made: dict[str, Change] = {}
    for n in range(count):
        before = [f"c{m:02}" for m in range(n)]
        some = st.frozensets(st.sampled_from(before), max_size=2) if before else st.just(NOBODY)
        rare = st.sampled_from([True, False, False, False, False, False])
        made[f"c{n:02}"] = Change(
            f"c{n:02}",
            rank=draw(st.sampled_from([0, 1, 2, 2, 2, 2])),
            at=draw(st.integers(0, 9000)),
            agent=draw(st.sampled_from("xyz")),
            needs=draw(some) if draw(rare) else NOBODY,
            apart=draw(some) if draw(rare) else NOBODY,
            alone=draw(rare),
            vetted=draw(rare),
            held="waits for approval" if draw(rare) else "",
        )
    return made


@given(queues(), st.integers(1, 5), st.data())
@settings(max_examples=80, deadline=None)
def test_any_verdicts_come_to_an_end(queue: dict[str, Change], slots: int, data: st.DataObject) -> None:
    """Whatever the gates say, however senseless: everybody lands, is rejected, or has a reason to wait."""
    record = data.draw(st.sampled_from([SURE, FLAKY, Record()]))
    town = Town(dict(queue), slots, record)

    def judge(content: Ids, landed: Ids) -> Verdict:
        if content == landed:
            return Verdict.PASS
        return data.draw(st.sampled_from([Verdict.PASS, Verdict.FAIL, Verdict.FAIL]))

    play(town, judge, 40 * len(queue) + 40, lambda: data.draw(st.integers(0, 4)))
    assert set(queue) == {*town.landed, *town.rejected, *town.changes}
    waiting = {hold.change for hold in town.step().holds}
    assert town.changes.keys() == waiting


@given(queues(), st.integers(1, 5), st.data())
@settings(max_examples=60, deadline=None)
def test_honest_gates_find_out_who_is_bad(queue: dict[str, Change], slots: int, data: st.DataObject) -> None:
    names = sorted(queue)
    some = st.frozensets(st.sampled_from(names), max_size=4)
    bad = data.draw(some)
    pairs = tuple(pair for pair in data.draw(st.lists(some, max_size=3)) if len(pair) == 2)
    town = play(Town(dict(queue), slots), truth(bad, pairs), 40 * len(queue) + 40)
    assert not town.landed & bad
    assert not any(pair <= town.landed for pair in pairs)
    for change in town.rejected:
        assert change in bad or any(change in pair and pair - {change} <= town.landed for pair in pairs)
    for left in town.changes.values():  # for a reason that gates have no say in
        assert left.held or left.needs - town.landed or left.apart & town.changes.keys()


@given(st.integers(1, 3), st.data())
@settings(max_examples=40, deadline=None)
def test_gates_that_sometimes_cannot_run(slots: int, data: st.DataObject) -> None:
    town = Town(changes(6), slots, Record())
    verdicts = st.sampled_from([Verdict.COULD_NOT_RUN, Verdict.COULD_NOT_RUN, Verdict.PASS, Verdict.FAIL])
    play(town, lambda tree, landed: Verdict.PASS if tree == landed else data.draw(verdicts), 400)
    if not town.trouble:
        assert town.changes.keys() == {hold.change for hold in town.step().holds}


@given(queues(), st.integers(1, 4), st.data())
@settings(max_examples=60, deadline=None)
def test_a_plan_carried_out_leaves_nothing_to_plan(
    queue: dict[str, Change], slots: int, data: st.DataObject
) -> None:
    """And the slots that it left free stay free until something happens."""
    town = Town(dict(queue), slots)
    bad = data.draw(st.frozensets(st.sampled_from(sorted(queue)), max_size=3))
    for _ in range(data.draw(st.integers(0, 8))):
        town.step()
        if town.running:
            town.end(data.draw(st.integers(0, 4)), truth(bad))
    town.step()
    again = plan(town.docket(), 0)
    assert (again.rulings, again.runs, again.cancel) == ((), (), ())


def test_sixty_four_good_changes_take_a_few_runs() -> None:
    assert play(Town(changes(64), 1, GOOD), truth(), 10).runs == 1
    assert play(Town(changes(64), 1), truth(), 10).runs <= 4, "as nothing is known, it begins with a few"


def test_one_bad_change_among_sixty_four_is_found_by_halving() -> None:
    for bad in ("c00", "c31", "c63"):
        town = play(Town(changes(64), 1, GOOD), truth(frozenset({bad})), 20)
        assert town.rejected.keys() == {bad}
        assert town.runs <= 13  # one for all, lg 64 to find it, a few for what was set aside


def test_two_that_do_not_go_together_cost_the_later_one() -> None:
    known = replace(GOOD, pairs=Tally(1, 2000))
    pair = frozenset({"c07", "c50"})
    for slots in (1, 4, 16):
        town = play(Town(changes(64), slots, known), truth(pairs=(pair,)), 100)
        assert len(town.landed) == 63
        assert len(town.rejected.keys() & pair) == 1


def test_what_was_red_together_is_known_to_be_red_once_the_rest_has_landed() -> None:
    a, b = changes(2).values()
    tried = (
        Tried("t0", frozenset({"c00", "c01"}), Verdict.FAIL, works=True),
        Tried("t0", frozenset({"c00"}), Verdict.PASS),
    )
    first = plan(Docket((a, b), (Tip("t0"),), tried, record=SURE), 1)
    assert first.rulings == (Land(("c00",), tried[1]),)
    (then,) = plan(Docket((b,), (Tip("t0"), Tip("t1", frozenset({"c00"}))), tried, record=SURE), 1).rulings
    assert isinstance(then, Reject)
    assert (then.change, then.reds) == ("c01", (tried[0],))


def test_nobody_is_rejected_before_the_target_is_known_to_be_green() -> None:
    one = tuple(changes(1).values())
    red = Tried("t0", frozenset({"c00"}), Verdict.FAIL)
    made = plan(Docket(one, (Tip("t0"),), (red,), record=SURE), 1)
    (run,) = made.runs
    assert (made.rulings, run.members, run.purpose) == ((), NOBODY, Purpose.CONTROL)
    passed = Tried("t0", NOBODY, Verdict.PASS)
    green = Docket(one, (Tip("t0"),), (replace(red, works=True), passed), record=SURE)
    (ruling,) = plan(green, 1).rulings
    assert isinstance(ruling, Reject)
    broken = plan(Docket(one, (Tip("t0"),), (red, Tried("t0", NOBODY, Verdict.FAIL)), record=SURE), 1)
    assert broken.trouble == "is red itself"
    assert (broken.rulings, broken.runs) == ((), ())


def test_nobody_is_rejected_by_a_gate_that_may_be_broken() -> None:
    """That the target passed before says nothing: the gate may have broken since."""
    passed, red = Tried("t0", NOBODY, Verdict.PASS), Tried("t0", frozenset({"c00"}), Verdict.FAIL)
    one = plan(Docket(tuple(changes(1).values()), (Tip("t0"),), (passed, red), record=SURE), 1)
    assert (one.rulings, [run.purpose for run in one.runs]) == ((), [Purpose.CONTROL])
    more = plan(Docket(tuple(changes(4).values()), (Tip("t0"),), (passed, red), record=GOOD), 1)
    assert [run.members for run in more.runs] == [{"c01", "c02", "c03"}], "another run will tell as well"
    again = Docket(
        tuple(changes(1).values()),
        (Tip("t0"),),
        (passed, red, Tried("t0", NOBODY, Verdict.FAIL)),
        record=SURE,
    )
    assert plan(again, 1).trouble == "is red itself"


def test_many_failures_in_a_row_are_taken_for_the_gates_before_more_is_spent() -> None:
    passed = Tried("t0", NOBODY, Verdict.PASS)
    reds = tuple(Tried("t0", frozenset({f"c{n:02}"}), Verdict.FAIL) for n in range(DOUBTS))
    for count, purpose in ((DOUBTS - 1, Purpose.GROUP), (DOUBTS, Purpose.CONTROL)):
        docket = Docket(tuple(changes(20).values()), (Tip("t0"),), (passed, *reds[:count]), record=SURE)
        assert plan(docket, 1).runs[0].purpose is purpose


def test_a_lone_red_is_repeated_while_it_may_be_a_flake_and_a_group_is_cut() -> None:
    green = Tried("t0", NOBODY, Verdict.PASS)
    red = Tried("t0", frozenset({"c00"}), Verdict.FAIL, works=True)
    (again,) = plan(Docket(tuple(changes(1).values()), (Tip("t0"),), (green, red), record=FLAKY), 1).runs
    assert again.again
    assert again.purpose is Purpose.CONFIRM
    four = Tried("t0", frozenset({"c00", "c01", "c02", "c03"}), Verdict.FAIL)
    usual = replace(FLAKY, agents={"": Tally(10, 90)})
    (head,) = plan(Docket(tuple(changes(4).values()), (Tip("t0"),), (green, four), record=usual), 1).runs
    assert len(head.members) == 2
    assert not head.again


def test_between_two_failures_something_has_to_pass() -> None:
    """Else both may be of one outage: before it is run again, or while it is, the target is gated."""
    green, red = Tried("t0", NOBODY, Verdict.PASS), Tried("t0", frozenset({"c00"}), Verdict.FAIL)
    docket = Docket(tuple(changes(1).values()), (Tip("t0"),), (green, red), record=FLAKY)
    assert [run.purpose for run in plan(docket, 1).runs] == [Purpose.CONTROL]
    assert {run.purpose for run in plan(docket, 2).runs} == {Purpose.CONTROL, Purpose.CONFIRM}


def test_who_was_green_with_it_is_not_whom_it_does_not_go_together_with() -> None:
    tips = (Tip("t0"), Tip("t1", frozenset({"c00"})), Tip("t2", frozenset({"c01"})))
    tried = (
        Tried("t0", frozenset({"c01", "c02"}), Verdict.PASS),
        Tried("t2", frozenset({"c02"}), Verdict.FAIL, works=True),
        Tried("t2", NOBODY, Verdict.PASS),
    )
    (one,) = plan(Docket((changes(3)["c02"],), tips, tried, record=SURE), 1).rulings
    assert isinstance(one, RejectPair)
    assert one.among == {"c00"}


def test_whom_the_log_names_is_what_the_next_run_leaves_out() -> None:
    red = Tried("t0", frozenset(changes(6)), Verdict.FAIL, named=frozenset({"c02"}))
    (run,) = plan(Docket(tuple(changes(6).values()), (Tip("t0"),), (red,), record=GOOD), 1).runs
    assert run.members == frozenset(changes(6)) - {"c02"}


def test_a_hotfix_takes_the_next_slot_and_stops_nobody() -> None:
    town = Town(changes(60), 2)
    town.step()
    before = list(town.running)
    town.changes["hot"] = Change("hot", rank=0, at=99)
    assert town.step().runs == (), "no slot is free"
    town.end(0, truth())
    first = town.step().runs[0]
    assert (first.members, first.purpose) == (frozenset({"hot"}), Purpose.HOTFIX)
    assert before[1] in town.running
    town.end(0, truth())
    assert "hot" not in town.landed
    town.step()
    landed = town.landed
    town.end(next(n for n, run in enumerate(town.running) if run.purpose is Purpose.HOTFIX), truth())
    town.step()
    assert town.landed >= landed | {"hot"}, (
        "nothing landed under it meanwhile that it would have to be gated on"
    )


def test_what_is_held_delays_nobody_but_what_needs_it() -> None:
    queue = changes(4)
    queue["c00"] = replace(queue["c00"], held="waits for approval")
    queue["c02"] = replace(queue["c02"], needs=frozenset({"c00"}))
    town = play(Town(queue, 1), truth(), 10)
    assert town.landed == {"c01", "c03"}
    assert [(hold.change, hold.why) for hold in town.step().holds] == [
        ("c00", "waits for approval"),
        ("c02", "needs c00, which can't land: it waits for approval"),
    ]


def test_what_conflicts_waits_for_what_comes_first() -> None:
    queue = changes(2)
    queue["c01"] = replace(queue["c01"], apart=frozenset({"c00"}))
    made = plan(Docket(tuple(queue.values()), (Tip("t0"),)), 2)
    assert [run.members for run in made.runs] == [frozenset({"c00"})]
    assert [hold.why for hold in made.holds] == ["conflicts with c00, which goes first"]


def test_age_raises_a_rank() -> None:
    old, new = Change("old", rank=3, at=0, alone=True), Change("new", rank=1, at=3000, alone=True)
    early = plan(Docket((old, new), (Tip("t0"),), now=3000), 1)
    late = plan(Docket((old, new), (Tip("t0"),), now=9000), 1)
    assert [early.runs[0].members, late.runs[0].members] == [{"new"}, {"old"}]


def test_gates_that_do_not_run_hold_their_change_and_the_target_is_asked() -> None:
    queue = tuple(changes(1).values())
    stalls = (Tried("t0", frozenset({"c00"}), Verdict.COULD_NOT_RUN),) * 3
    asked = plan(Docket(queue, (Tip("t0"),), stalls), 1)
    assert [run.purpose for run in asked.runs] == [Purpose.CONTROL]
    fine = plan(Docket(queue, (Tip("t0"),), (*stalls, Tried("t0", NOBODY, Verdict.PASS))), 1)
    assert (fine.runs, fine.holds[0].why) == ((), "has gates that could not be run")
    dead = plan(Docket(queue, (Tip("t0"),), (*stalls, Tried("t0", NOBODY, Verdict.COULD_NOT_RUN))), 1)
    assert dead.trouble == "has gates that can't be run"


def test_a_withdrawn_change_takes_its_runs_with_it() -> None:
    town = Town(changes(3), 1)
    (run,) = town.step().runs
    del town.changes["c01"]
    town.running = [replace(run, left=0.3)]
    made = town.step()
    assert made.cancel == (run,), "the same run, however far it is"
    assert [run.members for run in made.runs] == [{"c00", "c02"}]


def test_needs_in_a_circle_wait() -> None:
    queue = changes(2)
    queue = {name: replace(each, needs=frozenset(queue) - {name}) for name, each in queue.items()}
    made = plan(Docket(tuple(queue.values()), (Tip("t0"),)), 1)
    assert made.runs == ()
    assert len(made.holds) == 2


def test_on_a_red_target_each_change_is_tried_by_itself_once_and_what_is_green_lands() -> None:
    queue = changes(3)
    queue["c01"] = replace(queue["c01"], rank=0)
    docket = Docket(tuple(queue.values()), (Tip("t0"),), red=True)
    made = plan(docket, 2)
    assert [(sorted(run.members), run.purpose) for run in made.runs] == [
        (["c01"], Purpose.MEND),
        (["c02"], Purpose.MEND),
    ]
    reds = tuple(Tried("t0", frozenset({name}), Verdict.FAIL) for name in ("c01", "c02"))
    assert [run.members for run in plan(replace(docket, tried=reds), 2).runs] == [{"c00"}]
    every = (*reds, Tried("t0", frozenset({"c00"}), Verdict.FAIL), Tried("t0", NOBODY, Verdict.PASS))
    nothing = plan(replace(docket, tried=every, record=SURE), 2)
    assert (nothing.runs, nothing.rulings) == ((), ()), "nobody is rejected"
    green = Tried("t0", frozenset({"c00"}), Verdict.PASS)
    assert plan(replace(docket, tried=(*reds, green)), 2).rulings == (Land(("c00",), green),)


def test_beliefs_do_not_hang_on_the_order_in_which_agents_are_listed() -> None:
    tallies = {f"a{n}": Tally(n / 10, n / 7) for n in range(9)}
    queue = tuple(replace(each, agent="a3") for each in changes(3).values())
    there, back = (
        Docket(queue, (Tip("t0"),), record=Record(dict(items)))
        for items in (tallies.items(), reversed(tallies.items()))
    )
    assert believe(there, find(there)) == believe(back, find(back))


def test_gates_lie_where_a_tree_passed_as_well() -> None:
    red, green = Tried("t0", frozenset({"c00"}), Verdict.FAIL), Tried("t0", frozenset({"c00"}), Verdict.PASS)
    assert lies([red, green, red]) == Tally(2, 1)
    assert lies([red, red]) == Tally(0, 0)
