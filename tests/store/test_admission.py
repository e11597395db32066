"""A ledger goes from one commit to another by legal moves only; whatever gts make of it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Landed, Phase
from gt.core.page import Acknowledged, Page, page_id
from gt.git.repo import discover
from gt.store import codec
from gt.store.admission import Judged, judge
from gt.store.ledger import Changes, Ledger
from tests.conftest import NOW, run_git
from tests.core.small import OID
from tests.store.machines import Shared, shared
from tests.store.scenes import bead, bead_id, commit_files, message, new_ledger

LATE = NOW + 10**6
PATH = f"beads/0/0/{bead_id(0)}.yaml"


@pytest.fixture
def ledger(repo_path: Path) -> Ledger:
    return new_ledger(repo_path, bead(0), bead(1))


def judged(path: Path, old: str | None, new: str | None = "beads") -> Judged:
    repo = discover(path)
    before, after = (name and run_git(path, "rev-parse", name) for name in (old, new))
    return judge(repo, before, after, LATE)


def said(path: Path, old: str | None, new: str | None = "beads") -> str:
    return "\n".join(each.what for each in judged(path, old, new).objections)


def test_what_is_forged_by_hand_is_told_by_the_commit_that_forged_it(repo_path: Path, ledger: Ledger) -> None:
    before = ledger.tip()
    landed = replace(
        bead(0), status=replace(bead(0).status, phase=Phase.LANDED, landed=Landed(OID, OID, NOW))
    )
    forged = commit_files(repo_path, {PATH: codec.encode(landed)})
    commit_files(repo_path, {"notes.txt": "fine\n"})
    found = judged(repo_path, before)
    assert [(each.commit, each.what) for each in found.objections] == [
        (forged, f"{bead_id(0)} went from open to landed, and no legal moves lead there")
    ]
    assert [each.bead.id for each in found.landings] == [bead_id(0)]
    # To have gone back again is no excuse: each commit of the line is judged.
    commit_files(repo_path, {PATH: codec.encode(bead(0))})
    assert "went from open to landed" in said(repo_path, before)


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        (PATH, "kind: [\n", PATH),
        (PATH, codec.encode(replace(bead(0), uid="another")), "is gone, or another Bead has its place"),
        ("beads/x.yaml", "x\n", "is not where anything of a ledger belongs"),
        ("gt.yaml", "apiVersion: gt/v1\nkind: Ledger\nlineage: other\nprefix: gt\n", "of another town"),
        ("state.yaml", "x: [\n", "state.yaml"),
        ("pages/p-000000000000.yaml", "x\n", "pages/"),
    ],
)
def test_a_file_that_may_not_be_is_told(
    repo_path: Path, ledger: Ledger, path: str, text: str | bytes, why: str
) -> None:
    before = ledger.tip()
    commit_files(repo_path, {path: text})
    assert why in said(repo_path, before)


def test_a_page_is_not_unsaid(repo_path: Path, ledger: Ledger) -> None:
    made = Page(page_id("town", "x", ""), "town", "x", "", "it", NOW, 1, NOW, NOW, Acknowledged("alice", NOW))
    with ledger.hold() as held:
        ledger.update(held, message(), lambda _: Changes({}, {made.id: made})).close()
    before = ledger.tip()
    for change in ({"acknowledged": None}, {"sent": None}):
        forged = replace(made, **change)  # type: ignore[arg-type]
        commit_files(repo_path, {f"pages/{made.id}.yaml": codec.encode_page(forged)})
        assert "any more" in said(repo_path, before)
        run_git(repo_path, "update-ref", "refs/heads/beads", before)


def test_nothing_is_taken_away(repo_path: Path, ledger: Ledger) -> None:
    whole = ledger.tip()
    assert "would lose what is there" in said(repo_path, whole, "beads~1")
    assert "would be gone" in said(repo_path, whole, None)
    empty = run_git(repo_path, "commit-tree", run_git(repo_path, "write-tree"), "-p", "beads", "-m", "x")
    assert "nothing is ever taken out of a ledger" in said(repo_path, whole, empty)


def test_a_ledger_that_comes_in_whole_is_looked_at_as_it_is(repo_path: Path, ledger: Ledger) -> None:
    assert said(repo_path, None) == ""
    assert "not a gt ledger" in said(repo_path, None, "main")
    commit_files(repo_path, {PATH: "kind: [\n"})
    assert PATH in said(repo_path, None)


@pytest.fixture
def town(repo_path: Path) -> Shared:
    return shared(repo_path, bead(0), bead(1))


def test_what_two_machines_bring_together_is_legal_and_a_merge_that_drops_what_is_there_is_not(
    town: Shared,
) -> None:
    mine, other = town.first, town.clone("b")
    mine.claim(0)
    mine.sync()
    there = town.tip()
    other.claim(0)
    other.retitle(1, "better")
    theirs = other.tip()
    other.sync()
    assert judge(discover(town.hub), there, town.tip(), LATE).objections == ()
    # The same two commits, brought together by somebody who prefers his own claim.
    tree = run_git(other.path, "rev-parse", f"{theirs}^{{tree}}")
    evil = run_git(other.path, "commit-tree", tree, "-p", there, "-p", theirs, "-m", "merge")
    assert said(other.path, there, evil) == (
        f"{bead_id(0)} went from leased to leased, and no legal moves lead there"
    )
    # The other way round what is there is no longer the line: it is judged as one step, and told all the same.
    turned = run_git(other.path, "commit-tree", tree, "-p", theirs, "-p", there, "-m", "merge")
    assert "no legal moves lead there" in said(other.path, there, turned)
