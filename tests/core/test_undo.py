from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Bead, Closed, CloseReason, FieldConflict, Note, Phase, Result, Spec
from gt.core.edit import edited
from gt.core.page import Acknowledged, Page
from gt.core.state import Acceptance, Paused, TownState, Waiver, Word
from gt.core.undo import Deed, Inverse, Taker, inverse
from tests.core import strategies
from tests.core.small import NOW, attempt, bead, gt, lease

COMMIT = "c" * 40
TAKER = Taker("alice", NOW + 60)
CLOSED = Closed(CloseReason.DONE, "", NOW, "alice")


@dataclass(frozen=True)
class Ledger:
    """A ledger of a few Beads."""

    beads: Mapping[str, Bead] = field(default_factory=dict)
    calls: tuple[Page, ...] = ()
    town: TownState = field(default_factory=TownState)

    def find(self, bead: str) -> Bead | None:
        return self.beads.get(bead)

    def resolve(self, abbreviation: str) -> str:
        return abbreviation

    def children(self, bead: str) -> tuple[Bead, ...]:
        return tuple(each for each in self.beads.values() if each.spec.parent == bead)

    def needed_by(self, bead: str) -> tuple[Bead, ...]:
        return tuple(each for each in self.beads.values() if bead in each.spec.needs)

    def referring(self, bead: str) -> tuple[Bead, ...]:
        linked = tuple(
            each for each in self.beads.values() if bead in {i for to in each.spec.links.values() for i in to}
        )
        return self.children(bead) + self.needed_by(bead) + linked

    def pages(self) -> tuple[Page, ...]:
        return self.calls

    def state(self) -> TownState:
        return self.town


def undone(
    before: Bead | None,
    after: Bead | None,
    now: Bead | None,
    *others: Bead,
    verb: str = "edit",
    taker: Taker = TAKER,
) -> Inverse:
    name = next(each for each in (before, after) if each).id
    ledger = Ledger({each.id: each for each in (now, *others) if each})
    return inverse(Deed(COMMIT, verb, {name: (before, after)}), ledger, taker)


def why(*args: Bead | None, verb: str = "edit", taker: Taker = TAKER) -> str:
    before, after, now, *others = args
    return "; ".join(
        f"{each.subject} {each.why}"
        for each in undone(before, after, now, *filter(None, others), verb=verb, taker=taker).obstacles
    )


# the spec


@given(strategies.specs, strategies.specs, st.integers(0, 99))
def test_an_edit_that_nobody_followed_is_taken_back_whole(old: Spec, new: Spec, later: int) -> None:
    before = replace(bead("a"), spec=replace(old, needs=frozenset(), parent=None))
    after = edited(before, replace(new, needs=frozenset(), parent=None), NOW)
    made = undone(before, after, after, taker=Taker("bob", NOW + later))
    assert made.obstacles == ()
    result = made.beads.get(before.id, after)
    assert replace(result, clock={}) == before
    assert all(result.clock[name] > at for name, at in after.clock.items())
    again = inverse(Deed(COMMIT, "undo", {before.id: (after, result)}), Ledger({before.id: result}), TAKER)
    assert replace(again.beads.get(before.id, result), clock={}) == replace(after, clock={})


def test_what_others_changed_since_stays() -> None:
    before = bead("a", labels=["x"], priority=2)
    after = replace(before, spec=replace(before.spec, title="b", labels=frozenset({"y"})))
    now = replace(after, spec=replace(after.spec, priority=0, labels=frozenset({"y", "z"}), body="more"))
    spec = undone(before, after, now).beads[gt("a")].spec
    assert spec == replace(now.spec, title="a", labels=frozenset({"x", "z"}))


def test_a_field_that_was_changed_again_is_in_the_way() -> None:
    before = bead("a")
    after = replace(before, spec=replace(before.spec, title="b", body="text"))
    now = replace(after, spec=replace(after.spec, title="c"))
    assert why(before, after, now) == f"{gt('a')} has another title since"
    assert undone(before, after, before).beads == {}


