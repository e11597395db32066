"""Which landings were taken back: worked out from links and landings."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Bead, Landed, Phase
from gt.core.reverts import Reverts, taken_back, under_way, undone_by
from tests.core.small import NOW, OID, bead, gt


def at(when: int, name: str, *of: str, phase: Phase = Phase.LANDED) -> Bead:
    """A Bead that landed so long after NOW, linked as a revert to these."""
    made = bead(name, phase, links={"reverts": frozenset(map(gt, of))} if of else {})
    if phase is not Phase.LANDED:
        return made
    return replace(made, status=replace(made.status, landed=Landed(OID, OID, NOW + when)))


def among(*beads: Bead) -> Reverts:
    return lambda name: [each for each in beads if name in each.spec.links.get("reverts", ())]


def test_a_landed_revert_took_it_back() -> None:
    one, other = at(0, "a"), at(5, "r", "a")
    assert undone_by(one, among(one, other)) == other
    assert undone_by(other, among(one, other)) is None
    assert taken_back(one, among(one, other)) == (other,)


def test_what_is_under_way_took_nothing_back_yet() -> None:
    one = at(0, "a")
    for phase in (Phase.PROPOSED, Phase.OPEN, Phase.LEASED, Phase.SUBMITTED, Phase.STUCK):
        coming = at(0, "r", "a", phase=phase)
        assert undone_by(one, among(coming)) is None
        assert under_way(one, among(coming)) == coming
    assert under_way(one, among(at(0, "r", "a", phase=Phase.CLOSED))) is None
    queued = at(0, "s", "a", phase=Phase.SUBMITTED)
    assert under_way(one, among(at(0, "r", "a", phase=Phase.PROPOSED), queued)) == queued


def test_a_reverted_revert_took_nothing_back() -> None:
    one, there, back = at(0, "a"), at(5, "r", "a"), at(6, "s", "r")
    assert undone_by(one, among(there, back)) is None
    assert taken_back(one, among(there, back)) == ()
    assert undone_by(one, among(there, back, at(7, "t", "s"))) == there


def test_what_lands_after_the_revert_is_not_reverted() -> None:
    one, there = at(9, "a"), at(5, "r", "a")
    assert undone_by(one, among(there)) is None
    opened = replace(one, status=replace(one.status, phase=Phase.OPEN, landed=None))
    assert undone_by(opened, among(there)) is None
    assert taken_back(opened, among(there)) == (there,)


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("abcd"))), min_size=4, max_size=4))
def test_whatever_is_linked_an_answer_comes(said: list[tuple[int, set[str]]]) -> None:
    beads = [at(when, name, *of) for name, (when, of) in zip("abcd", said, strict=True)]
    for each in beads:
        found = undone_by(each, among(*beads))
        assert found is None or each.id in found.spec.links["reverts"]
