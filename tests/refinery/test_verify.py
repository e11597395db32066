"""What landed, looked at again."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from gt.drive.verify import verify
from gt.errors import Busy, NotFound
from gt.git.merge import trailers
from gt.lock import hold
from gt.refinery.gates import checks
from gt.refinery.places import merge_lock
from gt.refinery.verify import Proof, Verified
from gt.refinery.yard import Yard
from gt.store.settings import town_at
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
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


@pytest.mark.parametrize("history", ["train", "linear"])
def test_what_gt_landed_on_stays_others_whatever_it_says_of_itself(repo_path: Path, history: str) -> None:
    """Adopted for its tip alone: what lies below that was never proven, and its trailers are anybody's."""
    yard = scene(repo_path, town(more=f"refinery: {{history: {history}}}\n"))
    yard.submit({"a": ""}, strategy="squash")
    yard.merge()
    forged = yard.git("log", "-1", "--format=%B", "main")
    tree = yard.git("rev-parse", f"{yard.commit({'bad': ''})}^{{tree}}")
    (check,) = checks(yard.repo, town_at(yard.repo, yard.tip()), tree)
    yard.push({"bad": ""}, message=re.sub(r"(Gt-Gate: test pass) \w+", rf"\1 {check.key}", forged))
    theirs = yard.push({"bad": None}, message="mended")
    for name in ("b", "c"):
        yard.submit({name: ""}, strategy="squash")
    assert len(yard.merge().landed) == 2
    shutil.rmtree(yard.repo.gt_dir / "outcomes")
    ours = (True, [Proof.RECORDED])
    count = int(yard.git("rev-list", "--count", "--first-parent", f"{theirs}..main"))
    assert proofs(look(yard)) == [*[ours] * count, (False, [Proof.NONE]), (False, [Proof.NONE]), ours]
    lowest = yard.git("log", "-1", f"--skip={count - 1}", "--first-parent", "--format=%B", "main")
    assert dict(trailers(lowest))["Gt-Adopted"].endswith(f"..{theirs}")
    yard.submit({"d": ""})
    yard.merge()
    assert "Gt-Adopted" not in yard.git("log", "-1", "--format=%B", "main")
    assert [own for own, _ in proofs(look(yard))] == [True] * (count + 1) + [False, False, True]


def test_nothing_below_the_first_landing_is_gts(yard: Scene) -> None:
    yard.push({"x": ""}, message="x\n\nGt-Bead: gt-00000001\nGt-Token: 1-aaaa\nGt-Gate: test pass 1\n")
    yard.submit({"a": ""})
    yard.merge()
    assert [own for own, _ in proofs(look(yard))] == [True, False]


def test_what_landed_before_the_target_went_back_stays_gts(yard: Scene) -> None:
    for name in ("a", "b", "c"):
        yard.submit({name: ""})
        yard.merge()
    yard.git("update-ref", "refs/heads/main", yard.tip("main^"))
    yard.push({"x": ""}, message="theirs")
    yard.acknowledge()
    yard.submit({"d": ""})
    assert len(yard.merge().landed) == 1
    assert [own for own, _ in proofs(look(yard))] == [True, False, True, True]
    yard.git("reflog", "expire", "--expire=now", "--all")
    lost = (
        yard.git("log", "-1", "--format=%(trailers:key=Gt-Adopted,valueonly)", "main")
        .strip()
        .partition("..")[0]
    )
    for ref in yard.git("for-each-ref", "--format=%(refname)", f"--contains={lost}").split():
        yard.git("update-ref", "-d", ref)
    yard.git("gc", "-q", "--prune=now")
    assert [own for own, _ in proofs(look(yard))] == [True, False, False, False]


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
