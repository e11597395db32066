"""Sending a submission back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Attempt, Phase, Result
from gt.errors import IllegalMove
from gt.verbs.reject import reject
from tests.conftest import NOW
from tests.refinery.merging import TOKEN, Scene, scene
from tests.store.scenes import ALICE


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def test_the_next_attempt_is_told_why(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    done = reject(yard.repo, yard.ledger, one.id, "not like this", actor=ALICE, now=NOW)
    tried = done.bead.attempt(TOKEN)
    assert tried is not None
    assert (done.bead.phase, tried.result, tried.reason) == (Phase.OPEN, Result.REJECTED, "not like this")
    assert done.bead.counted == 1


def test_a_token_fences_it(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    with pytest.raises(IllegalMove, match="not 2-bbbb"):
        reject(yard.repo, yard.ledger, one.id, "no", token="2-bbbb", actor=ALICE, now=NOW)
    assert yard.phase(one) is Phase.SUBMITTED


def test_not_what_has_landed_though_nobody_recorded_it(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    yard.merge()
    yard.change(one, lambda _: one)
    with pytest.raises(IllegalMove, match="has landed as"):
        reject(yard.repo, yard.ledger, one.id, "no", actor=ALICE, now=NOW)


def test_the_reason_is_written_down_whatever_it_is(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    reason = "conflicts in bad\udcffname, " + "and another, " * 50_000
    tried = reject(yard.repo, yard.ledger, one.id, reason, actor=ALICE, now=NOW).bead.attempt(TOKEN)
    assert tried is not None
    assert tried.reason.startswith("conflicts in bad\\udcffname, ")
    assert yard.bead(one).attempt(TOKEN) == tried


def test_a_bead_full_of_reasons_has_room_for_one_more(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    old = Attempt("1-0000", "fixer", NOW, NOW, Result.RED, "red " * 3000)
    before = tuple(replace(old, token=f"1-{n:04}") for n in range(21))
    yard.change(one, lambda b: replace(b, status=replace(b.status, attempts=before)))
    assert reject(yard.repo, yard.ledger, one.id, "no" * 8000, actor=ALICE, now=NOW).changed
    assert yard.phase(one) is not Phase.SUBMITTED
