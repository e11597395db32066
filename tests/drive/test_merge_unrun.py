"""Gates that could not be run: nobody is blamed, a person is called, and what changes since is tried anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.refinery.slots import root
from tests.refinery.merging import Scene, scene, town


def make(path: Path, gate: str, slots: int = 1) -> Scene:
    return scene(path, town(f"{{name: test, run: '{gate}'}}", more=f"refinery: {{slots: {slots}}}\n"))


@pytest.mark.parametrize("slots", [1, 3])
def test_what_could_not_be_run_is_tried_anew_on_what_landed_since(repo_path: Path, slots: int) -> None:
    """The queue calls it due there, so it is run there: or a loop around `gt merge` never ends."""
    yard = make(repo_path, "test ! -e hang || exit 126", slots)
    hung = yard.submit({"hang": ""})
    assert yard.merge().exit_code == 20
    assert yard.causes() == {hung.id: "held could-not-run"}
    good = yard.submit({"ok": ""})
    report = yard.merge()
    assert [bead for bead, _, _ in report.landed] == [good.id]
    assert report.exit_code == 20
    assert yard.causes() == {hung.id: "held could-not-run"}
    assert yard.merge().runs == []


def test_what_landed_since_may_be_what_it_takes(repo_path: Path) -> None:
    yard = make(repo_path, "test -e tool || test ! -e hang || exit 127")
    hung = yard.submit({"hang": ""})
    assert yard.merge().exit_code == 20
    yard.submit({"tool": ""})
    assert yard.merge().exit_code == 0
    assert yard.phase(hung) is Phase.LANDED


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (40, "signal 40")])
def test_killed_by_whatever_signal_it_could_not_be_run(repo_path: Path, number: int, name: str) -> None:
    yard = make(repo_path, f"kill -{number} $$")
    yard.submit({"ok": ""})
    report = yard.merge()
    assert report.exit_code == 20
    assert {run.why for run in report.runs} == {f"killed by {name}"}


def test_what_is_in_the_way_of_a_slot_is_told_with_what_to_type(repo_path: Path) -> None:
    yard = make(repo_path, "true")
    one = yard.submit({"ok": ""})
    there = root(yard.repo, yard.look().towns["main"]) / "slot-1"
    there.mkdir(parents=True)
    (there / "mine").touch()
    report = yard.merge()
    assert report.trouble is not None
    assert f"(mv {there} {there}.old)" in report.trouble
    assert f"(mv {there} {there}.old)" in yard.look().queue.queued[0].why
    there.rename(f"{there}.old")
    yard.merge(again=True)
    assert yard.phase(one) is Phase.LANDED


def test_again_runs_it_again(repo_path: Path) -> None:
    yard = make(repo_path, "test ! -e hang || exit 126")
    yard.submit({"hang": ""})
    yard.merge()
    yard.submit({"ok": ""})
    yard.merge()
    report = yard.merge(again=True)
    assert (report.exit_code, len(report.runs)) == (20, 3)


@pytest.mark.parametrize("slots", [1, 3])
def test_after_an_outage_again_need_be_said_once(repo_path: Path, tmp_path: Path, slots: int) -> None:
    up = tmp_path / "up"
    yard = make(repo_path, f"test -e {up} || test ! -e f0 -a ! -e f1 -a ! -e f2 || exit 127", slots)
    waiting = [yard.submit({f"f{n}": ""}) for n in range(3)]
    assert yard.merge().exit_code == 20
    up.touch()
    assert yard.merge(again=True).exit_code == 0
    assert [yard.phase(each) for each in waiting] == [Phase.LANDED] * 3
