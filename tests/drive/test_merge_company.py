"""Attacks and accidents within a group: nobody gets in because it rides along, whatever changes while gates run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gt.core.bead import Bead, Phase, Result, Submission
from gt.drive.merge import MergeReport
from gt.git import merge as git_merge
from gt.git.merge import Change
from gt.git.objects import Objects
from gt.git.treediff import merged_apart
from gt.refinery import candidate, train
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW
from tests.drive import invariants
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE


@pytest.fixture(params=[1, 3], ids=lambda slots: f"{slots}-slots")
def groups(request: pytest.FixtureRequest, repo_path: Path, tmp_path: Path) -> Scene:
    """A town whose gates wait, where `began` may be written, until there is a file `go`."""
    wait = f"if test -d {tmp_path}/pause; then touch {tmp_path}/pause/began; while test ! -e {tmp_path}/go; do sleep 0.02; done; fi"
    gate = f'{{name: test, run: "{wait}; test ! -e bad", timeout: 2m}}'
    return scene(repo_path, town(gate, more=f"refinery: {{slots: {request.param}}}\n"))


def meanwhile(yard: Scene, here: Path, deed: Callable[[], object]) -> MergeReport:
    """Merge, and do something when the first gate has begun; no gate ends before it is done."""
    (here / "pause").mkdir()

    def do() -> None:
        try:
            while not (here / "pause/began").exists():
                threading.Event().wait(0.01)
            deed()
        finally:
            (here / "go").touch()

    other = threading.Thread(target=do)
    other.start()
    report = yard.merge()
    other.join()
    return report


def sub_of(bead: Bead) -> Submission:
    assert bead.status.submission is not None
    return bead.status.submission


def landed(report: MergeReport) -> set[str]:
    return {bead for bead, _, _ in report.landed}


def three(yard: Scene) -> list[Bead]:
    return [yard.submit({name: ""}) for name in ("a", "b", "c")]


def test_a_stray_in_the_middle_of_a_train_lands_nowhere(groups: Scene) -> None:
    """One moves a file, the next changes it where it was: in company that would change what nobody has submitted."""
    yard = groups
    yard.push({"old": "".join(f"{n}\n" for n in range(20))})
    since = yard.tip()
    moving = yard.submit({"old": None, "new": "".join(f"{n}\n" for n in range(20))})
    stray = yard.submit({"old": "".join(f"{n}\n" for n in range(19)) + "end\n"})
    last = yard.submit({"last": ""})
    report = yard.merge()
    # Whichever of the two is first lands; the other would be a stray, or conflicts.
    assert last.id in landed(report)
    assert len(landed(report) & {moving.id, stray.id}) == 1
    invariants.check(yard, since, [moving, stray, last], lambda files: "bad" in files)
    if moving.id in landed(report):
        assert yard.causes() == {stray.id: "held footprint"}


def forging(
    yard: Scene, path: str, commit: str, *, coupled: bool = False
) -> Callable[[Objects, str, Iterable[Change]], str | None]:
    """As `merged_apart`, but what changes this path is merged wrongly, into the commit's own tree.

    `coupled`: only on what isn't the target.
    """

    def wrong(odb: Objects, ours: str, changes: Iterable[Change]) -> str | None:
        changes = tuple(changes)
        spared = coupled and ours == yard.git("rev-parse", "main^{tree}")
        if not spared and path in {change.path for change in changes}:
            return yard.git("rev-parse", f"{commit}^{{tree}}")
        return merged_apart(odb, ours, changes)

    return wrong


@pytest.mark.parametrize("company", [0, 2])
def test_a_wrong_merge_base_takes_nothing_back(
    groups: Scene, monkeypatch: pytest.MonkeyPatch, company: int
) -> None:
    """A merge that loses what landed since is told by its footprint, whoever made it."""
    yard = groups
    base = yard.tip()
    earlier = yard.submit({"earlier": ""})
    yard.merge()
    late = yard.submit({"late": ""}, base=base)
    others = [yard.submit({f"f{n}": ""}) for n in range(company)]
    real = git_merge.merge_trees

    def wrong(repo: Any, ours: str, theirs: str, **more: Any) -> git_merge.Merged:
        if theirs == sub_of(late).commit:
            return git_merge.Merged(yard.git("rev-parse", f"{theirs}^{{tree}}"), (), "")
        return real(repo, ours, theirs, **more)

    for module in (candidate, train):
        monkeypatch.setattr(module, "merge_trees", wrong)
    monkeypatch.setattr(candidate, "apart", lambda *_: None)
    monkeypatch.setattr(train, "merged_apart", forging(yard, "late", sub_of(late).commit))
    report = yard.merge()
    assert landed(report) == {each.id for each in others}
    assert yard.causes() == {late.id: "held footprint"}
    assert {"earlier", "late"} & yard.files() == {"earlier"}
    assert yard.phase(earlier) is Phase.LANDED


def test_a_wrong_merge_base_in_company_alone_takes_nothing_back(
    groups: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone it merges well; coupled to others it would take back those before it."""
    yard = groups
    since = yard.tip()
    beads = three(yard)
    real = git_merge.merge_trees

    def wrong(repo: Any, ours: str, theirs: str, **more: Any) -> git_merge.Merged:
        if theirs == sub_of(beads[1]).commit and ours != yard.tip():
            return git_merge.Merged(yard.git("rev-parse", f"{theirs}^{{tree}}"), (), "")
        return real(repo, ours, theirs, **more)

    monkeypatch.setattr(train, "merge_trees", wrong)
    forged = forging(yard, "b", sub_of(beads[1]).commit, coupled=True)
    monkeypatch.setattr(train, "merged_apart", forged)
    report = yard.merge()
    assert landed(report) == {each.id for each in beads}
    invariants.check(yard, since, beads, lambda files: "bad" in files)
    assert {"a", "b", "c"} <= yard.files()


