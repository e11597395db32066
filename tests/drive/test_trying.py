"""Trying: the gates run on what would land, nothing lands, and what came of it counts afterwards."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from gt import lock
from gt.core.bead import Phase
from gt.drive.trying import TryReport, Wanted, try_out
from gt.errors import NotFound, Refused
from gt.refinery import places, slots
from gt.refinery.outcomes import Verdict
from gt.refinery.yard import Yard
from tests.conftest import NOW
from tests.refinery.merging import TOKEN, Scene, scene, town
from tests.store.scenes import ALICE

COUNTED = '{{name: {0}, run: "echo {0} >> {1}; test ! -e bad-{0}"}}'


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A line for each gate run."""
    return tmp_path / "runs"


@pytest.fixture
def yard(repo_path: Path, runs: Path) -> Scene:
    return scene(repo_path, town(COUNTED.format("one", runs), COUNTED.format("two", runs)))


def attempted(yard: Scene, *names: str, now: int = NOW + 1000, **more: Any) -> TryReport:
    place = Yard(yard.repo, ALICE, lambda: now, dict(os.environ), yard.said.append)
    return try_out(place, yard.ledger, Wanted(names, **more))


def branch(yard: Scene, name: str, files: dict[str, str | None]) -> str:
    made = yard.commit(files)
    yard.git("update-ref", f"refs/heads/{name}", made)
    return made


def counted(runs: Path) -> list[str]:
    return runs.read_text().split() if runs.exists() else []


def test_a_branch_is_gated_and_nothing_is_changed(yard: Scene, runs: Path) -> None:
    branch(yard, "side", {"a": "a"})
    before = yard.git("for-each-ref")
    report = attempted(yard, "side")
    assert report.verdict is Verdict.PASS
    assert [(each.gate, each.outcome and each.outcome.verdict, each.kept) for each in report.gates] == [
        ("one", "pass", False),
        ("two", "pass", False),
    ]
    assert report.tree is not None
    assert "a" in yard.git("ls-tree", "--name-only", report.tree).split()
    assert yard.git("for-each-ref") == before
    assert counted(runs) == ["one", "two"]


def test_several_are_merged_one_on_another(yard: Scene) -> None:
    branch(yard, "side", {"a": "a"})
    other = yard.submit({"b": "b"})
    report = attempted(yard, "side", other.id[3:9], branch(yard, "third", {"c": "c"}))
    assert report.tree is not None
    assert set("abc") <= set(yard.git("ls-tree", "--name-only", report.tree).split())
    assert yard.phase(other) is Phase.SUBMITTED


def test_what_was_tried_is_not_gated_again_when_it_is_submitted(yard: Scene, runs: Path) -> None:
    made = branch(yard, "side", {"a": "a"})
    attempted(yard, "side")
    yard.submit({}, commit=made)
    report = yard.merge()
    assert (report.exit_code, len(report.landed), report.runs) == (0, 1, [])
    assert counted(runs) == ["one", "two"]


def test_a_red_gate_ends_it_unless_told_to_go_on(yard: Scene, runs: Path) -> None:
    branch(yard, "side", {"bad-one": "", "bad-two": ""})
    report = attempted(yard, "side")
    assert report.verdict is Verdict.FAIL
    assert [each.outcome is None for each in report.gates] == [False, True]
    report = attempted(yard, "side", keep_going=True)
    assert [(each.outcome and each.outcome.verdict, each.kept) for each in report.gates] == [
        ("fail", True),
        ("fail", False),
    ]
    attempted(yard, "side", gates=["two"], again=True)
    assert counted(runs) == ["one", "two", "two"]


def test_a_red_try_blames_nobody_by_itself(yard: Scene) -> None:
    made = branch(yard, "side", {"bad-one": ""})
    attempted(yard, "side")
    bead = yard.submit({}, commit=made)
    report = yard.merge()
    assert [each.bead for each in report.rejected] == [bead.id]
    # The target itself was gated before anybody was sent back.
    assert [each for each in report.runs if not each.members]


