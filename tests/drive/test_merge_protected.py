"""Ways around the protected paths and the gates: by another kind of file, by company, by what the gate itself reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase, Result
from gt.verbs.approve import approve
from tests.conftest import NOW
from tests.refinery.merging import GATE, Scene, scene, town
from tests.store.scenes import ALICE

FILE = "".join(f"{number}\n" for number in range(20))


@pytest.fixture(params=[1, 3], ids=lambda slots: f"{slots}-slots")
def groups(request: pytest.FixtureRequest, repo_path: Path) -> Scene:
    return scene(repo_path, town(more=f"refinery: {{slots: {request.param}}}\n"))


@pytest.mark.parametrize("name", [".gt", ".gt/sub", ".gt/town.yaml", ".GT"])
def test_a_submodule_in_their_place_is_seen(yard: Scene, name: str) -> None:
    gone: dict[str, str | None] = {".gt/town.yaml": None} if name == ".gt" else {}
    one = yard.submit({**gone, name: f"=> {yard.tip()}"})
    assert yard.causes() == {one.id: "held approval"}
    assert (yard.merge().exit_code, yard.phase(one)) == (20, Phase.SUBMITTED)


@pytest.mark.parametrize("name", ["db/m/1.sql", "real/prod/key", "DB/m"])
def test_what_is_behind_a_link_that_stands_above_them_is_seen(repo_path: Path, name: str) -> None:
    """`migrations/1.sql` and `conf/prod/key` can be opened, and are named so by who protects them."""
    yard = scene(repo_path, town(more='refinery: {protected: ["migrations/**", conf/prod/key]}\n'))
    yard.push({"db/m/1.sql": "1", "migrations": "-> db/m", "real/prod/key": "x", "conf": "-> real"})
    one, other = yard.submit({name: "drop"}), yard.submit({"real/prod/other": "", "db/n": ""})
    assert yard.causes() == {one.id: "held approval", other.id: "due"}
    assert yard.merge().exit_code == 20
    assert (yard.phase(one), yard.phase(other)) == (Phase.SUBMITTED, Phase.LANDED)
    approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW)
    yard.merge()
    assert yard.phase(one) is Phase.LANDED


def test_a_file_follows_no_renamed_directory_into_them(yard: Scene) -> None:
    """The target moved all of a directory to .gt/; git would take a new file in it along."""
    yard.push({f"tools/{name}": f"{name}\n" for name in ("a", "b", "c")})
    since = yard.tip()
    one = yard.submit({"tools/new": "new\n"}, base=since)
    moved = {f"tools/{name}": None for name in ("a", "b", "c")}
    yard.push({**moved, **{f".gt/{name}": f"{name}\n" for name in ("a", "b", "c")}})
    assert yard.merge().exit_code == 0
    assert yard.phase(one) is Phase.LANDED
    assert "tools/new" in yard.files()
    assert ".gt/new" not in yard.files()


def test_two_approved_changes_of_one_file_are_approved_one_by_one(groups: Scene) -> None:
    """What they come to together is what nobody has approved, though each was, and they merge."""
    yard = groups
    yard.push({".gt/check": FILE})
    first = yard.submit({".gt/check": FILE.replace("0\n", "zero\n", 1)})
    second = yard.submit({".gt/check": FILE.replace("19\n", "nineteen\n")})
    for each in (first, second):
        approve(yard.repo, yard.ledger, each.id, actor=ALICE, now=NOW)
    report = yard.merge()
    assert [bead for bead, _, _ in report.landed] == [first.id]
    assert yard.causes() == {second.id: "held approval"}
    approve(yard.repo, yard.ledger, second.id, actor=ALICE, now=NOW)
    assert [bead for bead, _, _ in yard.merge().landed] == [second.id]


def test_in_a_crowd_a_protected_change_waits_and_then_lands_alone(groups: Scene) -> None:
    yard = groups
    others = [yard.submit({f"f{n}": ""}) for n in range(3)]
    one = yard.submit({".gt/extra": "", "with": ""})
    others += [yard.submit({f"g{n}": ""}) for n in range(3)]
    report = yard.merge()
    assert {bead for bead, _, _ in report.landed} == {each.id for each in others}
    assert all(one.id not in member for run in report.runs for member in run.members)
    assert {".gt/extra", "with"} & yard.files() == set()
    approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW)
    more = [yard.submit({f"h{n}": ""}) for n in range(3)]
    report = yard.merge()
    assert {bead for bead, _, _ in report.landed} == {one.id, *(each.id for each in more)}
    landed = next(where.commit for bead, _, where in report.landed if bead == one.id)
    assert [bead for bead, _, where in report.landed if where.commit == landed] == [one.id]
    assert yard.git("diff", "--name-only", f"{landed}^1", landed).split() == [".gt/extra", "with"]


def test_a_gate_reads_nothing_that_it_doesnt_name(groups: Scene) -> None:
    """A Makefile that isn't among the inputs isn't there: who changes it weakens nothing, and has no outcome for free."""
    yard = groups
    gate = '{name: test, run: "if test -e Makefile; then exit 0; fi; test ! -e src/bad", inputs: ["src/**"]}'
    yard.push({".gt/town.yaml": town(gate), "Makefile": "test:\n\tfalse\n", "src/a": ""})
    weak = yard.submit({"Makefile": "test:\n\ttrue\n", "src/bad": ""})
    fine = yard.submit({"src/b": ""})
    report = yard.merge()
    assert [(lost.bead, lost.result) for lost in report.rejected] == [(weak.id, Result.RED)]
    assert [bead for bead, _, _ in report.landed] == [fine.id]


def test_what_a_gate_names_is_judged_with_it(groups: Scene) -> None:
    """The outcome for the old Makefile says nothing of the new one; where that must not be, it is protected."""
    yard = groups
    gate = '{name: test, run: "sh Makefile", inputs: [Makefile, "src/**"]}'
    yard.push({".gt/town.yaml": town(gate), "Makefile": "test ! -e src/bad\n", "src/a": ""})
    yard.submit({"docs": ""})
    assert yard.merge().exit_code == 0
    broken = yard.submit({"Makefile": "false\n"})
    assert [lost.bead for lost in yard.merge().rejected] == [broken.id]
    guarded = town(gate, more="refinery: {protected: [Makefile]}\n")
    yard.push({".gt/town.yaml": guarded})
    yard.acknowledge()
    weak = yard.submit({"Makefile": "true\n", "src/bad": ""})
    assert yard.causes() == {weak.id: "held approval"}
    assert yard.merge().landed == []


@pytest.mark.parametrize("slots", [1, 3])
def test_a_weakened_gate_helps_nobody_who_comes_with_it(repo_path: Path, slots: int) -> None:
    """What lands after a change of the gates is judged by the new ones, what lands before by the old."""
    yard = scene(repo_path, town(more=f"refinery: {{slots: {slots}}}\n"))
    bad = yard.submit({"bad": ""}, priority=1)
    weak = yard.submit({".gt/town.yaml": town('{name: test, run: "true"}')}, priority=3)
    strict = yard.submit({".gt/town.yaml": town(GATE, '{name: more, run: "test -e README.md"}')}, priority=2)
    yard.submit({"fine": ""}, priority=2)
    approve(yard.repo, yard.ledger, strict.id, actor=ALICE, now=NOW)
    report = yard.merge()
    assert [lost.bead for lost in report.rejected if lost.result is Result.RED] == [bad.id]
    assert weak.id not in {bead for bead, _, _ in report.landed}
    assert "bad" not in yard.files()