def test_who_is_withdrawn_from_a_train_doesnt_land_and_the_rest_does(groups: Scene, tmp_path: Path) -> None:
    yard, since = groups, groups.tip()
    beads = three(yard)

    def take_back() -> None:
        withdraw(yard.repo, yard.ledger, beads[1].id, hold=True, actor=ALICE, now=NOW)

    report = meanwhile(yard, tmp_path, take_back)
    assert landed(report) == {beads[0].id, beads[2].id}
    assert "b" not in yard.files()
    invariants.check(yard, since, beads, lambda files: "bad" in files)


def test_who_is_rewritten_in_a_train_lands_as_it_is_now_or_not_at_all(groups: Scene, tmp_path: Path) -> None:
    """The same Bead, another commit: what was proven of the old one says nothing of it."""
    yard, since = groups, groups.tip()
    beads = three(yard)
    other = yard.commit({"bad": ""})

    def rewrite() -> None:
        yard.git("update-ref", f"refs/gt/sub/{beads[1].id}/other", other)
        sub = replace(sub_of(beads[1]), commit=other)
        yard.change(beads[1], lambda bead: replace(bead, status=replace(bead.status, submission=sub)))

    report = meanwhile(yard, tmp_path, rewrite)
    assert landed(report) == {beads[0].id, beads[2].id}
    assert [(lost.bead, lost.result) for lost in report.rejected] == [(beads[1].id, Result.RED)]
    assert {"b", "bad"} & yard.files() == set()
    assert yard.git("log", "--format=%B", f"{since}..main").count(sub_of(beads[1]).commit) == 0


def test_needs_that_are_added_while_it_is_gated_are_waited_for(groups: Scene, tmp_path: Path) -> None:
    yard, since = groups, groups.tip()
    beads = three(yard)
    wanted = yard.submit({"wanted": ""}, hold=True)

    def need() -> None:
        yard.change(
            beads[1], lambda bead: replace(bead, spec=replace(bead.spec, needs=frozenset({wanted.id})))
        )

    report = meanwhile(yard, tmp_path, need)
    assert landed(report) == {beads[0].id, beads[2].id}
    assert yard.causes()[beads[1].id] == "waiting need"
    yard.change(wanted, lambda bead: replace(bead, spec=replace(bead.spec, hold=False)))
    assert landed(yard.merge()) == {wanted.id, beads[1].id}
    invariants.check(yard, since, [*beads, wanted], lambda files: "bad" in files)


def test_a_hold_that_is_put_on_while_it_is_gated_counts(groups: Scene, tmp_path: Path) -> None:
    yard = groups
    beads = three(yard)

    def hold() -> None:
        yard.change(beads[1], lambda bead: replace(bead, spec=replace(bead.spec, hold=True)))

    assert landed(meanwhile(yard, tmp_path, hold)) == {beads[0].id, beads[2].id}
    assert yard.causes() == {beads[1].id: "held hold"}


def test_who_adds_nothing_to_its_company_isnt_landed_with_it(groups: Scene) -> None:
    yard = groups
    since = yard.tip()
    beads = [yard.submit({"same": "x\n", f"f{n}": ""}) for n in range(2)]
    twin = yard.submit({}, commit=yard.commit({"same": "x\n"}, since, message="the same"), base=since)
    report = yard.merge()
    invariants.check(yard, since, [*beads, twin], lambda files: "bad" in files)
    assert {each.id for each in beads} <= landed(report)
    lost = {each.bead: each.result for each in report.rejected}
    assert (twin.id in landed(report)) != (lost.get(twin.id) is Result.NO_CHANGE)


@pytest.mark.parametrize("forged", [False, True])
def test_a_target_that_is_moved_to_a_members_commit_while_it_is_gated(
    groups: Scene, tmp_path: Path, forged: bool
) -> None:
    """Whoever puts an attempt's work on the target by hand, with whatever trailers, stops the queue: a person must look."""
    yard = groups
    yard.submit({"first": ""})
    yard.merge()
    beads = three(yard)
    sub = sub_of(beads[1])

    def push() -> None:
        text = f"x\n\nGt-Bead: {beads[1].id}\nGt-Token: {sub.token}\nGt-Commit: {sub.commit}\n"
        made = yard.commit({"b": ""}, yard.tip(), sub.commit, message=text) if forged else sub.commit
        yard.git("update-ref", "refs/heads/main", made)

    report = meanwhile(yard, tmp_path, push)
    assert (report.exit_code, landed(report)) == (20, set())
    assert f"a commit of {beads[1].id}" in (report.trouble or "")
    assert {yard.phase(each) for each in beads} == {Phase.SUBMITTED}
    yard.acknowledge()
    assert landed(yard.merge()) == {each.id for each in beads}


def test_forged_trailers_on_the_target_stop_no_train_and_land_nobody(groups: Scene, tmp_path: Path) -> None:
    yard = groups
    yard.submit({"first": ""})
    yard.merge()
    beads = three(yard)
    sub = sub_of(beads[1])
    text = f"x\n\nGt-Bead: {beads[1].id}\nGt-Token: {sub.token}\nGt-Commit: {sub.commit}\n"
    report = meanwhile(yard, tmp_path, lambda: yard.push({"theirs": ""}, message=text))
    assert landed(report) == {each.id for each in beads}
    where = {bead: at.commit for bead, _, at in report.landed}
    assert yard.bead(beads[1]).status.landed is not None
    assert yard.git("merge-base", "--is-ancestor", sub.commit, where[beads[1].id]) == ""
    assert {"a", "b", "c", "theirs"} <= yard.files()
