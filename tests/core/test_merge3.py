"""Merging two versions of one Bead: commutative, idempotent, convergent, and nothing lost or resurrected."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gt.core.bead import Bead, FieldConflict, Note, Phase
from gt.core.checks import MAX_TEXT
from gt.core.data import bead_data, page_data
from gt.core.edit import edited
from gt.core.ids import is_id
from gt.core.merge3 import joined, loser, merged, merged_page, new_id, renamed
from gt.core.schema import bead_from
from gt.errors import Conflict
from tests.core import strategies
from tests.core.replicas import TEXT, after, fleet, meet
from tests.core.small import NOW, bead, gt
from tests.core.worlds import pages


def by(version: Bead) -> str:
    return f"editor of {version.spec.title}"


def both(base: Bead | None, one: Bead, other: Bead, **more: Any) -> Bead:
    """The merge, which is the same both ways, can be written, and is itself again when merged again."""
    made = merged(base, one, other, one.status, by, **more)
    assert made == merged(base, other, one, one.status, by, **more)
    assert bead_from(bead_data(made), "here") == made
    assert merged(base, made, made, made.status, by, **more) == made
    return made


def edit(start: Bead, later: int = 1, **fields: Any) -> Bead:
    return edited(start, replace(start.spec, **fields), NOW + later)


A = bead("a", labels=["x"], body=TEXT)


@given(strategies.beads, strategies.beads, st.none() | strategies.beads)
@settings(deadline=None)
def test_any_two_versions_merge_to_one_that_can_be_written(one: Bead, other: Bead, base: Bead | None) -> None:
    other = replace(other, id=one.id, uid=one.uid)
    base = replace(base, id=one.id, uid=one.uid) if base else None
    made = both(base, one, other)
    assert merged(one, one, other, other.status, by) == replace(other, created=made.created, clock=made.clock)
    assert {n.text for n in (*one.notes, *other.notes)} == {n.text for n in both(None, one, other).notes}


@given(strategies.beads)
def test_a_version_merged_with_itself_is_itself(one: Bead) -> None:
    for base in (None, one):
        assert merged(base, one, one, one.status, by) == one


def test_edits_of_different_fields_are_both_kept() -> None:
    made = both(A, edit(A, title="b"), edit(A, priority=0))
    assert (made.spec.title, made.spec.priority, made.conflicts) == ("b", 0, ())
    assert made.clock == {"spec.title": NOW + 1, "spec.priority": NOW + 1}


def test_of_two_edits_of_one_field_the_later_wins_and_the_other_is_kept() -> None:
    made = both(A, edit(A, 1, title="early"), edit(A, 2, title="late"))
    assert made.spec.title == "late"
    assert made.conflicts == (FieldConflict("spec.title", "early", "editor of early", NOW + 1),)


def test_a_tie_is_broken_by_the_value() -> None:
    assert both(A, edit(A, priority=9 - 5), edit(A, priority=3)).spec.priority == 4
    assert both(A, edit(A, parent=None, hold=True, title="y"), edit(A, title="z")).spec.title == "z"
    # Granted twice without a word in the clock, as by retry on two machines: the larger grant stands.
    nine, ten = (replace(A, spec=replace(A.spec, attempts=n)) for n in (9, 10))
    assert both(A, nine, ten).spec.attempts == 10


def test_what_is_lost_is_as_the_ledger_writes_it() -> None:
    made = both(A, edit(A, 1, deadline=5400, defer=NOW), edit(A, 2, deadline=60, defer=None, title="b"))
    assert [(c.field, c.lost) for c in made.conflicts] == [("spec.deadline", "1h30m")]
    assert made.spec.defer == NOW


def test_who_is_asked_only_when_something_is_lost() -> None:
    def nobody(_version: Bead) -> str:
        raise AssertionError

    merged(A, edit(A, title="b"), edit(A, labels=frozenset({"y"})), A.status, nobody)


def test_a_label_removed_there_and_one_added_here() -> None:
    made = both(A, edit(A, labels=frozenset()), edit(A, labels=frozenset({"x", "y"})))
    assert made.spec.labels == {"y"}


def test_edges_removed_stay_removed_and_edges_added_are_all_there() -> None:
    start = bead("a", needs=[gt("b"), gt("c")], links={"related": frozenset({gt("d")})})
    made = both(
        start,
        edit(start, needs=frozenset({gt("b"), gt("e")}), links={}),
        edit(start, needs=frozenset({gt("c"), gt("f")}), links={"related": frozenset({gt("d"), gt("g")})}),
    )
    assert made.spec.needs == {gt("e"), gt("f")}
    assert made.spec.links == {"related": {gt("g")}}


def test_without_a_base_nothing_counts_as_removed() -> None:
    made = both(None, edit(A, labels=frozenset()), edit(A, labels=frozenset({"y"})))
    assert made.spec.labels == {"y"}
    assert both(None, A, edit(A, labels=frozenset({"y"}))).spec.labels == {"x", "y"}


def test_two_clones_each_add_a_child_to_one_parent() -> None:
    """Children name their parent, so there is nothing to merge: two Beads of two ids."""
    one, other = (bead(name, parent=gt("p")) for name in "ab")
    assert both(None, one, one).spec.parent == other.spec.parent
    assert one.id != other.id


def test_texts_are_merged_by_line() -> None:
    made = both(
        A, edit(A, body=TEXT.replace("line 2\n", "two\n")), edit(A, body=TEXT.replace("line 9\n", "nine\n"))
    )
    assert made.spec.body == TEXT.replace("line 2\n", "two\n").replace("line 9\n", "nine\n")
    assert made.conflicts == ()


def test_texts_that_touch_are_not_merged() -> None:
    one, other = TEXT.replace("line 2\n", "two\n"), TEXT.replace("line 3\n", "three\n")
    made = both(A, edit(A, 1, body=one), edit(A, 2, body=other))
    assert made.spec.body == other
    assert [(c.field, c.lost) for c in made.conflicts] == [("spec.body", one)]
    assert "<<<<" not in json.dumps(bead_data(made))


def test_a_text_that_would_grow_too_long_is_not_merged() -> None:
    long = "y" * (MAX_TEXT // 2)
    made = both(A, edit(A, 1, body=long + TEXT), edit(A, 2, body=TEXT + "z" + long))
    assert made.spec.body.startswith("line 0")
    assert len(made.conflicts) == 1


def test_unknown_keys_are_merged_as_fields() -> None:
    start = replace(A, extra={"newer": 1}, spec=replace(A.spec, extra={"new": [1], "old": 0}))
    one = replace(edit(start, 1, extra={"new": [1, 2], "old": 0}), extra={"newer": True})
    other = edit(start, 2, extra={"new": "x", "more": {"k": 1}})
    made = both(start, one, other)
    assert made.spec.extra == {"new": "x", "more": {"k": 1}}
    assert made.extra["newer"] is True
    assert [(c.field, c.lost) for c in made.conflicts] == [("spec.new", [1, 2])]


def test_a_dismissed_conflict_stays_dismissed_and_a_new_one_comes() -> None:
    old, kept = (FieldConflict("spec.title", text, "bob", NOW) for text in ("p", "q"))
    start = replace(A, conflicts=(old, kept))
    one = edit(replace(start, conflicts=(kept,)), 1, title="y")
    made = both(start, one, edit(start, 2, title="z"))
    assert [c.lost for c in made.conflicts] == ["q", "y"]


def note(name: str, text: str = "", at: int = NOW) -> Note:
    return Note(name, at, "alice", text or name)


def test_notes_of_both_are_kept_in_the_order_of_their_times() -> None:
    start = replace(A, notes=(note("n-1"),))
    one = replace(start, notes=(note("n-1"), note("n-3", at=NOW + 3)))
    other = replace(start, notes=(note("n-1"), note("n-2", at=NOW + 2)))
    assert [n.id for n in both(start, one, other).notes] == ["n-1", "n-2", "n-3"]


def test_a_note_that_was_removed_or_rewritten_stays_so() -> None:
    start = replace(A, notes=(note("n-1", "secret"), note("n-2")))
    one = replace(start, notes=(note("n-2"),))
    other = replace(start, notes=(note("n-1", "secret"), note("n-2", "better"), note("n-3")))
    assert [n.text for n in both(start, one, other).notes] == ["better", "n-3"]


def test_one_id_of_two_notes_is_two_notes() -> None:
    texts = ("p", "q", "r")
    versions = [replace(A, notes=(note("n-1", text),)) for text in texts]
    outcomes = {reduce(lambda x, y: both(A, x, y), order).notes for order in permutations(versions)}
    (notes,) = outcomes
    assert sorted(n.text for n in notes) == ["p", "q", "r"]
    assert len({n.id for n in notes}) == 3


@pytest.mark.parametrize("seed", range(8))
def test_replicas_that_edit_once_agree_in_whatever_order_they_meet(seed: int) -> None:
    for lap in range(10):
        ships = fleet(seed * 1000 + lap)
        start = ships.tips[0]
        for at in range(4):
            ships.edit(at)
            tip = ships.tips[at].bead  # texts that overlap may be merged or not, by the order
            ships.tips[at] = after(replace(tip, spec=replace(tip.spec, body=TEXT)), start)
        outcomes = set()
        for order in permutations(ships.tips):
            first, second, third, last = order
            for end in (
                meet(meet(meet(first, second), third), last),
                meet(meet(first, second), meet(third, last)),
            ):
                entries = tuple(replace(c, by="") for c in end.bead.conflicts)
                outcomes.add(repr(bead_data(replace(end.bead, conflicts=entries))))
        assert len(outcomes) == 1


@pytest.mark.parametrize("seed", range(8))
def test_replicas_converge_and_nothing_is_lost_or_comes_back(seed: int) -> None:
    """Edits and merges in any order, under skewed clocks; then everybody meets everybody a few times."""
    for lap in range(150):
        ships = fleet(seed * 1000 + lap)
        for _ in range(14):
            if ships.random.random() < 0.6:
                ships.edit(ships.random.randrange(4))
            else:
                ships.pull(*ships.random.sample(range(4), 2))
        for _ in range(6):
            meetings = [(at, other) for at in range(4) for other in range(4) if at != other]
            ships.random.shuffle(meetings)
            for at, other in meetings:
                ships.pull(at, other)
        first = ships.beads[0]
        assert all(each == first for each in ships.beads)
        assert first.spec.labels == ships.added - ships.removed
        assert {n.text for n in first.notes} == ships.said
        kept = {repr(replace(c, by="")) for c in first.conflicts}
        assert not kept & {repr(replace(c, by="")) for c in ships.dismissed}


def test_two_clones_that_merge_the_same_pair_make_the_same_bead() -> None:
    start = after(A)
    one, other = (after(edit(A, n, title=f"t{n}", body=f"{n}"), start) for n in (1, 2))
    here, there = meet(one, other), meet(other, one)
    assert here.bead == there.bead
    assert meet(here, there).bead == here.bead


def test_what_does_not_fit_is_made_shorter_and_then_the_later_stands_whole() -> None:
    def fits(version: Bead) -> bool:
        return len(json.dumps(bead_data(version))) <= 20_000

    one, other = edit(A, 1, title="one", body="p" * 15_000), edit(A, 2, title="two", body="q" * 15_000)
    short = both(A, one, other, fits=fits)
    assert short.spec.body == other.spec.body
    assert [len(c.lost) for c in short.conflicts if c.field == "spec.body"] == [4000]
    apart = edit(A, 2, title="two", acceptance="q" * 15_000)
    whole = both(A, one, apart, fits=fits)
    assert (whole.spec.title, whole.spec.acceptance, whole.spec.body) == ("two", "q" * 15_000, TEXT)
    assert [(c.field, c.by) for c in whole.conflicts] == [("spec", "editor of one")]
    with pytest.raises(Conflict, match="nor the later"):
        merged(A, one, apart, A.status, by, fits=lambda _: False)


@given(pages, pages, pages)
def test_pages_merge_in_any_order(one: Any, other: Any, third: Any) -> None:
    same = {name: getattr(one, name) for name in ("id", "subject", "reason", "epoch")}
    other, third = replace(other, **same), replace(third, **same)
    made = merged_page(one, other)
    assert made == merged_page(other, one)
    assert merged_page(made, one) == merged_page(made, made) == made
    assert merged_page(made, third) == merged_page(one, merged_page(other, third))
    assert made.sends == max(one.sends, other.sends)
    assert bool(made.acknowledged) is bool(one.acknowledged or other.acknowledged)
    assert page_data(made)["at"] == min(page_data(one)["at"], page_data(other)["at"])


@given(strategies.beads, strategies.beads)
def test_of_two_beads_with_one_id_one_gets_another(one: Bead, other: Bead) -> None:
    other = replace(other, id=one.id, uid=f"not {one.uid}")
    late = loser(one, other)
    assert late == loser(other, one)
    assert late.created.at == max(one.created.at, other.created.at)
    name = new_id(late)
    assert is_id(name)
    assert name.startswith("gt-")
    assert (name == new_id(late), name == new_id(late, 1)) == (True, False)


def test_a_new_name_is_used_wherever_the_old_one_was() -> None:
    old, new = gt("b"), gt("z")
    start = bead("a", parent=old, needs=[old, gt("c")], links={"related": frozenset({old})}, body=old)
    made = renamed(start, {old: new})
    assert (made.id, made.spec.parent, made.spec.body) == (start.id, new, old)
    assert made.spec.needs == {new, gt("c")}
    assert made.spec.links == {"related": {new}}
    assert renamed(bead("b"), {old: new}).id == new
    assert renamed(start, {}) == start


@given(strategies.beads, strategies.beads)
@settings(deadline=None)
def test_unrelated_ledgers_join_to_the_same_both_ways(one: Bead, other: Bead) -> None:
    other = replace(other, id=one.id, uid=one.uid)
    made = joined(one, other)
    assert made == joined(other, one)
    assert joined(made, made) == made
    assert bead_from(bead_data(made), "here") == made
    tokens = [attempt.token for attempt in made.status.attempts]
    if one.status != other.status:
        assert len(tokens) == len(set(tokens))
        assert not made.status.lease or one.status.lease == other.status.lease
    assert made.next_ordinal >= max(one.next_ordinal, other.next_ordinal)
    phases = {one.phase, other.phase}
    assert made.phase.over is any(phase.over for phase in phases)
    if Phase.LANDED in phases:
        assert made.phase is Phase.LANDED


def test_what_is_under_way_in_one_of_two_unrelated_ledgers_ends() -> None:
    held, offered, still = bead("a", Phase.LEASED), bead("a", Phase.SUBMITTED), bead("a")
    for under_way, result in ((held, "released"), (offered, "overtaken")):
        made = joined(under_way, still)
        assert (made.phase, made.status.lease, made.status.submission) == (Phase.OPEN, None, None)
        assert [(a.token, a.result) for a in made.status.attempts] == [("1-aaaa", result)]
        assert made.counted == 0
        assert joined(under_way, under_way) == under_way
    assert joined(held, bead("a", Phase.STUCK)).phase is Phase.STUCK
    assert joined(bead("a", Phase.PROPOSED), still).phase is Phase.OPEN
