"""Outcomes that speak of something else than what would land: of another time, another tree, another order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gt.core.bead import Attempt, Bead, Result, Status
from gt.drive import merge_rulings
from gt.drive.merge_loop import Merging
from gt.refinery import landing, outcomes
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE, bead, write

HOUR = 3600


def test_a_control_of_long_ago_blames_nobody(repo_path: Path, tmp_path: Path) -> None:
    """The target was green; hours later something outside of it is broken, and so is whatever is merged into it."""
    broken = tmp_path / "broken"
    yard = scene(repo_path, town(f'{{name: test, run: "test ! -e bad && test ! -e {broken}"}}'))
    yard.submit({"bad": ""})
    assert yard.merge().exit_code == 3
    broken.touch()
    yard.submit({"fine": ""})
    report = yard.merge(now=NOW + 2 * HOUR)
    assert (report.exit_code, report.rejected, report.landed) == (20, [], [])
    assert report.trouble is not None
    assert "is red itself" in report.trouble


UNION = {".gitattributes": "list merge=union\n", "list": "0\n"}
"""A file to which any two changes go together, and whose content says which came first."""


def order_counts(path: Path, gate: str) -> tuple[Scene, Bead, Bead]:
    """A town with a gate on the order of that file, and two changes of it, the first before the second in the queue."""
    yard = scene(path, town(f'{{name: test, run: "{gate}"}}', more="refinery: {slots: 1}\n"))
    yard.push(UNION)
    return yard, yard.submit({"list": "0\na\n"}, priority=2), yard.submit({"list": "0\nb\n"}, priority=3)


def held_until_another_lands(yard: Scene, which: Bead, monkeypatch: pytest.MonkeyPatch, *, at: int) -> None:
    """Put a Bead on hold just before the landing of this number, and let go of it after the next."""
    real, count = landing.land, itertools.count(1)

    def hold(on: bool) -> None:
        yard.change(which, lambda bead: replace(bead, spec=replace(bead.spec, hold=on)))

    def land(*args: Any, **more: Any) -> Any:
        number = next(count)
        if number == at:
            hold(True)
        done = real(*args, **more)
        if number == at + 1:
            hold(False)
        return done

    monkeypatch.setattr(merge_rulings, "land", land)


def test_what_passed_in_another_order_is_gated_in_this_one(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard, first, second = order_counts(repo_path, "sort -c list")
    held_until_another_lands(yard, first, monkeypatch, at=1)
    report = yard.merge()
    assert [bead for bead, _, _ in report.landed] == [second.id]
    assert [lost.bead for lost in report.rejected] == [first.id]
    assert yard.git("show", "main:list") == "0\nb"


def test_what_was_red_in_another_order_is_gated_in_this_one(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard, first, second = order_counts(repo_path, "! grep -A1 a list | grep b")
    with monkeypatch.context() as patch:
        patch.setattr(Merging, "_await", interrupted_after_a_run)
        with pytest.raises(KeyboardInterrupt):
            yard.merge()
    assert [(each.verdict, len(each.members)) for each in outcomes.everything(yard.repo)] == [("fail", 2)]
    spoilt = tuple(
        Attempt(f"{n}-aaaa", "fixer", NOW, NOW, Result.RED, head=yard.tip(), commits=0) for n in range(1, 21)
    )
    write(yard.ledger, bead(9, Status(attempts=spoilt))).close()
    yard.change(first, lambda bead: replace(bead, spec=replace(bead.spec, hold=True)))
    held_until_another_lands(yard, first, monkeypatch, at=0)
    report = yard.merge()
    assert [bead for bead, _, _ in report.landed] == [second.id, first.id]
    assert report.rejected == []
    assert yard.git("show", "main:list") == "0\nb\na"


def interrupted_after_a_run(merging: Merging, lanes: Any, watch: Any) -> None:
    while not lanes.wait(watch, 60):
        pass
    raise KeyboardInterrupt


@pytest.mark.parametrize("withdrawn", ["f0", "f2", "bad", None])
def test_a_red_group_that_isnt_whole_any_more_accuses_nobody(
    new_repo: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, withdrawn: str | None
) -> None:
    """Killed after a red group, begun again without one of its members: no more is paid than if nothing were known."""

    def submitted(name: str, *files: str) -> tuple[Scene, dict[str, Bead]]:
        yard = scene(new_repo(name), town(more="refinery: {slots: 1}\n"))
        return yard, {file: yard.submit({file: ""}) for file in files}

    names = ("f0", "bad", "f1", "f2")
    yard, beads = submitted("killed", *names)
    with monkeypatch.context() as patch:
        patch.setattr(Merging, "_await", interrupted_after_a_run)
        with pytest.raises(KeyboardInterrupt):
            yard.merge()
    assert [(each.verdict, len(each.members)) for each in outcomes.everything(yard.repo)] == [("fail", 4)]
    if withdrawn is not None:
        withdraw(yard.repo, yard.ledger, beads[withdrawn].id, hold=True, actor=ALICE, now=NOW)
    rest = [name for name in names if name != withdrawn]
    report = yard.merge()
    assert [lost.bead for lost in report.rejected] == [beads[name].id for name in rest if name == "bad"]
    assert {bead for bead, _, _ in report.landed} == {beads[name].id for name in rest if name != "bad"}
    calm, _ = submitted("calm", *rest)
    # With all of them there, the red run is one that needn't be paid for again.
    assert len(report.runs) <= len(calm.merge().runs) - (withdrawn is None)
