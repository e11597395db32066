"""Gates that break for everybody while merges are at work: nobody is rejected for it, whatever passed a while ago."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase, Result
from gt.verbs.approve import approve
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE


@pytest.fixture(params=[1, 3], ids=lambda slots: f"{slots}-slots")
def broken(request: pytest.FixtureRequest, repo_path: Path, tmp_path: Path) -> Scene:
    """A town in which something has just landed, and whose gate is red on everything while there is a file `down`."""
    gate = f'{{name: test, run: "test ! -e {tmp_path}/down -a ! -e bad"}}'
    yard = scene(repo_path, town(gate, more=f"refinery: {{slots: {request.param}}}\n"))
    yard.submit({"first": ""})
    assert yard.merge().exit_code == 0
    return yard


@pytest.mark.parametrize("failures", range(1, 9))
def test_whenever_a_gate_works_again_a_merge_comes_to_its_end(
    repo_path: Path, tmp_path: Path, failures: int
) -> None:
    """What was red while the target itself was tells of nobody, and isn't taken for an answer later. Who was by itself just
    when the outage ended may pay for it; those that were red beside it don't.
    """
    gate = f"echo >> {tmp_path}/runs; test $(wc -l < {tmp_path}/runs) -gt {failures}"
    yard = scene(repo_path, town(f"{{name: test, run: '{gate}'}}", more="refinery: {slots: 1}\n"))
    waiting = [yard.submit({f"f{n}": ""}) for n in range(5)]
    report = yard.merge()
    if report.trouble:
        report = yard.merge(again=True)
    assert len(report.rejected) <= 1
    assert [yard.phase(each) for each in waiting].count(Phase.LANDED) >= len(waiting) - 1
    assert report.left == ()


@pytest.mark.parametrize("count", [1, 4])
def test_an_outage_soon_after_a_landing_rejects_nobody(broken: Scene, tmp_path: Path, count: int) -> None:
    yard = broken
    (tmp_path / "down").touch()
    waiting = [yard.submit({f"f{n}": ""}) for n in range(count)]
    report = yard.merge()
    assert (report.exit_code, report.rejected, report.landed) == (20, [], [])
    assert "is red itself" in (report.trouble or "")
    assert yard.merge().runs == []
    (tmp_path / "down").unlink()
    assert yard.merge(again=True).exit_code == 0
    assert {yard.phase(each) for each in waiting} == {Phase.LANDED}


def test_what_passes_since_a_failure_shows_that_the_gate_works(broken: Scene) -> None:
    yard = broken
    bad = yard.submit({"bad": ""}, agent="sloppy")
    good = [yard.submit({f"f{n}": ""}) for n in range(3)]
    report = yard.merge()
    assert [(lost.bead, lost.result) for lost in report.rejected] == [(bad.id, Result.RED)]
    assert {yard.phase(each) for each in good} == {Phase.LANDED}


def test_one_that_is_bad_by_itself_is_rejected_once_the_target_has_passed_again(broken: Scene) -> None:
    yard = broken
    yard.submit({"bad": ""})
    report = yard.merge()
    assert [lost.result for lost in report.rejected] == [Result.RED]
    assert [run.verdict for run in report.runs if not run.members] == ["pass"]


def test_a_gate_that_only_the_change_has_needs_no_word_of_the_target(repo_path: Path) -> None:
    yard = scene(repo_path, town('{name: test, run: "true"}'))
    new = town('{name: test, run: "true"}', '{name: strict, run: "false"}')
    bead = yard.submit({".gt/town.yaml": new})
    approve(yard.repo, yard.ledger, bead.id, actor=ALICE, now=NOW)
    report = yard.merge()
    assert [lost.result for lost in report.rejected] == [Result.RED]
