"""Taking a submission back, and the town's brake."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase, Result
from gt.core.state import Paused
from gt.errors import IllegalMove, Refused
from gt.verbs import pause as brake
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW
from tests.refinery.merging import TOKEN, Scene, scene
from tests.store.scenes import ALICE


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def test_it_is_open_again_and_lands_no_more(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    done = withdraw(yard.repo, yard.ledger, one.id, reason="not yet", actor=ALICE, now=NOW)
    tried = done.bead.attempt(TOKEN)
    assert tried is not None
    assert (done.bead.phase, tried.result, done.bead.counted) == (Phase.OPEN, Result.RELEASED, 0)
    assert tried.reason == f"withdrawn by {ALICE}: not yet"
    assert yard.git("rev-parse", f"refs/gt/sub/{one.id}/{TOKEN}") == tried.head
    assert yard.merge().landed == []


def test_on_hold_nobody_takes_it(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    done = withdraw(yard.repo, yard.ledger, one.id, hold=True, actor=ALICE, now=NOW)
    assert done.bead.spec.hold
    assert done.bead.clock["spec.hold"] >= NOW


def test_a_token_fences_it(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    with pytest.raises(IllegalMove, match="not 2-bbbb"):
        withdraw(yard.repo, yard.ledger, one.id, token="2-bbbb", actor=ALICE, now=NOW)
    assert yard.phase(one) is Phase.SUBMITTED


def test_not_what_has_landed_though_nobody_recorded_it(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    yard.merge()
    yard.change(one, lambda _: one)
    with pytest.raises(IllegalMove, match="has landed as"):
        withdraw(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW)


def test_a_paused_town_lands_nothing_and_takes_submissions(yard: Scene) -> None:
    assert brake.pause(yard.repo, yard.ledger, "release day", NOW + 5000, actor=ALICE, now=NOW).changed
    one = yard.submit({"a": ""})
    assert yard.merge().landed == []
    assert yard.causes() == {one.id: "waiting paused"}
    with yard.ledger.read() as snapshot:
        assert snapshot.state().paused == Paused(ALICE, "release day", NOW + 5000)
    assert len(yard.merge(now=NOW + 5000).landed) == 1


def test_resuming_twice_changes_once(yard: Scene) -> None:
    brake.pause(yard.repo, yard.ledger, "why", None, actor=ALICE, now=NOW)
    assert brake.resume(yard.repo, yard.ledger, actor=ALICE, now=NOW).changed
    tip = yard.tip("refs/heads/beads")
    assert not brake.resume(yard.repo, yard.ledger, actor=ALICE, now=NOW).changed
    assert yard.tip("refs/heads/beads") == tip


@pytest.mark.parametrize(("reason", "until"), [(" ", None), ("why", NOW)])
def test_a_pause_that_means_nothing_is_refused(yard: Scene, reason: str, until: int | None) -> None:
    tip = yard.tip("refs/heads/beads")
    with pytest.raises(Refused):
        brake.pause(yard.repo, yard.ledger, reason, until, actor=ALICE, now=NOW)
    assert yard.tip("refs/heads/beads") == tip
