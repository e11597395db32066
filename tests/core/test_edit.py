from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Bead, Spec
from gt.core.data import spec_data
from gt.core.edit import edited, rebased, spec_digest
from tests.core import strategies
from tests.core.small import NOW, bead


@given(strategies.beads, strategies.specs, st.integers(0, 4_000_000_000))
def test_an_edit_sets_the_clock_of_just_what_changed(before: Bead, spec: Spec, now: int) -> None:
    after = edited(before, spec, now)
    old, new = spec_data(before.spec, full=True), spec_data(spec, full=True)
    changed = {f"spec.{key}" for key in old if old[key] != new[key]}
    assert after.spec == spec or not changed
    assert {key for key in after.clock if after.clock[key] != before.clock.get(key)} == changed
    for key in changed:
        assert after.clock[key] > before.clock.get(key, before.created.at)
        assert after.clock[key] >= now
    assert edited(after, spec, now + 1) == after


@given(strategies.specs, strategies.specs)
def test_digests_tell_specs_apart(one: Spec, other: Spec) -> None:
    assert (spec_digest(one) == spec_digest(other)) is (spec_data(one) == spec_data(other))


@given(strategies.specs, strategies.specs)
def test_an_edit_of_what_nobody_changed_is_the_edit(base: Spec, wanted: Spec) -> None:
    assert rebased(base, wanted, base) == wanted
    assert rebased(base, base, wanted) == wanted
    assert rebased(base, wanted, wanted) == wanted


def test_an_edit_that_changes_nothing_is_none() -> None:
    a = bead("a")
    assert edited(a, replace(a.spec), NOW + 5) is a
