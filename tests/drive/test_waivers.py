"""What lands while a person lets a gate be red: no more than that gate, that red, that target and that time."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase
from gt.core.plan import plan
from gt.core.state import TownState, Waiver
from gt.core.world import Target
from gt.drive.observe import observe
from gt.drive.status import status
from gt.drive.trying import TryReport, Wanted, try_out
from gt.git.merge import trailers
from gt.lock import try_hold
from gt.refinery.landing import NotNow, land
from gt.refinery.outcomes import CONTROL_TTL
from gt.refinery.places import merge_lock
from gt.refinery.verify import Proof, Verified, verify
from gt.refinery.yard import Yard
from tests.conftest import NOW
from tests.refinery.merging import GATE, Scene, proving, scene, town
from tests.store.scenes import ALICE

SLOW = '{name: slow, run: "test ! -e late", when: after}'
UNTIL = NOW + 86400
Switch = Callable[[bool], None]


@pytest.fixture
def vendor(tmp_path: Path) -> Switch:
    """Turns the vendor that the gate `net` needs on or off."""

    def turn(on: bool) -> None:
        (tmp_path / "down").unlink(missing_ok=True) if on else (tmp_path / "down").touch()

    turn(True)
    return turn


@pytest.fixture
def yard(repo_path: Path, tmp_path: Path, vendor: Switch) -> Scene:
    """A town whose gates are `net`, red while its vendor is down, and `test`."""
    net = f'{{name: net, run: "test ! -e {tmp_path}/down"}}'
    return scene(repo_path, town(net, GATE, more="refinery: {slots: 1}\n"))


def waive(yard: Scene, gate: str, *, until: int = UNTIL, at: int = NOW + 1000, tip: str = "") -> Waiver:
    made = Waiver("main", gate, ALICE, "vendor is down", at, until, tip or yard.tip())
    yard.state(TownState(waivers=(made,)))
    return made


def held_by_red(yard: Scene, vendor: Switch) -> None:
    """Something waits to land, and the target is red."""
    vendor(False)
    assert yard.merge().exit_code == 20
    assert target(yard).cause == "red"


def target(yard: Scene, now: int = NOW + 1000) -> Target:
    seen = yard.look(now)
    return seen.queue.targets.get("main") or seen.targets["main"]


def tried(yard: Scene, which: Bead) -> TryReport:
    place = Yard(yard.repo, ALICE, lambda: NOW + 1000, dict(os.environ))
    return try_out(place, yard.ledger, Wanted([which.id]))


def verified(yard: Scene) -> list[Verified]:
    place = Yard(yard.repo, ALICE, lambda: NOW + 1000, dict(os.environ))
    return list(verify(place, "main"))


@pytest.mark.parametrize("history", ["train", "linear"])
def test_what_is_red_as_the_target_is_lands_and_says_by_whose_word(
    repo_path: Path, tmp_path: Path, vendor: Switch, history: str
) -> None:
    net = f'{{name: net, run: "test ! -e {tmp_path}/down"}}'
    yard = scene(repo_path, town(net, GATE, more=f"refinery: {{slots: 1, history: {history}}}\n"))
    one, other = yard.submit({"a": ""}), yard.submit({"b": ""})
    held_by_red(yard, vendor)
    waive(yard, "net")
    found = target(yard)
    assert (found.trouble, found.waived) == (None, ("net",))
    report = yard.merge()
    assert (report.exit_code, len(report.landed), report.rejected) == (0, 2, [])
    assert (yard.phase(one), yard.phase(other)) == (Phase.LANDED, Phase.LANDED)
    said = trailers(yard.git("log", "-1", "--format=%B", "main"))
    told = "until 2026-11-23T20:00:00Z by Alice <alice@example.com>: vendor is down"
    assert ("Gt-Waiver", f"net {told}") in said
    assert [value.split()[:2] for key, value in said if key == "Gt-Gate"] == [
        ["net", "waived"],
        ["test", "pass"],
    ]
    latest = verified(yard)[0]
    assert dict(latest.proofs) == {"net": Proof.WAIVED, "test": Proof.KEPT}
    assert (latest.waivers, latest.green, latest.red) == ({"net": told}, False, False)


def test_another_gate_holds_as_ever_and_whoever_broke_it_goes_back(yard: Scene, vendor: Switch) -> None:
    bad, good = yard.submit({"bad": ""}), yard.submit({"a": ""})
    held_by_red(yard, vendor)
    waive(yard, "net")
    report = yard.merge()
    assert [each.bead for each in report.rejected] == [bad.id]
    assert "gate test" in report.rejected[0].reason
    assert [name for name, _, _ in report.landed] == [good.id]


def test_one_landing_follows_another_and_each_is_run_once(yard: Scene, vendor: Switch) -> None:
    yard.submit({"a": ""})
    held_by_red(yard, vendor)
    waive(yard, "net")
    yard.merge()
    for name in "bcd":
        yard.submit({name: ""})
        report = yard.merge()
        assert len(report.landed) == 1
        assert [(run.gate, str(run.verdict)) for run in report.runs if run.members] == [
            ("net", "fail"),
            ("test", "pass"),
        ]


def test_once_it_was_green_a_new_red_is_nobodys_waiver(yard: Scene, vendor: Switch) -> None:
    yard.submit({"a": ""})
    held_by_red(yard, vendor)
    waive(yard, "net")
    yard.merge()
    vendor(True)
    yard.submit({"b": ""})
    later = NOW + 1000 + 2 * CONTROL_TTL
    assert yard.merge(now=later).exit_code == 0
    assert target(yard, later).waived == ()
    assert status(yard.repo, yard.ledger, later).waivers == (), "whatever time is left"
    assert "Gt-Waiver" not in yard.git("log", "-1", "--format=%B", "main")
    vendor(False)
    new = yard.submit({"c": ""})
    assert yard.merge(now=later + 2 * CONTROL_TTL).exit_code == 20
    assert yard.phase(new) is Phase.SUBMITTED
    assert target(yard, later + 2 * CONTROL_TTL).cause == "red"


def test_without_one_in_force_the_target_holds_all_again(yard: Scene, vendor: Switch) -> None:
    one = yard.submit({"a": ""})
    held_by_red(yard, vendor)
    made = waive(yard, "net")
    assert target(yard).trouble is None
    assert target(yard, UNTIL).cause == "red", "its time is over"
    for other in (
        replace(made, target="next"),
        replace(made, gate="test"),
        replace(made, tip="1" * 40),
        replace(made, tip=yard.commit({"of": "another history"})),
    ):
        yard.state(TownState(waivers=(other,)))
        assert target(yard).cause == "red"
    assert (yard.merge().exit_code, yard.phase(one)) == (20, Phase.SUBMITTED)


def test_one_that_ends_at_the_last_moment_ends_the_landing(yard: Scene, vendor: Switch) -> None:
    one = yard.submit({"a": ""})
    held_by_red(yard, vendor)
    waive(yard, "net")
    assert (tried(yard, one).verdict, tried(yard, one).gates[0].is_let_be) == ("pass", True)
    it = proving(yard, one)
    held = try_hold(merge_lock(yard.repo))
    assert held is not None
    yard.state(TownState())
    done = land(it.yard, yard.ledger, held, "main", it.train, it.proofs, it.town)
    assert done == NotNow("gate net is red on main, and that waiver is over")


def test_a_gate_that_runs_after_neither_holds_nor_is_run_before(repo_path: Path) -> None:
    yard = scene(repo_path, town(GATE, SLOW, more="refinery: {slots: 1}\n"))
    yard.submit({"a": ""})
    yard.merge()
    culprit = yard.submit({"late": ""})
    assert yard.merge().exit_code == 20
    assert target(yard).cause == "red-after"
    waive(yard, "slow")
    found = target(yard)
    assert (found.trouble, found.waived, found.reverts) == (None, ("slow",), (culprit.id,))
    yard.submit({"b": ""})
    report = yard.merge()
    assert (report.exit_code, len(report.landed)) == (0, 1)
    assert [run.gate for run in report.runs if run.members] == ["test"]
    assert {run.gate for run in report.runs if not run.members} == {"slow"}
    assert dict(verified(yard)[0].proofs) == {"test": Proof.KEPT, "slow": Proof.WAIVED}
    assert target(yard).reverts == (culprit.id,), "who turned it red is known all the same"
    assert not plan(observe(yard.repo, yard.ledger, NOW + 1000)).calls
    # What mends it ends the waiver: late for a second time is something new.
    yard.submit({"late": None})
    yard.merge(now=NOW + 2000)
    assert target(yard, NOW + 2000).waived == ()
    yard.submit({"late": ""})
    assert yard.merge(now=NOW + 2000).exit_code == 20
    assert target(yard, NOW + 2000).cause == "red-after"


def test_of_two_red_gates_the_other_still_holds_and_what_mends_that_lands(
    yard: Scene, vendor: Switch
) -> None:
    yard.push({"bad": ""})
    other = yard.submit({"a": ""})
    held_by_red(yard, vendor)
    waive(yard, "net")
    assert yard.merge().exit_code == 20
    assert "gate test" in (target(yard).trouble or "")
    fix = yard.submit({"bad": None})
    report = yard.merge()
    assert [name for name, _, _ in report.landed] == [fix.id, other.id]
    assert dict(verified(yard)[0].proofs) == {"net": Proof.WAIVED, "test": Proof.KEPT}


def test_one_that_came_first_holds_nothing_open_until_the_target_is_red(yard: Scene, vendor: Switch) -> None:
    waive(yard, "net")
    yard.submit({"a": ""})
    assert {str(run.verdict) for run in yard.merge().runs} == {"pass"}
    waive(yard, "net", at=NOW + 1001)
    vendor(False)
    yard.submit({"b": ""})
    report = yard.merge(now=NOW + 1000 + 2 * CONTROL_TTL)
    assert report.exit_code == 0
    controls = [str(run.verdict) for run in report.runs if not run.members]
    assert controls[:2] == ["fail", "fail"], "what the target is, it says twice before anything lands"
    assert dict(verified(yard)[0].proofs) == {"net": Proof.WAIVED, "test": Proof.KEPT}


def test_what_others_push_onto_a_red_target_is_proven_for_the_rest(yard: Scene, vendor: Switch) -> None:
    yard.submit({"a": ""})
    held_by_red(yard, vendor)
    waive(yard, "net")
    yard.merge()
    yard.push({"b": ""})
    one = yard.submit({"c": ""})
    report = yard.merge()
    assert yard.phase(one) is Phase.LANDED
    assert {run.gate for run in report.runs if not run.members} == {"net", "test"}
    yard.push({"bad": ""})
    held = yard.submit({"d": ""})
    assert (yard.merge().exit_code, yard.phase(held)) == (20, Phase.SUBMITTED)
    assert "gate test" in (target(yard).trouble or "")


def test_after_its_end_what_landed_by_it_is_run_anew_and_blames_nobody(yard: Scene, vendor: Switch) -> None:
    yard.submit({"a": ""})
    held_by_red(yard, vendor)
    waive(yard, "net")
    yard.merge()
    yard.state(TownState())
    next_one = yard.submit({"b": ""})
    report = yard.merge()
    assert (report.exit_code, report.rejected, yard.phase(next_one)) == (20, [], Phase.SUBMITTED)
    assert [str(run.verdict) for run in report.runs if not run.members] == ["fail", "fail"]
    assert target(yard).cause == "red"
    vendor(True)
    assert yard.merge(again=True).exit_code == 0


def test_who_was_red_on_a_red_target_is_not_blamed_once_it_is_mended(repo_path: Path) -> None:
    yard = scene(
        repo_path, town(GATE, '{name: unit, run: "test ! -e broken"}', more="refinery: {slots: 1}\n")
    )
    yard.push({"bad": ""})
    yard.submit({"a": ""})
    assert yard.merge().exit_code == 20
    waive(yard, "test")
    assert len(yard.merge().landed) == 1
    other = yard.submit({"b": ""})
    assert tried(yard, other).gates[0].is_let_be
    yard.change(other, lambda bead: replace(bead, spec=replace(bead.spec, hold=True)))
    fix = yard.submit({"bad": None})
    assert [name for name, _, _ in yard.merge().landed] == [fix.id]
    yard.change(other, lambda bead: replace(bead, spec=replace(bead.spec, hold=False)))
    report = yard.merge()
    assert (report.exit_code, yard.phase(other)) == (0, Phase.LANDED)
    assert [(run.gate, str(run.verdict)) for run in report.runs] == [("test", "pass"), ("unit", "pass")]
    assert verified(yard)[0].green
