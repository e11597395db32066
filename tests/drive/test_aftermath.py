"""What `gt merge` finds out of a target once something has landed: gates that run after, who turned them red, what mends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from gt.core.bead import Bead, CloseReason, Phase
from gt.core.plan import plan
from gt.core.world import Target
from gt.drive.hands import Hands
from gt.drive.merge import MergeReport
from gt.drive.observe import observe
from gt.drive.reconcile import reconcile
from gt.drive.taking_back import proposals
from gt.refinery.outcomes import CONTROL_TTL, Outcome
from gt.verbs.accept import accept
from gt.verbs.close import close
from tests.conftest import NOW
from tests.refinery.merging import GATE, Scene, scene, town
from tests.store.scenes import ALICE

SLOW = '{name: slow, run: "test ! -e late", when: after}'
"""Red once there is a file called `late`: only after it has landed."""


@pytest.fixture
def looked(repo_path: Path) -> Scene:
    """A town with a gate before, and one after."""
    return scene(repo_path, town(GATE, SLOW, more="refinery: {slots: 1}\n"))


LATER = NOW + 2 * CONTROL_TTL
"""What passed before says nothing of the target any more."""


class Killed(Exception):
    """Here gt died."""


def after(report: MergeReport) -> list[tuple[str, str]]:
    """The verdicts of the gate that runs after, each with its tree."""
    return [(str(run.verdict), run.tree) for run in report.runs if run.gate == "slow"]


def target(yard: Scene) -> Target:
    seen = yard.look(LATER)
    return seen.queue.targets.get("main") or seen.targets["main"]


def due(yard: Scene) -> list[str]:
    return [action.command for action in plan(observe(yard.repo, yard.ledger, NOW + 1000)).actions]


def land(yard: Scene, *changes: Mapping[str, str | None]) -> list[Bead]:
    """Each of these lands by itself."""
    found = []
    for files in changes:
        found.append(yard.submit(files))
        yard.merge()
        assert yard.phase(found[-1]) is Phase.LANDED
    return found


def test_it_runs_on_the_tip_once_that_has_landed_and_never_on_a_candidate(looked: Scene) -> None:
    assert looked.merge().runs == [], "gt has landed nothing yet"
    looked.submit({"a": ""})
    looked.submit({"b": ""})
    report = looked.merge()
    assert report.exit_code == 0
    assert [(run.gate, len(run.members)) for run in report.runs] == [("test", 2), ("slow", 0)]
    assert after(report) == [("pass", looked.tip("main^{tree}"))]
    assert looked.merge().runs == []
    assert due(looked) == []


def test_it_is_due_whatever_was_missed(looked: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("gt.drive.merge_after.Aftercare.start", lambda *_: None)  # as if killed before
        land(looked, {"a": ""}, {"b": ""})
    assert due(looked) == ["gt merge"]
    assert after(looked.merge()) == [("pass", looked.tip("main^{tree}"))], "tips between are left out"
    assert due(looked) == []


def test_a_flake_is_not_red(repo_path: Path, tmp_path: Path) -> None:
    once = tmp_path / "once"
    flaky = f'{{name: slow, run: "test -e {once} || {{ touch {once}; exit 1; }}", when: after}}'
    yard = scene(repo_path, town(GATE, flaky.replace("{{", "{").replace("}}", "}")))
    yard.submit({"a": ""})
    report = yard.merge()
    assert report.exit_code == 0
    assert [verdict for verdict, _ in after(report)] == ["fail", "pass"]
    assert target(yard).trouble is None


def test_who_turned_it_red_is_named_and_nothing_else_lands(looked: Scene) -> None:
    beads = land(looked, {"a": ""}, {"b": ""})
    culprit = looked.submit({"late": ""}, title="Be late")
    report = looked.merge()
    assert (report.exit_code, looked.phase(culprit)) == (20, Phase.LANDED)
    found = target(looked)
    assert (found.cause, found.settled, found.epoch) == ("red-after", True, looked.tip())
    assert found.trouble is not None
    assert f"gate slow, exit 1, since {looked.tip()[:12]} (Be late" in found.trouble
    assert f"which landed {culprit.id} (log: " in found.trouble
    assert f"again: git checkout --detach {looked.tip()[:12]} && test ! -e late" in found.trouble
    assert found.reverts == (culprit.id,)
    assert all(bead.id not in found.trouble for bead in beads)
    assert looked.merge().runs == []
    old = looked.tip()
    other = looked.submit({"c": ""})
    report = looked.merge()
    assert (report.exit_code, report.rejected, looked.tip()) == (20, [], old)
    assert looked.causes() == {other.id: "waiting red-after-target"}
    assert looked.merge().runs == []


def test_what_mends_it_lands_by_itself_and_so_does_what_waited(looked: Scene) -> None:
    land(looked, {"a": ""})
    looked.submit({"late": ""})
    looked.merge()
    waits = looked.submit({"c": ""})
    assert looked.merge().exit_code == 20
    fix = looked.submit({"late": None})
    report = looked.merge()
    assert report.exit_code == 0
    assert [name for name, _, _ in report.landed] == [fix.id, waits.id]
    assert target(looked).trouble is None
    assert after(looked.merge()) == []
    assert "late" not in looked.files()


def test_a_row_of_landings_is_searched_for_it(looked: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    land(looked, {"0": ""})
    with monkeypatch.context() as patch:
        patch.setattr("gt.drive.merge_after.Aftercare.start", lambda *_: None)
        land(looked, *({str(n): ""} for n in range(1, 9)))
        (guilty,) = land(looked, {"late": ""})
        land(looked, *({str(n): ""} for n in range(10, 14)))
    report = looked.merge()
    found = target(looked)
    assert found.reverts == (guilty.id,)
    assert found.epoch == looked.tip("main~4")
    assert len(after(report)) <= 2 + 2 + 4 + 2, (
        "twice the tip, the good end, the middle, and both sides of it"
    )


def test_a_killed_search_goes_on_where_it_was(looked: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after every run: no run is made twice, and the end is the same."""
    with monkeypatch.context() as patch:
        patch.setattr("gt.drive.merge_after.Aftercare.start", lambda *_: None)
        land(looked, {"0": ""}, {"1": ""}, {"late": ""}, {"3": ""}, {"4": ""}, {"5": ""})
    from gt.refinery import outcomes

    keep, made = outcomes.keep, []

    def kept(outcome: Outcome) -> None:
        keep(outcome)
        made.append(outcome.tree)
        raise Killed

    monkeypatch.setattr("gt.refinery.outcomes.keep", kept)
    merges = 0
    while "gt merge" in due(looked):
        merges += 1
        assert merges < 20
        with pytest.raises(Killed):
            looked.merge()
    assert len(made) == merges
    assert target(looked).epoch == looked.tip("main~3")


