"""Replaying one machine's moves on what another made of the same Bead: legal, fenced, and nothing shrinks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gt.core import moves
from gt.core.bead import (
    Approval,
    Attempt,
    Bead,
    Closed,
    CloseReason,
    Landed,
    Lease,
    Offered,
    Phase,
    Result,
    Status,
    Submission,
)
from gt.core.data import bead_data
from gt.core.plan import plan
from gt.core.replay import edge, replayed, replayed_state
from gt.core.schema import bead_from
from gt.core.state import Acceptance, Paused, TownState, Waiver, Word
from gt.core.town import Limits
from gt.core.trace import trace
from gt.errors import IllegalMove
from tests.core import strategies, test_model
from tests.core.small import NOW, OID, attempt, bead, lease, submission, with_work
from tests.core.test_moves import CALLS

LIMITS = Limits(attempts=3, interruptions=2)


def replay(current: Bead, before: Bead | None, after: Bead, limits: Limits = LIMITS) -> Bead:
    """The current Bead with that status, which is checked: it can be written, and gt's own moves lead there."""
    made = replace(current, status=replayed(current, before, after, limits, NOW))
    check(current, made)
    return made


def check(before: Bead, after: Bead) -> None:
    assert bead_from(bead_data(after), "here") == after
    tokens = [a.token for a in after.status.attempts]
    assert len(tokens) == len(set(tokens))
    assert set(tokens) >= {a.token for a in before.status.attempts}
    assert after.next_ordinal >= before.next_ordinal
    trace(before, after)


# Which move it was


@given(strategies.beads, st.sampled_from(sorted(moves.MOVES)))
@settings(deadline=None, max_examples=200)
def test_every_move_of_any_bead_is_recognised(before: Bead, name: str) -> None:
    held = before.status.lease
    tokens = [each.token for each in before.status.attempts] + ([held.token] if held else [])
    assume(len(tokens) == len(set(tokens)))
    try:
        after = CALLS[name](before)
    except IllegalMove:
        return
    assert edge(before, after) == (name if after.status != before.status else None)


@pytest.mark.parametrize("name", moves.MOVES)
@pytest.mark.parametrize("phase", Phase)
def test_every_move_of_every_phase_is_recognised(name: str, phase: Phase) -> None:
    before = bead("a", phase)
    if phase is Phase.LEASED and name == "renew":
        before = replace(before, status=replace(before.status, lease=lease(lock=False)))
    if phase is Phase.STUCK and name == "answer":
        before = CALLS["ask"](bead("a", Phase.LEASED))
    if phase is Phase.PROPOSED and name == "admit":
        before = with_work(before)
    if phase in moves.MOVES[name].leaves:
        after = CALLS[name](before)
        assert edge(before, after) == (name if after.status != before.status else None)


def test_the_last_attempt_is_recognised_too() -> None:
    for result, limits in (
        (Result.WORK_FAILED, Limits(attempts=1)),
        (Result.INTERRUPTED, Limits(interruptions=1)),
    ):
        held = bead("a", Phase.LEASED)
        assert edge(held, moves.end(held, attempt("1-aaaa", result), limits, NOW)) == "end"
    offered = bead("a", Phase.SUBMITTED)
    stuck = moves.reject(offered, "1-aaaa", Result.RED, "", Limits(attempts=1), NOW)
    assert (edge(offered, stuck), stuck.phase) == ("reject", Phase.STUCK)


def test_what_begins_and_what_only_wants_something_else_are_no_moves() -> None:
    assert edge(None, bead("a")) is None
    assert edge(bead("a"), bead("a", acceptance="b", priority=0)) is None


def test_no_move_leads_there() -> None:
    spent = moves.end(bead("a", Phase.LEASED), attempt("1-aaaa", Result.WORK_FAILED), LIMITS, NOW)
    forgotten = replace(spent, status=replace(spent.status, attempts=()))
    for before, after in (
        (bead("a"), bead("a", Phase.PROPOSED)),
        (bead("a"), bead("a", Phase.LANDED)),
        (bead("a"), bead("a", Phase.STUCK)),
        (bead("a"), bead("a", wake=NOW)),
        (bead("a", Phase.LEASED), bead("a")),
        (bead("a", Phase.SUBMITTED), bead("a")),
        (spent, forgotten),
        (spent, replace(forgotten, status=replace(forgotten.status, phase=Phase.LEASED, lease=lease()))),
    ):
        with pytest.raises(IllegalMove, match="no legal moves lead there"):
            edge(before, after)
        with pytest.raises(IllegalMove):
            replayed(bead("a", Phase.CLOSED), before, after, LIMITS, NOW)