def test_a_need_that_would_make_a_cycle_now_is_in_the_way() -> None:
    before = bead("a", needs=[gt("b")])
    after = replace(before, spec=replace(before.spec, needs=frozenset()))
    assert undone(before, after, after, bead("b")).beads[gt("a")].spec == before.spec
    assert "never start" in why(before, after, after, bead("b", needs=[gt("a")]))


@pytest.mark.parametrize("phase", [Phase.LEASED, Phase.SUBMITTED])
def test_where_it_lands_is_not_changed_under_way(phase: Phase) -> None:
    before, after = bead("a", phase, base="main"), bead("a", phase, base="other")
    assert "where it lands" in why(before, after, after)


# the status


MOVES = {
    "accept": (bead("a", Phase.PROPOSED), bead("a")),
    "close": (bead("a"), bead("a", Phase.CLOSED)),
    "close a stuck one": (bead("a", Phase.STUCK), bead("a", Phase.CLOSED)),
    "reopen": (bead("a", Phase.CLOSED), bead("a")),
    "reopen what landed": (bead("a", Phase.LANDED), bead("a")),
    "retry": (bead("a", Phase.STUCK), bead("a", attempts=6)),
    "retry a waiting one": (bead("a", wake=NOW + 99), bead("a")),
    "answer": (bead("a", Phase.STUCK), bead("a")),
}


@pytest.mark.parametrize("deed", MOVES)
def test_a_persons_move_is_taken_back_and_done_again(deed: str) -> None:
    before, after = MOVES[deed]
    back = undone(before, after, after, verb=deed.partition(" ")[0]).beads[gt("a")]
    assert replace(back, clock={}) == before
    again = undone(after, back, back, verb="undo").beads[gt("a")]
    assert replace(again, clock={}) == after


@pytest.mark.parametrize(
    ("verb", "before", "after", "hint"),
    [
        ("claim", Phase.OPEN, Phase.LEASED, "gt stop"),
        ("submit", Phase.LEASED, Phase.SUBMITTED, "gt withdraw"),
        ("landed", Phase.SUBMITTED, Phase.LANDED, "gt reopen"),
        ("expire", Phase.LEASED, Phase.OPEN, "gt retry"),
        ("reject", Phase.SUBMITTED, Phase.OPEN, "gt retry"),
        ("", Phase.OPEN, Phase.CLOSED, "gt retry"),
    ],
)
def test_what_processes_did_is_not_taken_back(verb: str, before: Phase, after: Phase, hint: str) -> None:
    now = bead("a", after)
    (obstacle,) = undone(bead("a", before), now, now, verb=verb).obstacles
    assert obstacle.why == f"went from {before} to {after}, which can't be taken back"
    assert obstacle.hint == f"{hint} {gt('a')}"


def test_a_status_that_was_moved_on_is_in_the_way() -> None:
    before, after = bead("a", Phase.PROPOSED), bead("a")
    assert why(before, after, bead("a", Phase.LEASED), verb="accept").endswith(
        "was moved on since: it is leased"
    )


def test_an_attempt_is_never_forgotten() -> None:
    ended = replace(bead("a").status, attempts=(attempt("1-aaaa", Result.RELEASED),))
    assert "can't be taken back" in why(
        bead("a"), replace(bead("a"), status=ended), replace(bead("a"), status=ended), verb="undo"
    )


def test_a_persons_own_claim_is_given_back() -> None:
    held = replace(
        bead("a"), status=replace(bead("a", Phase.LEASED).status, lease=lease(lock=False, agent=""))
    )
    back = undone(
        bead("a"), held, held, verb="claim", taker=Taker("alice", NOW + 9, {gt("a"): "f" * 40})
    ).beads[gt("a")]
    (record,) = back.status.attempts
    assert (back.phase, back.next_ordinal) == (Phase.OPEN, 2)
    assert (record.result, record.head, record.end) == (Result.RELEASED, "f" * 40, NOW + 9)
    assert "is held by alice" in why(bead("a"), held, held, verb="claim", taker=Taker("bob", NOW))