def test_of_those_that_landed_together_the_one_is_found(looked: Scene) -> None:
    land(looked, {"0": ""})
    group = [looked.submit(files) for files in ({"a": ""}, {"late": ""}, {"c": ""})]
    report = looked.merge()
    assert len({done.commit for _, _, done in report.landed}) == 1, "one merge over all three"
    found = target(looked)
    assert found.reverts == (group[1].id,)
    assert found.trouble is not None
    assert f"which landed {group[1].id} (log" in found.trouble


def test_a_change_of_the_surroundings_has_no_culprit(repo_path: Path, tmp_path: Path) -> None:
    world = tmp_path / "world"
    world.touch()
    yard = scene(repo_path, town(GATE, f'{{name: slow, run: "test -e {world}", when: after}}'))
    land(yard, {"a": ""}, {"b": ""})
    world.unlink()
    yard.submit({"c": ""})
    yard.merge(now=LATER)
    found = target(yard)
    assert (found.cause, found.settled, found.reverts) == ("red-after", True, ())
    assert found.trouble is not None
    assert "no commit turned it red" in found.trouble
    world.touch()
    assert yard.merge(again=True, now=LATER).exit_code == 0
    assert target(yard).trouble is None


@pytest.mark.parametrize(
    ("printed", "quoted"),
    [
        ("printf 'first\\nsays  why \\n\\n'", ': "says why"'),
        (f"printf {'x' * 200}", f': "{"x" * 117}..."'),
        ("true", ""),
    ],
)
def test_what_a_red_gate_said_last_is_told_at_once(repo_path: Path, printed: str, quoted: str) -> None:
    yard = scene(repo_path, town(f"{{name: test, run: {json.dumps(f'{printed}; exit 7')}}}"))
    yard.submit({"a": ""})
    yard.merge()
    told = target(yard).trouble
    assert told is not None
    assert f"gate test, exit 7{quoted}, and so" in told or f"gate test, exit 7{quoted} (log" in told