def names(before: Bead, after: Bead) -> list[str]:
    return [move.name for move in trace(before, after)]


def test_a_jump_is_taken_apart() -> None:
    start = bead("a", Phase.PROPOSED)
    held = CALLS["claim"](moves.accept(start))
    failed = moves.end(held, attempt("1-aaaa", Result.WORK_FAILED), LIMITS, NOW)
    again = CALLS["claim"](failed)
    offered = moves.submit(again, submission("2-aaaa"), attempt("2-aaaa", Result.SUBMITTED))
    assert names(start, again) == ["accept", "claim", "end", "claim"]
    assert names(start, CALLS["land"](offered)) == ["accept", "claim", "end", "claim", "submit", "land"]
    assert names(held, CALLS["close"](failed)) == ["end", "close"]
    asked = CALLS["ask"](held)
    assert names(held, moves.answer(asked, "!", LIMITS)) == ["ask", "answer"]
    assert names(CALLS["land"](offered), CALLS["close"](CALLS["reopen"](CALLS["land"](offered)))) == [
        "reopen",
        "close",
    ]
    red = moves.reject(offered, "2-aaaa", Result.RED, "red", LIMITS, NOW)
    third = moves.end(CALLS["claim"](red), attempt("3-aaaa", Result.CRASHED), LIMITS, NOW)
    assert third.phase is Phase.STUCK
    assert names(offered, third) == ["reject", "claim", "end"]
    fourth = claimed(moves.retry(third, 1, LIMITS), "a")
    assert names(third, ended(fourth)) == ["retry", "claim", "end"]
    assert ended(fourth).phase is Phase.STUCK
    with pytest.raises(IllegalMove, match="more than once: reject, claim, end"):
        edge(offered, third)


# Making it again


def test_where_nothing_moved_meanwhile_the_status_is_taken_over() -> None:
    held = CALLS["claim"](bead("a"))
    assert replay(bead("a", acceptance="b"), bead("a"), held).status == held.status
    assert replay(held, bead("a"), bead("a", acceptance="b")) == held
    assert replayed(None, None, held, LIMITS, NOW) == held.status
    assert replayed(held, None, bead("a"), LIMITS, NOW) == held.status
    with pytest.raises(IllegalMove, match="not in the ledger any more"):
        replayed(None, bead("a"), held, LIMITS, NOW)


def claimed(at: Bead, by: str) -> Bead:
    return moves.claim(at, lease(f"{at.next_ordinal}-{by * 4}", actor=by), "")


def submitted(at: Bead) -> Bead:
    token = at.status.lease.token if at.status.lease else ""
    return moves.submit(at, submission(token, f"{token[-1:]:0<40}"), attempt(token, Result.SUBMITTED))


def ended(at: Bead, result: Result = Result.WORK_FAILED) -> Bead:
    token = at.status.lease.token if at.status.lease else ""
    return moves.end(at, attempt(token, result), LIMITS, NOW)


def test_of_two_offline_claims_one_is_effective_and_the_other_never_passes_its_fence() -> None:
    start = bead("a")
    here, there = claimed(start, "a"), claimed(start, "b")
    assert here.next_ordinal == there.next_ordinal
    at = here
    for before, after in (
        (start, there),
        (there, submitted(there)),
        (there, ended(there)),
        (there, CALLS["ask"](there)),
    ):
        with pytest.raises(IllegalMove, match=r"is leased by a under 1-aaaa|that attempt is over"):
            replay(at, before, after)
    assert submitted(at).status.submission


def test_an_ordinal_may_be_there_twice_a_token_not() -> None:
    start = bead("a")
    there = claimed(start, "b")
    given_up = ended(claimed(start, "a"), Result.RELEASED)
    at = replay(given_up, start, there)
    assert at.status.lease == there.status.lease
    assert ended(at).next_ordinal == 2
    with pytest.raises(IllegalMove, match="attempt under 1-aaaa already"):
        moves.claim(given_up, lease("1-aaaa"), "", elsewhere=True)
    with pytest.raises(IllegalMove, match="the next ordinal is 2"):
        moves.claim(given_up, lease("1-bbbb"), "")


