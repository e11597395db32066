"""Recording a landing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.errors import IllegalMove
from gt.verbs.landed import landed, landed_together
from tests.conftest import NOW
from tests.refinery.merging import TOKEN, Scene, scene
from tests.store.scenes import ALICE


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def test_it_looks_itself_and_changes_once(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    with pytest.raises(IllegalMove, match="is not on main"):
        landed(yard.repo, yard.ledger, one.id, TOKEN, actor=ALICE, now=NOW)
    yard.merge()
    yard.change(one, lambda _: one)
    first = landed(yard.repo, yard.ledger, one.id, TOKEN, actor=ALICE, now=NOW)
    again = landed(yard.repo, yard.ledger, one.id, TOKEN, actor=ALICE, now=NOW)
    assert (first.changed, again.changed, first.bead.phase) == (True, False, Phase.LANDED)


def test_another_token_is_another_submission(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    with pytest.raises(IllegalMove, match="nothing submitted under 2-bbbb"):
        landed(yard.repo, yard.ledger, one.id, "2-bbbb", actor=ALICE, now=NOW)


def test_several_are_one_commit_and_what_is_no_longer_meant_stays(yard: Scene) -> None:
    beads = [yard.submit({name: ""}) for name in "abcd"]
    yard.merge()
    for bead in beads:
        yard.change(bead, lambda _, bead=bead: bead)  # type: ignore[misc]
    late = yard.submit({"late": ""})
    before = yard.tip("refs/heads/beads")
    tokens = {bead.id: TOKEN for bead in (*beads[:3], late)} | {beads[3].id: "2-bbbb"}
    done = landed_together(yard.repo, yard.ledger, tokens, actor=ALICE, now=NOW)
    assert [each.changed for each in done] == [True, True, True, False, False]
    assert yard.git("rev-list", "--count", f"{before}..beads") == "1"
    assert yard.git("log", "-1", "--format=%(trailers:key=Gt-Bead,valueonly)", "beads").split() == list(
        tokens
    )
    assert landed_together(yard.repo, yard.ledger, {}, actor=ALICE, now=NOW) == ()