def test_a_claim_that_was_made_to_last_longer_is_not_given_back() -> None:
    held = replace(
        bead("a"), status=replace(bead("a", Phase.LEASED).status, lease=lease(lock=False, agent=""))
    )
    longer = replace(held, status=replace(held.status, lease=lease(lock=False, agent="", expires=NOW + 9**6)))
    (obstacle,) = undone(held, longer, longer, verb="claim").obstacles
    assert (obstacle.why, obstacle.hint) == (
        "went from leased to leased, which can't be taken back",
        f"gt release {gt('a')}",
    )


def test_what_was_begun_because_of_it_is_in_the_way() -> None:
    before, after = bead("a"), bead("a", Phase.CLOSED)
    for phase in (Phase.LEASED, Phase.SUBMITTED):
        assert f"is needed by {gt('b')}, which is {phase}" in why(
            before, after, after, bead("b", phase, needs=[gt("a")]), verb="close"
        )
    assert why(before, after, after, bead("b", needs=[gt("a")]), verb="close") == ""


def test_a_bead_is_not_closed_again_over_the_head_of_a_child() -> None:
    before, after = bead("a", Phase.CLOSED), bead("a")
    assert f"has a child that is open, {gt('b')}" in why(
        before, after, after, bead("b", parent=gt("a")), verb="reopen"
    )
    assert why(before, after, after, bead("b", Phase.PROPOSED, parent=gt("a")), verb="reopen") == ""


# Beads that were made


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.PROPOSED, Phase.STUCK, Phase.CLOSED, Phase.LANDED])
def test_a_bead_that_was_made_is_closed(phase: Phase) -> None:
    made = bead("a", phase)
    back = undone(None, made, made, verb="create").beads[gt("a")]
    assert back.status.closed == Closed(CloseReason.OBSOLETE, f"undone: {COMMIT[:12]}", NOW + 60, "alice")
    assert (back.spec, back.notes) == (made.spec, made.notes)


def test_a_bead_that_was_touched_or_named_since_stays() -> None:
    made = bead("a")
    noted = replace(made, notes=(Note("n", NOW, "bob", "text"),), spec=replace(made.spec, title="b"))
    assert why(None, made, noted, verb="create") == (
        f"{gt('a')} isn't as it was made: spec.title, notes[n].at, notes[n].by, notes[n].text"
    )
    for other in (
        bead("b", needs=[gt("a")]),
        bead("b", parent=gt("a")),
        bead("b", links={"related": frozenset({gt("a")})}),
    ):
        assert why(None, made, made, other, verb="create") == f"{gt('a')} is named by {gt('b')}"
    assert why(None, made, made, bead("b", Phase.CLOSED, needs=[gt("a")]), verb="create") == ""
    assert "is leased" in why(None, bead("a", Phase.LEASED), bead("a", Phase.LEASED), verb="import")


def test_many_that_were_made_together_go_together() -> None:
    epic, child = bead("e", type="epic"), bead("c", parent=gt("e"), needs=[gt("d")])
    beads = {each.id: each for each in (epic, child, bead("d"))}
    made = inverse(
        Deed(COMMIT, "import", {name: (None, each) for name, each in beads.items()}), Ledger(beads), TAKER
    )
    assert made.obstacles == ()
    assert {each.phase for each in made.beads.values()} == {Phase.CLOSED}


def test_a_bead_that_was_taken_out_comes_back() -> None:
    assert undone(bead("a"), None, None).beads == {gt("a"): bead("a")}
    assert "made anew" in why(bead("a"), None, bead("a", Phase.CLOSED))


# notes, lost values, pages, the town


NOTE = Note("n1", NOW, "alice", "text")