def test_a_time_bomb_is_found_though_gt_landed_it_green(repo_path: Path, tmp_path: Path) -> None:
    late = tmp_path / "late"
    yard = scene(repo_path, town(f'{{name: test, run: "! test -e {late} || ! test -e bomb"}}'))
    land(yard, {"a": ""}, {"b": ""})
    (bomb,) = land(yard, {"bomb": ""})
    land(yard, {"c": ""}, {"d": ""})
    late.touch()
    innocent = yard.submit({"e": ""})
    report = yard.merge(now=LATER)
    assert (report.exit_code, report.rejected) == (20, [])
    found = target(yard)
    assert (found.cause, found.settled, found.reverts) == ("red", True, (bomb.id,))
    fix = yard.submit({"bomb": None})
    report = yard.merge(now=LATER)
    assert (report.exit_code, report.rejected) == (0, [])
    assert [name for name, _, _ in report.landed] == [fix.id, innocent.id]


def test_a_fix_lands_on_a_red_target_without_anybodys_help(yard: Scene) -> None:
    yard.push({"bad": "it was there before\n"})
    waits = yard.submit({"a": ""})
    assert yard.merge().exit_code == 20
    assert target(yard).cause == "red"
    fix = yard.submit({"bad": None})
    assert due(yard)[-1] == "gt merge"
    report = yard.merge()
    assert (report.exit_code, report.rejected) == (0, [])
    assert [name for name, _, _ in report.landed] == [fix.id, waits.id]


def test_what_others_pushed_red_is_named_and_mended(yard: Scene) -> None:
    land(yard, {"first": ""})
    theirs = yard.push({"bad": ""}, message="Push and pray")
    waits = yard.submit({"a": ""})
    report = yard.merge()
    assert (report.exit_code, report.rejected) == (20, [])
    found = target(yard)
    assert (found.cause, found.epoch, found.reverts) == ("red", theirs, ())
    assert found.trouble is not None
    assert "(Push and pray), which gt didn't land" in found.trouble
    yard.submit({"bad": None})
    assert yard.merge().exit_code == 0
    assert yard.phase(waits) is Phase.LANDED


def test_a_bad_change_goes_back_only_for_what_it_does_to_a_green_target(yard: Scene) -> None:
    """It was red on the red target, too; that says nothing of it."""
    yard.push({"bad": ""})
    fine, wrong = yard.submit({"a": ""}), yard.submit({"a2": "", "bad": "again"})
    assert yard.merge().rejected == []
    yard.submit({"bad": None})
    report = yard.merge()
    assert yard.phase(fine) is Phase.LANDED
    assert [lost.bead for lost in report.rejected] == [wrong.id]


def test_what_a_person_pushes_onto_a_red_target_is_looked_at(looked: Scene) -> None:
    land(looked, {"a": ""})
    looked.submit({"late": ""})
    looked.merge()
    looked.push({"other": ""})
    assert target(looked).cause == "red-after"
    assert not target(looked).settled
    assert due(looked) == ["gt merge"]
    looked.merge()
    assert target(looked).settled
    looked.push({"late": None})
    report = looked.merge()
    assert [verdict for verdict, _ in after(report)] == ["pass"]
    assert target(looked).trouble is None


def test_what_cannot_be_run_stops_nothing_and_is_said(repo_path: Path) -> None:
    yard = scene(repo_path, town(GATE, '{name: slow, run: "exit 127", when: after}'))
    land(yard, {"a": ""})
    assert "gate slow could not be run 3 times" in target(yard).aside
    (page,) = due(yard)
    assert page.startswith(f"gt page target:main unlooked --epoch {yard.tip()} ")
    yard.submit({"b": ""})
    assert yard.merge().exit_code == 0


