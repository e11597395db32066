"""Taking a landing back: what stands in the way, what is gated, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase
from gt.core.plan import plan
from gt.core.reverts import LINK
from gt.core.why import why
from gt.drive.observe import observe
from gt.errors import Conflict, Refused
from gt.verbs.approve import approve
from gt.verbs.revert import revert
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE
from tests.verbs.reverting import LATER, landed, origin


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def submitted(yard: Scene, bead: Bead, *, reason: str = "") -> Bead:
    """The revert of this Bead, queued."""
    return revert(yard.repo, yard.ledger, bead.id, reason=reason, origin=origin())


def reason_of(yard: Scene, bead: Bead) -> str:
    with yard.ledger.read() as snapshot:
        also = snapshot.with_linked(bead.id, f"link:{LINK}")
    world = observe(yard.repo, yard.ledger, LATER + 100, also=also)
    return why(world, plan(world), bead.id)[0].text


def test_what_was_taken_back_by_hand_leaves_nothing_to_revert(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    landed(yard, one)
    other = yard.submit({"a": None})
    landed(yard, other)
    with pytest.raises(Refused, match="has nothing left of what"):
        submitted(yard, one)


def test_what_landed_since_is_in_the_way(yard: Scene) -> None:
    one = yard.submit({"f": "1\n"})
    landed(yard, one)
    two = yard.submit({"f": "2\n"}, title="Improve f")
    landed(yard, two)
    before = yard.git("for-each-ref")
    with pytest.raises(Conflict) as caught:
        submitted(yard, one)
    assert "conflicts with main" in caught.value.message
    assert f"Improve f ({two.id})" in caught.value.message
    assert (caught.value.hint or "").startswith("gt create ")
    assert f"reverts:{one.id}" in (caught.value.hint or "")
    assert yard.git("for-each-ref") == before


def test_a_landing_that_nobody_has_recorded_can_be_reverted(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    unrecorded = yard.bead(one)
    landed(yard, one)
    yard.change(one, lambda _: unrecorded)
    landed_again = submitted(yard, one)
    assert landed_again.phase is Phase.SUBMITTED


def test_a_red_revert_goes_back(repo_path: Path) -> None:
    yard = scene(repo_path, town('{name: test, run: "test -e a || test ! -e needs-a"}'))
    one = yard.submit({"a": "a"})
    landed(yard, one)
    two = yard.submit({"needs-a": ""})
    landed(yard, two)
    back = submitted(yard, one)
    report = yard.merge(now=LATER + 100)
    assert [each.bead for each in report.rejected] == [back.id]


def test_a_revert_of_protected_files_waits_for_approval(yard: Scene) -> None:
    one = yard.submit({".github/x": "x", "a": "a"})
    approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW + 1500)
    landed(yard, one)
    back = submitted(yard, one)
    assert yard.causes() == {back.id: "held approval"}


def test_what_became_of_it_is_said(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    landed(yard, one)
    assert "revert" not in reason_of(yard, one)
    back = submitted(yard, one, reason="it is slow")
    assert f"{back.id}, which reverts it, is submitted" in reason_of(yard, one)
    landed(yard, back, now=LATER + 50)
    assert f"reverted by {back.id}" in reason_of(yard, one)
    assert yard.phase(one) is Phase.LANDED
