"""Many submissions at once: groups, slots, blame, and what a kill leaves."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.core.bead import Phase, Result
from gt.refinery.places import slot_lock
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE


def make(path: Path, *gates: str, slots: int = 3, more: str = "") -> Scene:
    return scene(path, town(*gates, more=f"refinery: {{slots: {slots}{more}}}\n"))


def first_parents_are_green(yard: Scene, since: str, red: Callable[[set[str]], bool]) -> None:
    for commit in yard.git("rev-list", "--first-parent", f"{since}..main").split():
        assert not red(yard.files(commit)), commit


def test_many_land_by_few_runs_and_only_the_bad_one_goes_back(repo_path: Path) -> None:
    yard = make(repo_path, slots=1)
    since = yard.tip()
    good = [yard.submit({f"f{n}": ""}) for n in range(7)]
    bad = yard.submit({"bad": ""})
    good += [yard.submit({f"g{n}": ""}) for n in range(4)]
    report = yard.merge()
    assert [lost.bead for lost in report.rejected] == [bad.id]
    assert sorted(bead for bead, _, _ in report.landed) == sorted(each.id for each in good)
    assert all(yard.phase(each) is Phase.LANDED for each in good)
    assert len(report.runs) < 12
    first_parents_are_green(yard, since, lambda files: "bad" in files)
    assert yard.git("for-each-ref", "refs/gt/candidate") == ""
    assert yard.merge().runs == []


def test_two_that_do_not_go_together_are_told_so(repo_path: Path) -> None:
    """By both names, and with three trees: that of both, and each without the other."""
    yard = make(repo_path, '{name: test, run: "test ! -e left -o ! -e right"}', slots=3)
    pair = [yard.submit({"left": ""}, title="Left").id, yard.submit({"right": ""}, title="Right").id]
    report = yard.merge()
    (lost,) = report.rejected
    assert lost.result is Result.RED
    (other,) = {*pair} - {lost.bead}
    assert [bead for bead, _, _ in report.landed] == [other]
    assert f"it was green without {other}, and is red with it on main" in lost.reason
    named = re.findall(r"(?:(red)|(green) without (gt-\d+))?.*\btree ([0-9a-f]{40})[:,\n]", lost.reason)
    trees = {without: {"left", "right"} & yard.files(tree) for _, _, without, tree in named}
    assert trees == {
        "": {"left", "right"},
        other: {"left", "right"} - yard.files(),
        lost.bead: {"left", "right"} & yard.files(),
    }


def test_conflicting_ones_land_one_and_send_the_other_back(repo_path: Path) -> None:
    yard = make(repo_path)
    one, two = yard.submit({"x": "1\n"}), yard.submit({"x": "2\n"})
    rest = [yard.submit({f"f{n}": ""}) for n in range(3)]
    report = yard.merge()
    assert [(lost.bead, lost.result) for lost in report.rejected] == [(two.id, Result.OVERTAKEN)]
    assert {bead for bead, _, _ in report.landed} == {one.id, *(each.id for each in rest)}


def test_needs_and_stacks_land_in_company(repo_path: Path) -> None:
    yard = make(repo_path)
    since = yard.tip()
    first = yard.submit({"a": ""})
    second = yard.submit({"b": ""}, needs=frozenset({first.id}), priority=1)
    below = yard.commit({"c": ""}, since)
    third = yard.submit({}, commit=below, base=since)
    fourth = yard.submit({}, commit=yard.commit({"d": ""}, below), base=since, priority=1)
    report = yard.merge()
    assert {bead for bead, _, _ in report.landed} == {first.id, second.id, third.id, fourth.id}
    assert report.exit_code == 0


def test_a_stacked_one_does_not_drag_in_what_is_red(repo_path: Path) -> None:
    yard = make(repo_path)
    since = yard.tip()
    below = yard.commit({"bad": ""}, since)
    lower = yard.submit({}, commit=below, base=since)
    upper = yard.submit({}, commit=yard.commit({"d": ""}, below), base=since)
    report = yard.merge()
    assert lower.id in {lost.bead for lost in report.rejected}
    assert "bad" not in yard.files()
    assert yard.phase(upper) is not Phase.LANDED


def test_slots_run_at_the_same_time(repo_path: Path, tmp_path: Path) -> None:
    """Each of two gates waits until the other has begun."""
    meet = f"touch {tmp_path}/$$; for i in $(seq 500); do set -- {tmp_path}/[0-9]*; test $# -ge 2 && break; sleep 0.02; done; test $# -ge 2"
    yard = make(repo_path, f"{{name: test, run: '{meet}', timeout: 1m}}", slots=2)
    for n in range(6):
        yard.submit({f"f{n}": ""}, agent=f"agent{n}", title=f"{n}")
    report = yard.merge()
    assert len(report.landed) == 6


def test_what_is_withdrawn_while_it_is_gated_does_not_land(repo_path: Path, tmp_path: Path) -> None:
    began = tmp_path / "began"
    yard = make(repo_path, f"{{name: test, run: 'touch {began}; test -e {tmp_path}/go || sleep 1'}}", slots=1)
    one, two = yard.submit({"a": ""}), yard.submit({"b": ""})

    def take_back() -> None:
        while not began.exists():
            signal.sigtimedwait([], 0.01)
        withdraw(yard.repo, yard.ledger, one.id, hold=True, actor=ALICE, now=NOW)
        (tmp_path / "go").touch()

    other = threading.Thread(target=take_back)
    other.start()
    report = yard.merge()
    other.join()
    assert [bead for bead, _, _ in report.landed] == [two.id]
    assert "a" not in yard.files()
    assert yard.phase(one) is Phase.OPEN


@pytest.mark.parametrize("slots", [1, 3])
def test_killed_while_gates_run_nothing_is_paid_twice(repo_path: Path, tmp_path: Path, slots: int) -> None:
    log = tmp_path / "log"
    run = f"echo run >> {log}; if [ $(wc -l < {log}) -ge 4 ] && [ ! -e {tmp_path}/go ]; then touch {tmp_path}/stuck; sleep 300; fi; test ! -e bad"
    yard = make(repo_path, f"{{name: test, run: '{run}'}}", slots=slots)
    beads = [yard.submit({f"f{n}": ""}) for n in range(5)]
    bad = yard.submit({"bad": ""})
    pid = os.fork()
    if pid == 0:
        try:
            yard.merge()
        finally:
            os._exit(1)
    while not (tmp_path / "stuck").exists():
        done, _ = os.waitpid(pid, os.WNOHANG)
        assert not done, "it came to an end before it could be killed"
        signal.sigtimedwait([], 0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    (tmp_path / "go").touch()
    report = yard.merge()
    assert {lost.bead for lost in report.rejected} == {bad.id}
    assert all(yard.phase(each) is Phase.LANDED for each in beads)
    from gt import lock

    assert all(lock.is_free(slot_lock(yard.repo, n)) is not False for n in range(1, slots + 1))
    assert "bad" not in yard.files()


def test_an_urgent_one_goes_first_and_by_itself(repo_path: Path) -> None:
    yard = make(repo_path, slots=1)
    others = [yard.submit({f"f{n}": ""}) for n in range(3)]
    urgent = yard.submit({"hot": ""}, priority=0)
    report = yard.merge()
    assert report.landed[0][0] == urgent.id
    assert len(report.landed) == 1 + len(others)


def test_a_linear_history_lands_one_by_one(repo_path: Path) -> None:
    yard = make(repo_path, more=", history: linear, strategy: squash")
    since = yard.tip()
    beads = [yard.submit({f"f{n}": ""}) for n in range(3)]
    report = yard.merge()
    assert len(report.landed) == len(beads)
    assert yard.git("rev-list", "--count", f"{since}..main") == "3"
    assert yard.git("rev-list", "--merges", f"{since}..main") == ""
    assert {yard.phase(each) for each in beads} == {Phase.LANDED}


def test_a_flaky_gate_blames_nobody(repo_path: Path, tmp_path: Path) -> None:
    """Red on the first look at each tree, green on the second."""
    seen = tmp_path / "seen"
    seen.mkdir()
    once = f"t=$(git rev-parse HEAD^{{tree}}); if mkdir {seen}/$t 2>/dev/null; then exit 1; fi"
    yard = make(repo_path, f"{{name: test, run: '{once}'}}", slots=1)
    yard.submit({"a": ""})
    report = yard.merge()
    assert report.rejected == []
    assert len(report.landed) == 1
