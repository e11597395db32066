"""Landing without proof: a person's deed, told in the commit, after which the target is gated before anything else."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.core.state import Paused, TownState
from gt.drive.bypassing import Bypass
from gt.drive.merge import MergeReport, run
from gt.errors import Conflict, GtError, Refused
from gt.git.merge import trailers
from gt.refinery.verify import Proof, verify
from gt.refinery.yard import Yard
from tests.conftest import NOW
from tests.refinery.merging import Files, Scene, scene, town
from tests.store.scenes import ALICE


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def bypassed(yard: Scene, bead: str, reason: str = "the site is down") -> MergeReport:
    return run(
        yard.repo, yard.ledger, actor=ALICE, clock=lambda: NOW + 1000, environ=dict(os.environ),
        say=yard.said.append, bypass=Bypass(bead, reason),
    )  # fmt: skip


def verdicts(yard: Scene) -> list[Proof]:
    place = Yard(yard.repo, ALICE, lambda: NOW + 1000, dict(os.environ))
    return [proof for each in verify(place, "main") for _, proof in each.proofs]


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
@pytest.mark.parametrize("history", ["train", "linear"])
def test_it_lands_without_a_run_and_says_who_and_why(repo_path: Path, strategy: str, history: str) -> None:
    yard = scene(repo_path, town(more=f"refinery: {{history: {history}}}\n"))
    one, other = yard.submit({"bad": "", "a": "a"}), yard.submit({"b": ""})
    sub = one.status.submission
    assert sub is not None
    wanted = replace(one.status, submission=replace(sub, strategy=strategy))
    yard.change(one, lambda bead: replace(bead, status=wanted))
    report = bypassed(yard, one.id, "the site\nis down")
    assert ([name for name, _, _ in report.landed], report.runs) == ([one.id], [])
    assert (yard.phase(one), yard.phase(other)) == (Phase.LANDED, Phase.SUBMITTED)
    said = dict(trailers(yard.git("log", "-1", "--format=%B", "main")))
    assert (said["Gt-Bypass"], said["Gt-Bead"]) == (f"{ALICE}: the site is down", one.id)
    assert "Gt-Gate" not in said
    assert verdicts(yard)[0] is Proof.BYPASSED


def test_the_next_merge_gates_the_target_first(yard: Scene) -> None:
    one, other = yard.submit({"a": ""}), yard.submit({"b": ""})
    bypassed(yard, one.id)
    tip = yard.tip()
    report = yard.merge()
    first = report.runs[0]
    assert (first.base, first.members) == (tip, ())
    assert [name for name, _, _ in report.landed] == [other.id]
    assert {*verdicts(yard)} <= {Proof.KEPT, Proof.RECORDED}


def test_nobody_is_blamed_for_what_was_bypassed_and_what_mends_it_lands(yard: Scene) -> None:
    bad, innocent, mending = yard.submit({"bad": ""}), yard.submit({"b": ""}), None
    bypassed(yard, bad.id)
    report = yard.merge()
    assert (report.landed, report.rejected) == ([], [])
    assert "red" in (report.trouble or "")
    mending = yard.submit({"bad": None})
    landed = [name for name, _, _ in yard.merge().landed]
    assert landed[0] == mending.id
    assert set(landed) == {mending.id, innocent.id}


def refusal(yard: Scene, bead: str) -> GtError:
    before = yard.git("for-each-ref", "refs/heads")
    with pytest.raises((Refused, Conflict)) as caught:
        bypassed(yard, bead)
    assert yard.git("for-each-ref", "refs/heads") == before
    return caught.value


@pytest.mark.parametrize(
    ("files", "why"),
    [({".gt/x": "x"}, "approv"), ({"README.md": "theirs\n"}, "conflicts with main"), ({}, "changes nothing")],
)
def test_all_but_the_gates_counts(yard: Scene, files: Files, why: str) -> None:
    base = yard.tip()
    yard.push({"README.md": "ours\n"})
    bead = yard.submit(files, base=base) if files else yard.submit({}, commit=yard.commit({}, base))
    assert why in refusal(yard, bead.id).message


def test_nor_what_is_held_needs_another_or_is_not_there(yard: Scene) -> None:
    first = yard.submit({"a": ""})
    second = yard.submit({"b": ""}, needs=frozenset({first.id}))
    assert f"needs {first.id}" in refusal(yard, second.id).message
    assert "has nothing submitted" in refusal(yard, "gt-zzzzzzzz").message
    yard.state(TownState(paused=Paused(ALICE, "lunch")))
    assert "paused" in refusal(yard, first.id).message


def test_nor_a_target_that_others_have_rewound(yard: Scene) -> None:
    old = yard.tip()
    landed = yard.submit({"a": ""})
    yard.merge()
    assert yard.phase(landed) is Phase.LANDED
    yard.git("update-ref", "refs/heads/main", old)
    bead = yard.submit({"b": ""})
    assert "no longer on it" in refusal(yard, bead.id).message
