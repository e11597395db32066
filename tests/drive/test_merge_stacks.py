"""Submissions built on one another: none lets in another's work that isn't to land."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core import moves
from gt.core.bead import Bead, Closed, CloseReason, Phase
from gt.core.town import Limits
from gt.verbs.reject import reject
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE


def stacked(yard: Scene, below: dict[str, str | None]) -> tuple[Bead, Bead]:
    """One submission, and one built on it, which ranks higher."""
    since = yard.tip()
    first = yard.commit(below, since)
    lower = yard.submit({}, commit=first, base=since, priority=3)
    upper = yard.submit({}, commit=yard.commit({"upper": ""}, first), base=since, priority=1)
    return lower, upper


def withdrawn(yard: Scene, bead: Bead) -> None:
    withdraw(yard.repo, yard.ledger, bead.id, actor=ALICE, now=NOW)


def rejected(yard: Scene, bead: Bead) -> None:
    reject(yard.repo, yard.ledger, bead.id, "no", actor=ALICE, now=NOW)


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("taken_back", [withdrawn, rejected])
def test_what_was_taken_back_isnt_dragged_in(
    repo_path: Path, taken_back: Callable[[Scene, Bead], None], slots: int
) -> None:
    yard = scene(repo_path, town(more=f"refinery: {{slots: {slots}}}\n"))
    lower, upper = stacked(yard, {"lower": ""})
    other = yard.submit({"other": ""})
    taken_back(yard, lower)
    report = yard.merge()
    assert [bead for bead, _, _ in report.landed] == [other.id]
    assert "lower" not in yard.files()
    (left,) = report.left
    assert (left.bead, left.standing, left.cause) == (upper.id, "waiting", "ancestor")
    assert f"contains work of {lower.id}, which is open" in left.why
    assert report.exit_code == 11


def test_once_its_bead_is_closed_it_may_come_along(yard: Scene) -> None:
    """A person has decided: what is built on it is somebody else's work now."""
    lower, upper = stacked(yard, {"lower": ""})
    withdrawn(yard, lower)
    given_up = Closed(CloseReason.OBSOLETE, "", NOW, ALICE)
    yard.change(lower, lambda bead: moves.close(bead, given_up))
    assert yard.merge().exit_code == 0
    assert yard.phase(upper) is Phase.LANDED


def test_what_landed_once_and_is_worked_on_again_holds_up_nobody(yard: Scene) -> None:
    """It landed as another commit, so that its own is none of the target's."""
    lower, upper = stacked(yard, {"lower": ""})
    yard.change(upper, lambda bead: replace(bead, spec=replace(bead.spec, hold=True)))
    yard.change(lower, squashed)
    assert [bead for bead, _, _ in yard.merge().landed] == [lower.id]
    yard.change(lower, lambda bead: moves.reopen(bead, Limits()))
    yard.change(upper, lambda bead: replace(bead, spec=replace(bead.spec, hold=False)))
    assert yard.merge().exit_code == 0
    assert yard.phase(upper) is Phase.LANDED


def squashed(bead: Bead) -> Bead:
    sub = bead.status.submission
    assert sub is not None
    return replace(bead, status=replace(bead.status, submission=replace(sub, strategy="squash")))


@pytest.mark.parametrize("slots", [1, 3])
def test_what_is_held_keeps_back_what_is_built_on_it(repo_path: Path, slots: int) -> None:
    """A change of protected paths that nobody has approved doesn't come in by the back door."""
    yard = scene(repo_path, town(more=f"refinery: {{slots: {slots}}}\n"))
    lower, upper = stacked(yard, {".gt/extra": ""})
    yard.submit({"other": ""})
    report = yard.merge()
    assert yard.files() == {"README.md", ".gt/town.yaml", "other"}
    assert yard.causes() == {lower.id: "held approval", upper.id: "held approval"}
    assert report.exit_code == 20


def test_what_needs_a_landing_that_was_taken_away_waits_for_a_person(yard: Scene) -> None:
    since = yard.tip()
    first = yard.submit({"a": ""})
    assert yard.merge().exit_code == 0
    second = yard.submit({"b": ""}, base=since, needs=frozenset({first.id}))
    yard.git("update-ref", "refs/heads/main", since)
    yard.acknowledge()
    report = yard.merge()
    assert (report.exit_code, report.landed, report.runs) == (20, [], [])
    assert yard.causes() == {second.id: "held gone"}
    yard.change(second, lambda bead: replace(bead, spec=replace(bead.spec, needs=frozenset())))
    assert yard.merge().exit_code == 0