@pytest.mark.parametrize("first", ["submits", "expires"])
def test_one_submits_while_another_expires_it_and_claims(first: str) -> None:
    third = bead("a", Phase.LEASED)
    third = replace(third, status=replace(third.status, lease=lease("3-aaaa")))
    offered = submitted(third)
    expired = ended(third, Result.DEADLINE)
    fourth = claimed(expired, "b")
    if first == "submits":
        at, rest = offered, [(third, expired), (expired, fourth)]
    else:
        at, rest = fourth, [(third, offered)]
    for before, after in rest:
        with pytest.raises(IllegalMove):
            replay(at, before, after)
    effective = [t.token for t in (at.status.lease, at.status.submission) if t]
    assert effective == (["3-aaaa"] if first == "submits" else ["4-bbbb"])


def test_what_is_there_already_changes_nothing() -> None:
    """A push whose answer was lost: the same moves come once more."""
    held = claimed(bead("a"), "a")
    red = moves.reject(submitted(held), "1-aaaa", Result.RED, "red", LIMITS, NOW)
    second = claimed(red, "b")
    offered = submitted(second)
    approved = CALLS["approve"](offered)
    asked_for = CALLS["request"](approved)
    opened = moves.request(asked_for, "2-bbbb", f"{'b':0<40}", Offered(NOW, "2" * 40, NOW, "https://forge/1"))
    coming = CALLS["intend"](opened)
    landed = CALLS["land"](coming)
    again = CALLS["reopen"](landed)
    story = [
        bead("a", Phase.PROPOSED),
        bead("a"),
        held,
        submitted(held),
        red,
        second,
        offered,
        approved,
        asked_for,
        opened,
        coming,
        landed,
        again,
    ]
    for before, after in pairwise(story):
        for later in story[story.index(after) :]:
            assert replay(later, before, after) == later
    asked = CALLS["ask"](held)
    answered = moves.answer(asked, "!", LIMITS)
    closed = CALLS["close"](answered)
    for before, after in pairwise((held, asked, answered, closed)):
        assert replay(closed, before, after) == closed


def test_what_a_person_said_holds_for_what_they_said_it_about() -> None:
    stuck = bead("a", Phase.STUCK)
    tried = moves.retry(stuck, None, LIMITS)
    anew = moves.ask(claimed(tried, "a"), "Which?", attempt("1-aaaa", Result.ASKED), NOW)
    assert replay(anew, stuck, tried) == anew, "stuck again, on something else"
    other = moves.ask(claimed(tried, "b"), "What?", attempt("1-bbbb", Result.ASKED), NOW)
    with pytest.raises(IllegalMove, match="asks something else"):
        replay(anew, other, moves.answer(other, "that", LIMITS))
    done, wont = (
        moves.close(tried, Closed(reason, "", NOW, "bob"))
        for reason in (CloseReason.DONE, CloseReason.WONTFIX)
    )
    assert replay(done, tried, moves.close(tried, Closed(CloseReason.DONE, "x", NOW + 9, "al"))) == done
    with pytest.raises(IllegalMove, match=r"is closed \(done\): can't close"):
        replay(done, tried, wont)
    assert replay(done, wont, moves.reopen(wont, LIMITS)) == done, "that end was another"


def test_a_submission_is_fenced_by_token_and_commit() -> None:
    held = claimed(bead("a"), "a")
    here = moves.submit(held, submission("1-aaaa", "1" * 40), attempt("1-aaaa", Result.SUBMITTED))
    there = moves.submit(
        held, submission("1-aaaa", "2" * 40), replace(attempt("1-aaaa", Result.SUBMITTED), head="2" * 40)
    )
    word = Approval("2" * 40, OID, "", "bob", NOW)
    for after in (
        CALLS["land"](there),
        moves.approve(there, word),
        moves.reject(there, "1-aaaa", Result.RED, "", LIMITS, NOW),
    ):
        with pytest.raises(IllegalMove, match="submitted under 1-aaaa, not 222222222222"):
            replay(here, there, after)


