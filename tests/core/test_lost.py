from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given

from gt.core.bead import Bead, FieldConflict, Spec
from gt.core.data import spec_data
from gt.core.lost import lost_of, taken, without
from gt.errors import NotFound, Refused
from tests.core import strategies
from tests.core.small import NOW, bead, gt


def lost(field: str, value: Any, at: int = NOW) -> FieldConflict:
    return FieldConflict(field, value, "bob", at)


TITLE, HOLD, LABEL = (
    lost("spec.title", "other"),
    lost("spec.hold", True),
    lost("spec.links.related", [gt("b")]),
)


def test_the_lost_values_of_a_field_or_of_all() -> None:
    a = replace(bead("a"), conflicts=(TITLE, HOLD, lost("status.phase", "open")))
    assert lost_of(a, ()) == a.conflicts
    assert lost_of(a, ("title",)) == lost_of(a, ("spec.title",)) == (TITLE,)
    assert lost_of(a, ("status.phase", "hold")) == a.conflicts[1:]
    assert lost_of(a, ("body",)) == ()
    with pytest.raises(NotFound, match="no such field: titel") as refused:
        lost_of(a, ("titel",))
    assert refused.value.hint == "gt help edit"
    assert without(a, (TITLE, HOLD)).conflicts == a.conflicts[2:]


def test_a_lost_value_is_put_back() -> None:
    a = replace(bead("a", links={"related": frozenset({gt("c")})}, agent="x"), conflicts=(TITLE,))
    after = taken(a, (TITLE, HOLD, LABEL, lost("spec.agent", None), lost("spec.colour", "red")))
    assert after == replace(
        a,
        spec=replace(
            a.spec,
            title="other",
            hold=True,
            agent=None,
            links={"related": frozenset({gt("b")})},
            extra={"colour": "red"},
        ),
    )


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ((lost("status.phase", "open"),), "not a person's to set"),
        ((TITLE, lost("spec.title", "third")), "more than one value of spec.title"),
        ((lost("spec.priority", 9),), "priority"),
        ((lost("spec.title", None),), "title"),
    ],
)
def test_what_cannot_be_put_back(values: tuple[FieldConflict, ...], why: str) -> None:
    with pytest.raises(Refused, match=why):
        taken(replace(bead("a"), conflicts=values), values)


@given(strategies.beads, strategies.specs)
def test_every_field_can_be_put_back_as_the_ledger_has_it(one: Bead, other: Spec) -> None:
    data = spec_data(other, full=True)
    values = tuple(
        lost(f"spec.{f.name}", data[f.name] or None)
        for f in fields(Spec)
        if f.name not in {"extra", "priority"}
    )
    assert taken(one, (*values, lost("spec.priority", other.priority))).spec == other