def test_a_note_goes_by_its_authors_hand_and_comes_back() -> None:
    before, after = bead("a"), replace(bead("a"), notes=(NOTE,))
    later = replace(after, notes=(NOTE, Note("n2", NOW + 1, "bob", "more")))
    assert undone(before, after, later, verb="note").beads[gt("a")].notes == later.notes[1:]
    assert "only alice may take away" in why(before, after, later, verb="note", taker=Taker("bob", NOW))
    gone = replace(later, notes=later.notes[1:])
    assert undone(later, gone, gone, verb="undo").beads[gt("a")].notes == later.notes
    assert undone(before, after, before, verb="note").beads == {}


def test_what_was_dismissed_comes_back() -> None:
    first, second = (FieldConflict("spec.title", each, "bob", NOW) for each in "xy")
    before, after = replace(bead("a"), conflicts=(first, second)), replace(bead("a"), conflicts=(second,))
    assert undone(before, after, after, verb="dismiss").beads[gt("a")] == before


def test_an_acknowledgement_is_taken_back_and_a_call_is_not() -> None:
    page = Page("p-1", gt("a"), "stuck", "", "text", NOW)
    seen = replace(page, acknowledged=Acknowledged("alice", NOW))

    def pages(before: Page | None, after: Page, now: Page) -> Inverse:
        return inverse(Deed(COMMIT, "ack", pages={"p-1": (before, after)}), Ledger(calls=(now,)), TAKER)

    assert pages(page, seen, seen).pages == {"p-1": page}
    assert pages(page, seen, page).pages == {}
    assert pages(None, page, page).obstacles[0].why == "is a call that went out"
    assert pages(page, replace(page, sends=1), replace(page, sends=1)).obstacles
    assert pages(page, seen, replace(seen, sends=2)).obstacles[0].why == "was changed since"


def test_a_waiver_is_taken_back() -> None:
    given = Waiver("main", "test", "alice", "vendor", NOW, NOW + 60, COMMIT)
    waived, other = TownState(waivers=(given,)), TownState(waivers=(replace(given, by="bob"),))
    paused = replace(waived, paused=Paused("bob", "later"))

    def state(before: TownState, after: TownState, now: TownState) -> Inverse:
        return inverse(Deed(COMMIT, "waive", state=(before, after)), Ledger(town=now), TAKER)

    assert state(TownState(), waived, waived).state == TownState()
    assert state(TownState(), waived, paused).state == replace(paused, waivers=())
    assert state(TownState(), waived, other).obstacles
    assert state(TownState(), waived, TownState()).state is None


def test_a_word_for_a_stage_is_taken_back() -> None:
    word = Word(COMMIT, "alice", NOW)
    given, other = TownState(approved={"a": word}), TownState(approved={"a": replace(word, by="bob")})

    def state(before: TownState, after: TownState, now: TownState) -> Inverse:
        return inverse(Deed(COMMIT, "promote", state=(before, after)), Ledger(town=now), TAKER)

    assert state(TownState(), given, given).state == TownState()
    assert state(TownState(), given, other).obstacles[0].why == "has another word for a stage since"
    assert state(TownState(), given, TownState()).state is None


def test_a_pause_is_taken_back() -> None:
    paused, other = TownState(Paused("alice", "lunch")), TownState(Paused("bob", "later"))

    def state(before: TownState, after: TownState, now: TownState) -> Inverse:
        return inverse(Deed(COMMIT, "pause", state=(before, after)), Ledger(town=now), TAKER)

    assert state(TownState(), paused, paused).state == TownState()
    assert state(paused, TownState(), TownState()).state == paused
    assert state(TownState(), paused, other).obstacles
    assert state(TownState(), paused, TownState()).state is None
    moved = TownState(acknowledged={"main": Acceptance(COMMIT)})
    assert "accepted where a target was moved" in state(TownState(), moved, moved).obstacles[0].why


def test_what_the_ledger_is_stays() -> None:
    assert inverse(Deed(COMMIT, "init", others=("gt.yaml",)), Ledger(), TAKER).obstacles