def test_what_is_being_landed_is_not_sent_back_by_who_did_not_know() -> None:
    here = submitted(claimed(bead("a"), "a"))
    coming = CALLS["intend"](here)
    for name in ("reject", "withdraw"):
        with pytest.raises(IllegalMove, match="is being landed as ffffffffffff"):
            replay(coming, here, CALLS[name](here))
        assert replay(coming, coming, CALLS[name](coming)).phase is Phase.OPEN, "that landing came to nothing"
    with pytest.raises(IllegalMove, match="can't intend"):
        replay(CALLS["reject"](here), here, coming)


def test_two_machines_offer_one_submission() -> None:
    """That it was opened, and where, isn't forgotten by who only meant to; who has another tip gates it again."""
    here = submitted(claimed(bead("a"), "a"))

    def offered(at: Bead, tip: str, opened: int | None = None, url: str = "") -> Bead:
        held = at.status.submission
        assert held is not None
        begun = held.offered.at if held.offered else NOW
        return moves.request(at, held.token, held.commit, Offered(begun, tip * 40, opened, url))

    def said(at: Bead) -> Offered | None:
        return at.status.submission.offered if at.status.submission else None

    meant, opened = offered(here, "1"), offered(here, "1", NOW, "https://forge/1")
    assert replay(opened, here, meant) == opened
    assert replay(meant, here, opened) == opened
    proven = offered(opened, "2", NOW, "https://forge/1")
    assert replay(proven, meant, opened) == proven
    assert replay(opened, opened, proven) == proven
    later = replay(proven, opened, offered(opened, "3", NOW, "https://forge/1"))
    assert said(later) == said(proven), "of two tips the one that is here"
    assert edge(opened, proven) == edge(here, opened) == "request"
    landed = CALLS["land"](proven)
    assert replay(landed, meant, opened) == landed
    assert [move.name for move in trace(here, CALLS["land"](opened))] == ["request", "land"]
    gone = CALLS["withdraw"](here)
    with pytest.raises(IllegalMove, match="can't request"):
        replay(gone, here, opened)
    assert replay(opened, here, gone).phase is Phase.OPEN, "it hasn't landed: it may be taken back"


def test_the_limits_are_those_of_where_it_is_replayed() -> None:
    """What others' attempts have spent counts, and so does what people have granted."""
    start = bead("a")
    mine = ended(claimed(start, "b"))
    at = ended(claimed(ended(claimed(start, "a")), "a"))
    at = replay(at, start, claimed(start, "b"))
    end = replay(at, claimed(start, "b"), mine)
    assert (end.phase, end.counted) == (Phase.STUCK, 3)
    granted = replace(at, spec=replace(at.spec, attempts=9))
    assert replay(granted, claimed(start, "b"), mine).phase is Phase.OPEN


def test_unknown_keys_of_a_status_are_taken_over() -> None:
    start = bead("a")
    there = replace(start, status=replace(start.status, extra={"k": 1, "new": None}))
    here = replace(claimed(start, "a"), status=replace(claimed(start, "a").status, extra={"mine": 2}))
    assert replay(here, start, there).status.extra == {"k": 1, "new": None, "mine": 2}
    assert edge(start, there) is None


# Whole histories


def happening(random: Random, at: Bead, by: str) -> Bead:
    """One legal move of one machine, whichever."""
    token = at.status.lease.token if at.status.lease else ""
    offer = at.status.submission
    now = NOW + random.randrange(1000)
    calls: list[Callable[[], Bead]] = [
        lambda: moves.accept(at),
        lambda: claimed(at, by),
        lambda: submitted(at),
        lambda: moves.end(at, attempt(token, random.choice([Result.WORK_FAILED, Result.INTERRUPTED, Result.RELEASED]), now), LIMITS, now),
        lambda: moves.ask(at, f"{by}{now}?", attempt(token, Result.ASKED), now),
        lambda: moves.answer(at, f"{by}!", LIMITS),
        lambda: moves.retry(at, None, LIMITS),
        lambda: moves.approve(at, Approval(offer.commit if offer else OID, OID, "", by, now)),
        lambda: moves.intend(at, offer.token if offer else "", offer.commit if offer else "", f"{by:0<40}"),
        lambda: moves.request(at, offer.token if offer else "", offer.commit if offer else "", random.choice([Offered(now, OID), Offered(now, f"{by:0<40}", now, f"https://forge/{by}")])),
        lambda: moves.land(at, Landed(f"{by:0<40}", OID, now)),
        lambda: moves.reject(at, offer.token if offer else "", random.choice([Result.RED, Result.OVERTAKEN]), "", LIMITS, now),
        lambda: moves.close(at, Closed(random.choice([CloseReason.DONE, CloseReason.WONTFIX]), "", now, by)),
        lambda: moves.reopen(at, LIMITS),
    ]  # fmt: skip
    weights = [3, 6, 3, 3, 1, 2, 1, 1, 1, 2, 2, 2, 0.5, 1]
    while True:
        try:
            return random.choices(calls, weights)[0]()
        except IllegalMove:
            continue


