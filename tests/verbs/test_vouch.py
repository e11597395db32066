"""A person's word for a stage that counts only with a signature."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.promotion import Step
from gt.core.state import TownState, Word
from gt.drive.promote import look, named
from gt.errors import Refused
from gt.refinery.stages import Found
from gt.verbs.vouch import Vouched, vouch
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE
from tests.verbs.test_approve_signed import sign_with, ssh_key

SETTINGS = town(
    more="refinery: {approvals: signed}\nstages: [{branch: staging, approve: true}, {branch: lab, approve: true}]\n"
)


@pytest.fixture
def yard(repo_path: Path, tmp_path: Path) -> Scene:
    made = scene(repo_path, SETTINGS)
    made.push({".gt/allowed_signers": f"alice@example.com {ssh_key(tmp_path, 'alice')}"})
    sign_with(made, tmp_path / "alice")
    made.submit({"one": "1"})
    assert made.merge().exit_code == 0
    return made


def stage(yard: Scene, name: str = "staging") -> Found:
    return named(look(yard.repo, yard.ledger, NOW + 2000)[0], name)[0]


def given(yard: Scene) -> Vouched:
    return vouch(yard.repo, yard.ledger, stage(yard), None, actor=ALICE, now=NOW)


def test_a_signed_word_counts_and_one_that_was_written_without_the_key_is_none(yard: Scene) -> None:
    """Nor is one that was signed for another stage, by another, or for another time."""
    assert stage(yard).stage.decision.cause == "approval"
    done = given(yard)
    assert (done.signer, done.changed, done.word.commit) == ("alice@example.com", True, yard.tip())
    assert stage(yard).stage.decision.step is Step.PROMOTE
    assert not given(yard).changed
    for name, forged in (
        ("staging", Word(done.word.commit, ALICE, NOW)),
        ("staging", replace(done.word, by="Mallory <m@example.com>")),
        ("staging", replace(done.word, at=NOW + 1)),
        ("lab", done.word),
    ):
        yard.state(TownState(approved={name: forged}))
        assert stage(yard).stage.decision.cause == "approval"
    assert given(yard).changed


def test_a_key_that_the_target_does_not_list_is_refused(yard: Scene, tmp_path: Path) -> None:
    ssh_key(tmp_path, "mallory")
    sign_with(yard, tmp_path / "mallory")
    with pytest.raises(Refused, match="your key is not on main's list"):
        given(yard)
    with yard.ledger.read() as snapshot:
        assert snapshot.state().approved == {}