def test_a_pause_stops_it_too(looked: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from gt.core.state import Paused, TownState

    with monkeypatch.context() as patch:
        patch.setattr("gt.drive.merge_after.Aftercare.start", lambda *_: None)
        land(looked, {"a": ""})
    looked.state(TownState(paused=Paused("alice", "release")))
    assert due(looked) == []
    assert looked.merge().runs == []


def test_what_can_land_comes_first(repo_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One slot: what is submitted while it looks after the tip takes the slot, and that is looked after later."""
    monkeypatch.setattr("gt.drive.merge_loop.TICK", 0.05)
    begun, go = tmp_path / "begun", tmp_path / "go"
    wait = f"touch {begun}; while ! test -e {go}; do sleep 0.02; done"
    yard = scene(
        repo_path, town(GATE, f'{{name: slow, run: "{wait}", when: after}}', more="refinery: {slots: 1}\n")
    )
    first = yard.submit({"a": ""})
    more: list[Bead] = []

    def submit() -> None:
        while not begun.exists():
            threading.Event().wait(0.01)
        more.append(yard.submit({"b": ""}))
        while yard.phase(more[0]) is not Phase.LANDED:
            threading.Event().wait(0.01)
        go.touch()

    other = threading.Thread(target=submit)
    other.start()
    report = yard.merge()
    other.join()
    assert [name for name, _, _ in report.landed] == [first.id, more[0].id]
    assert after(report)[-1] == ("pass", yard.tip("main^{tree}"))


def reconciled(yard: Scene) -> list[str]:
    numbers = iter(range(1, 1000))
    hands = Hands(yard.repo, yard.ledger, lambda: ALICE, lambda n: f"{next(numbers):0{n}}", {}, lambda: LATER)
    return [action.verb for action in reconcile(hands).done]


def reverts_of(yard: Scene, bead: Bead) -> list[Bead]:
    with yard.ledger.read() as snapshot:
        return list(proposals(snapshot, bead.id))


def test_one_page_and_one_proposed_revert_which_lands_once_it_is_accepted(looked: Scene) -> None:
    land(looked, {"a": ""})
    (guilty,) = land(looked, {"late": ""})
    assert reconciled(looked) == ["revert", "page"]
    assert reconciled(looked) == []
    (offer,) = reverts_of(looked, guilty)
    assert offer.phase is Phase.PROPOSED
    world = observe(looked.repo, looked.ledger, LATER)
    found = plan(world)
    assert (found.at_rest, [call.hint for call in found.calls]) == (True, [f"gt accept {offer.id}"])
    (page,) = world.pages.values()
    assert (page.subject, page.reason, page.epoch) == ("target:main", "red-after", looked.tip())
    accept(looked.ledger, [offer.id], actor=ALICE, now=LATER)
    assert [name for name, _, _ in looked.merge(now=LATER).landed] == [offer.id]
    assert target(looked).trouble is None
    assert "late" not in looked.files()


def test_a_revert_that_a_person_closed_is_not_proposed_again(looked: Scene) -> None:
    land(looked, {"a": ""})
    (guilty,) = land(looked, {"late": ""})
    reconciled(looked)
    (offer,) = reverts_of(looked, guilty)
    close(looked.ledger, [offer.id], CloseReason.WONTFIX, "", actor=ALICE, now=LATER)
    assert reconciled(looked) == []


def test_what_cannot_be_reverted_becomes_a_proposed_task(
    looked: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(looked, {"a": ""})
    with monkeypatch.context() as patch:
        patch.setattr("gt.drive.merge_after.Aftercare.start", lambda *_: None)
        (guilty,) = land(looked, {"late": "one\n"})
        land(looked, {"late": "two\n"})
    looked.merge()
    assert target(looked).reverts == (guilty.id,)
    assert reconciled(looked) == ["revert", "page"]
    (task,) = reverts_of(looked, guilty)
    assert (task.phase, task.status.submission) == (Phase.PROPOSED, None)
    assert "can't be taken back as it is" in task.spec.body
    assert reconciled(looked) == []