def story(random: Random, start: Bead, by: str) -> list[Bead]:
    told = [start]
    for _ in range(random.randrange(7)):
        told.append(happening(random, told[-1], by))
    return told


@pytest.mark.parametrize("seed", range(8))
def test_unpushed_histories_replay_to_what_is_legal(seed: int) -> None:
    """Each machine goes its own way from one start; then what one did is replayed on the other, move by move."""
    refused = 0
    for lap in range(150):
        random = Random(seed * 1000 + lap)
        start = story(random, bead("a", random.choice([Phase.OPEN, Phase.PROPOSED])), "c")[-1]
        mine, yours = story(random, start, "a"), story(random, start, "b")
        at = mine[-1]
        for before, after in pairwise(yours):
            try:
                at = replay(at, before, after)
            except IllegalMove:
                refused += 1
                continue
            assert replay(at, before, after) == at, "made twice, it changes once"
        held = at.status.lease or at.status.submission
        assert held is None or sum(a.token == held.token for a in at.status.attempts) == bool(
            at.status.submission
        )
    assert refused


@pytest.mark.parametrize("seed", range(8))
def test_a_history_without_another_replays_as_it_was(seed: int) -> None:
    for lap in range(100):
        random = Random(seed * 1000 + lap)
        told = story(random, bead("a"), "a")
        at = told[0]
        for before, after in pairwise(told):
            at = replay(at, before, after)
        assert at.status == told[-1].status


@pytest.mark.parametrize("seed", range(8))
def test_a_history_in_one_jump_is_legal_or_refused(seed: int) -> None:
    """A ledger that squashed its commits: nothing is made up."""
    found = 0
    for lap in range(150):
        random = Random(seed * 1000 + lap)
        told = story(random, bead("a"), "a")
        try:
            path = trace(told[0], told[-1])
        except IllegalMove:
            continue
        found += len(path) > 1
        with_other = story(random, told[0], "b")[-1]
        with suppress(IllegalMove):
            replay(with_other, told[0], told[-1])
    assert found > 20


# The model of the plan, on two machines


def retold(at: Bead, known: set[str]) -> Bead:
    """The Bead as the second machine would have it: tokens that it minted itself are other tokens."""

    def name(token: str) -> str:
        return token if token in known else token.replace("-aaaa", "-bbbb")

    def other(each: Lease | Submission | Attempt | None) -> object:
        return each and replace(each, token=name(each.token))

    status = at.status
    fields: dict[str, object] = {
        "lease": other(status.lease),
        "submission": other(status.submission),
        "attempts": tuple(other(each) for each in status.attempts),
    }
    return replace(at, status=replace(status, **fields))  # type: ignore[arg-type]


def walk(random: Random, state: test_model.Town2, steps: int) -> Iterator[test_model.Town2]:
    """What a town may go through by itself and by its people, step by step."""
    for _ in range(steps):
        ways = [after for _, after in (*test_model.happened(state), *test_model.wanted(state))]
        for action in plan(state.world()).actions:
            ways += [after for _, after in test_model.executed(state, action)] * 2
        if not ways:
            return
        state = random.choice(ways)
        yield state


def unreal(before: Status, after: Status) -> bool:
    """Steps of the model that are the clock's, not gt's: a lease grows old, a wait passes."""
    older = before.lease and after.lease and after.lease.expires < before.lease.expires
    return bool(older) or replace(before, wake=None) == replace(after, wake=None)


