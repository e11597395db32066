"""A person's word for a submission."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.errors import Conflict, IllegalMove
from gt.verbs.approve import approve
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene
from tests.store.scenes import ALICE, bead, write


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def test_it_says_what_was_vouched_for_and_changes_once(yard: Scene) -> None:
    one = yard.submit({".gt/extra": "1", "other": ""})
    first = approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW)
    again = approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW + 1)
    assert first.protected == (".gt/extra",)
    assert (first.amended.changed, again.amended.changed) == (True, False)


def test_only_what_the_person_has_seen(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    with pytest.raises(IllegalMove, match="submitted, not 1234"):
        approve(yard.repo, yard.ledger, one.id, commit="1234", actor=ALICE, now=NOW)


def test_not_what_conflicts(yard: Scene) -> None:
    one = yard.submit({"README.md": "mine"})
    yard.push({"README.md": "theirs"})
    with pytest.raises(Conflict, match="conflicts with main in README"):
        approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW)


def test_not_what_isnt_submitted(yard: Scene) -> None:
    new = bead(77)
    write(yard.ledger, new).close()
    with pytest.raises(IllegalMove, match="nothing to approve"):
        approve(yard.repo, yard.ledger, new.id, actor=ALICE, now=NOW)
