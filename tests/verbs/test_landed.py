"""Recording a landing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.errors import IllegalMove
from gt.verbs.landed import landed
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