@pytest.mark.parametrize("seed", range(6))
def test_the_model_on_two_machines(seed: int) -> None:
    replays = 0
    for lap in range(60):
        random = Random(seed * 1000 + lap)
        begun = [test_model.start(), *walk(random, test_model.start(), random.randrange(8))][-1]
        mine = [begun, *walk(random, begun, 8)][-1]
        yours = [begun, *walk(random, begun, 8)]
        for i, name in enumerate(test_model.NAMES):
            known = {a.token for a in begun.beads[i].status.attempts}
            known |= {held.token for held in [begun.beads[i].status.lease] if held}
            at, told = mine.beads[i], [retold(state.beads[i], known) for state in yours]
            assert at.id == name
            # A lease that the model made older is the same one for whoever holds it.
            for before, after in pairwise(told):
                if before.status == after.status or unreal(before.status, after.status):
                    continue
                try:
                    made = replace(at, status=replayed(at, before, after, test_model.LIMITS, NOW))
                except IllegalMove:
                    continue
                trace(at, made)
                at, replays = made, replays + 1
            test_model.check(replace(begun, beads=(at, at), alive=frozenset(), landed=()))
    assert replays > 30


# The town's own state


def test_of_two_changes_of_the_brake_the_longer_holds() -> None:
    bob, al, soon = Paused("bob", "lunch"), Paused("al", "x", NOW + 9), Paused("al", "x", NOW + 1)

    def paused(current: Paused | None, before: Paused | None, after: Paused | None) -> Paused | None:
        return replayed_state(TownState(current), TownState(before), TownState(after)).paused

    assert paused(None, None, bob) == bob
    assert paused(bob, None, None) == bob
    assert paused(None, bob, bob) is None
    assert paused(bob, bob, None) is None
    assert paused(bob, None, al) == paused(al, None, bob) == bob
    assert paused(al, None, soon) == paused(soon, None, al) == al
    assert paused(al, soon, None) == paused(None, soon, al) == al


def test_acknowledged_moves_are_taken_over_target_by_target() -> None:
    def state(**acknowledged: str) -> TownState:
        return TownState(acknowledged={name: Acceptance(commit) for name, commit in acknowledged.items()})

    made = replayed_state(state(a="1", b="2", d="1"), state(a="1", b="1", d="1"), state(a="9", b="8", c="7"))
    assert made == state(a="9", b="2", c="7")


def test_words_for_stages_are_taken_over_stage_by_stage() -> None:
    def state(**words: str) -> TownState:
        return TownState(approved={stage: Word(commit, "al", NOW) for stage, commit in words.items()})

    made = replayed_state(state(a="1", b="2", d="1"), state(a="1", b="1", d="1"), state(a="9", b="8", c="7"))
    assert made == state(a="9", b="2", c="7")


def waiver(gate: str = "test", until: int = NOW + 60, by: str = "al") -> Waiver:
    return Waiver("main", gate, by, "vendor", NOW, until, OID)


def test_of_two_changes_of_a_waiver_the_one_that_lets_less_through_holds() -> None:
    def waived(current: Waiver | None, before: Waiver | None, after: Waiver | None) -> tuple[Waiver, ...]:
        here, was, there = (TownState(waivers=(each,) if each else ()) for each in (current, before, after))
        return replayed_state(here, was, there).waivers

    short, long = waiver(), waiver(until=NOW + 90)
    assert waived(None, None, short) == waived(short, None, None) == waived(short, short, short) == (short,)
    assert waived(short, None, long) == waived(long, None, short) == (short,)
    assert waived(None, short, long) == waived(long, short, None) == ()
    assert waived(None, short, short) == waived(short, short, None) == ()
    assert waived(long, short, short) == waived(short, short, long) == (long,)


def test_waivers_of_other_gates_and_targets_are_each_for_itself() -> None:
    a, b, c = waiver("a"), waiver("b"), replace(waiver("a"), target="next")
    made = replayed_state(TownState(waivers=(a, b)), TownState(waivers=(b,)), TownState(waivers=(c, b)))
    assert made.waivers == (a, b, c)


@settings(max_examples=60)
@given(st.data())
def test_waivers_converge_whoever_is_brought_to_whom(data: st.DataObject) -> None:
    some = st.dictionaries(st.sampled_from("ab"), st.integers(1, 3)).map(
        lambda made: TownState(waivers=tuple(waiver(gate, NOW + end) for gate, end in sorted(made.items())))
    )
    before, one, other = data.draw(some), data.draw(some), data.draw(some)
    assert replayed_state(one, before, other) == replayed_state(other, before, one)
    assert replayed_state(one, before, one) == one
