from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from gt.core.bead import Attempt, Bead, Closed, CloseReason, Note, Phase, Result, Spec
from gt.core.changes import Change, changes
from gt.core.data import bead_data
from tests.core import strategies
from tests.core.small import NOW, bead


def between(old: Bead | None, new: Bead | None) -> tuple[Change, ...]:
    return changes(bead_data(old) if old else None, bead_data(new) if new else None)


def test_a_field_changes_and_a_set_by_item() -> None:
    old = bead("a", labels=["x", "y"])
    spec = replace(old.spec, title="b", labels=frozenset({"y", "z"}), hold=True)
    assert set(between(old, replace(old, spec=spec, clock={"spec.title": NOW}))) == {
        Change("spec.title", "a", "b"),
        Change("spec.labels", "x", None),
        Change("spec.labels", None, "z"),
        Change("spec.hold", None, True),
    }


def test_what_came_or_went_is_told_by_its_parts() -> None:
    closed = replace(bead("a").status, phase=Phase.CLOSED, closed=Closed(CloseReason.DONE, "", NOW, "alice"))
    assert between(bead("a"), replace(bead("a"), status=closed)) == (
        Change("status.phase", "open", "closed"),
        Change("status.closed.reason", None, "done"),
        Change("status.closed.at", None, "2026-11-22T20:00:00Z"),
        Change("status.closed.by", None, "alice"),
    )
    assert between(None, Bead("gt-00000000", "u", bead("a").created, Spec("a")))[:2] == (
        Change("spec.title", None, "a"),
        Change("spec.type", None, "task"),
    )


def test_notes_and_attempts_are_known_by_name() -> None:
    old = replace(bead("a"), notes=(Note("n1", NOW, "alice", "first"),))
    status = replace(old.status, attempts=(Attempt("1-aaaa", "x", NOW, NOW, Result.SUBMITTED),))
    old = replace(old, status=status)
    red = replace(status.attempts[0], result=Result.RED)
    new = replace(
        old,
        notes=(*old.notes, Note("n2", NOW, "bob", "second")),
        status=replace(status, attempts=(red,)),
    )
    found = between(old, new)
    assert found[0] == Change("status.attempts[1-aaaa].result", "submitted", "red")
    assert {change.field for change in found[1:]} == {f"notes[n2].{key}" for key in ("at", "by", "text")}


@given(strategies.beads, strategies.beads)
def test_turned_round_the_changes_turn_round(one: Bead, other: Bead) -> None:
    there, back = between(one, other), between(other, one)
    assert {(c.field, repr(c.old), repr(c.new)) for c in there} == {
        (c.field, repr(c.new), repr(c.old)) for c in back
    }
    assert between(one, one) == ()