def test_the_rejection_names_the_command_that_shows_it_again(yard: Scene) -> None:
    bead = yard.submit({"bad-two": ""})
    yard.merge()
    found = yard.bead(bead).attempt(TOKEN)
    assert found is not None
    line = next(line for line in found.reason.splitlines() if line.startswith("reproduce: gt try "))
    _, _, _, _, tree, _, gate, _ = line.split()
    report = attempted(yard, tree=tree, gates=[gate], again=True)
    assert [each.outcome and each.outcome.verdict for each in report.gates] == ["fail"]
    # The Bead's work can be tried by its name as well.
    assert attempted(yard, bead.id, gates=[gate]).verdict is Verdict.FAIL


def test_without_a_name_it_is_the_target(yard: Scene) -> None:
    report = attempted(yard)
    assert report.verdict is Verdict.PASS
    assert [each.outcome and each.outcome.members for each in report.gates] == [(), ()]


def test_conflicts_are_told_and_no_gate_runs(yard: Scene, runs: Path) -> None:
    old = yard.tip()
    branch(yard, "mine", {"f": "mine"})
    branch(yard, "theirs", {"f": "theirs"})
    report = attempted(yard, "mine", "theirs")
    assert report.verdict is Verdict.FAIL
    assert report.conflicts == ["theirs conflicts with mine in f"]
    yard.push({"f": "others"}, message="Others change f")
    (told,) = attempted(yard, "mine").conflicts
    assert told.startswith("mine conflicts with main at ")
    assert "Others change f" in told
    assert attempted(yard, old).conflicts[0].startswith(f"{old} changes nothing")
    assert counted(runs) == []


def test_a_change_of_the_gates_is_gated_by_the_targets(yard: Scene, runs: Path) -> None:
    branch(yard, "side", {".gt/town.yaml": town('{name: mine, run: "echo mine >> /nowhere"}')})
    report = attempted(yard, "side")
    assert counted(runs) == ["one", "two"]
    said = " ".join(report.remarks)
    assert "waits for approval: .gt/town.yaml" in said
    assert "its own gates run, too: mine" in said


def test_what_could_not_be_run(repo_path: Path) -> None:
    yard = scene(repo_path, town('{name: test, run: "exit 127"}'))
    assert attempted(yard).verdict is Verdict.COULD_NOT_RUN


def test_no_budget_is_charged(yard: Scene) -> None:
    bead = yard.submit({"a": "a"})
    for _ in range(30):
        attempted(yard, bead.id, again=True, gates=["one"])
    assert len(yard.merge().landed) == 1


@pytest.mark.parametrize(
    ("names", "more", "said"),
    [
        (("nobody",), {}, "no such Bead, branch or commit: nobody"),
        ((), {"gates": ["tow"]}, "no such gate: tow (there are one, two)"),
        ((), {"target": "prod"}, "no such target: prod"),
        ((), {"tree": "0123456789abcdef"}, "git may have collected it"),
    ],
)
def test_what_is_not_there(yard: Scene, names: tuple[str, ...], more: dict[str, Any], said: str) -> None:
    with pytest.raises(NotFound) as caught:
        attempted(yard, *names, **more)
    assert said in caught.value.message
    assert caught.value.hint or "gates" in more


def test_what_cannot_be_tried(yard: Scene, repo_path: Path) -> None:
    landed = yard.submit({"a": "a"})
    yard.merge()
    with pytest.raises(Refused, match="has landed already"):
        attempted(yard, landed.id)
    yard.push({".gt/town.yaml": "apiVersion: gt/v1\nungated: true\n"})
    with pytest.raises(Refused, match="names no gates"):
        attempted(yard)


def test_a_merge_leaves_the_slot_of_a_live_try_alone_and_clears_that_of_a_dead_one(yard: Scene) -> None:
    with slots.for_a_try(yard.repo) as number:
        held = lock.try_hold(places.slot_lock(yard.repo, number))
        assert held is not None
        assert places.deserted(yard.repo) == ()
        with slots.for_a_try(yard.repo) as other:
            assert other != number
    assert places.deserted(yard.repo) == (number,)
    assert places.unfinished(yard.repo) != ""
    lock.release(held)
    assert places.unfinished(yard.repo) == ""


def test_interrupted_it_leaves_nothing(repo_path: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    yard = scene(repo_path, town(f'{{name: test, run: "echo > {fifo}; sleep 600"}}'))

    def interrupt() -> None:
        fifo.read_text()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        attempted(yard)
    thread.join()
    assert places.unfinished(yard.repo) == ""
    assert not list((yard.repo.gt_dir / "outcomes").rglob("*.json"))
