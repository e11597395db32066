"""What landed, looked at again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gt.drive.verify import verify
from gt.errors import Busy, NotFound
from gt.lock import hold
from gt.refinery.places import merge_lock
from gt.refinery.verify import Proof, Verified
from gt.refinery.yard import Yard
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene
from tests.store.scenes import ALICE


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def look(yard: Scene, text: str | None = None, *, rerun: bool = False) -> list[Verified]:
    place = Yard(yard.repo, ALICE, lambda: NOW + 10**9, dict(os.environ))
    return list(verify(place, None, text, rerun=rerun))


def proofs(seen: list[Verified]) -> list[tuple[bool, list[Proof]]]:
    return [(each.own, [proof for _, proof in each.proofs]) for each in seen]


def test_kept_outcomes_prove_what_landed_however_old_they_are(yard: Scene) -> None:
    for name in ("a", "bad", "c"):
        yard.submit({name: ""})
        yard.merge()
    assert proofs(look(yard)) == [(True, [Proof.KEPT]), (True, [Proof.KEPT])]


def test_without_them_the_trailers_of_gts_own_commits_do(yard: Scene) -> None:
    yard.submit({"a": ""})
    yard.merge()
    shutil.rmtree(yard.repo.gt_dir / "outcomes")
    assert proofs(look(yard)) == [(True, [Proof.RECORDED])]


def test_what_others_brought_is_unproven_until_it_runs(yard: Scene) -> None:
    yard.submit({"a": ""})
    yard.merge()
    forged = yard.git("log", "-1", "--format=%B", "main")
    shutil.rmtree(yard.repo.gt_dir / "outcomes")
    yard.push({"b": ""}, message=forged)
    yard.push({"bad": ""}, message="break it")
    assert proofs(look(yard)) == [(False, [Proof.NONE]), (False, [Proof.NONE]), (True, [Proof.RECORDED])]
    seen = look(yard, rerun=True)
    assert proofs(seen) == [(False, [Proof.RED]), (False, [Proof.RUN]), (True, [Proof.RUN])]
    assert [each.red for each in seen] == [True, False, False]


def test_a_range_names_commits(yard: Scene) -> None:
    yard.submit({"a": ""})
    yard.merge()
    first = yard.tip()
    yard.submit({"b": ""})
    yard.merge()
    assert [each.commit for each in look(yard, first)] == [yard.tip()]
    assert [each.commit for each in look(yard, f"..{first}")] == [first]
    with pytest.raises(NotFound, match="no such commit: nonsense"):
        look(yard, "nonsense..main")


def test_gates_do_not_run_beside_a_merge(yard: Scene) -> None:
    yard.submit({"a": ""})
    yard.merge()
    with hold(merge_lock(yard.repo), 1):
        assert look(yard)
        with pytest.raises(Busy):
            look(yard, rerun=True)
