"""What others landed is told by what the target has, whoever made the commits, and whatever they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Offered, Submission
from gt.refinery import observed
from gt.refinery.brought import part_of
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene

BEFORE, HALF, DONE = "once\nupon\na\ntime\n", "once\nupon\na\nmidnight\n", "Once\nupon\na\nmidnight\n"


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    made = scene(repo_path)
    made.push({"story": BEFORE})
    return made


def offered(yard: Scene) -> tuple[Bead, Submission]:
    """A submission of two commits, which was offered; then the target goes on."""
    tip = yard.tip()
    bead = yard.submit({}, commit=yard.commit({"story": DONE}, yard.commit({"story": HALF})))
    sub = bead.status.submission
    assert sub is not None
    yard.push({"other": ""})
    return bead, replace(sub, offered=Offered(NOW, tip, NOW))


def by_merge(yard: Scene, sub: Submission) -> str:
    made = yard.commit({"story": DONE}, yard.tip(), sub.commit)
    yard.git("update-ref", "refs/heads/main", made)
    return made


def by_rebase(yard: Scene, sub: Submission) -> str:
    yard.push({"story": HALF})
    return yard.push({"story": DONE})


def by_squash(yard: Scene, sub: Submission) -> str:
    return yard.push({"story": DONE, "other": "more"})


@pytest.mark.parametrize("how", [by_merge, by_rebase, by_squash])
def test_it_has_landed_with_the_commit_that_brought_the_last_of_it(
    yard: Scene, how: Callable[[Scene, Submission], str]
) -> None:
    bead, sub = offered(yard)
    assert observed.find(yard.repo, bead.id, sub, yard.tip()) is None
    made = how(yard, sub)
    for later in (made, yard.push({"story": "another\n"})):
        found = observed.find(yard.repo, bead.id, sub, later)
        assert found is not None
        assert found.oid == made
    part = part_of(yard.repo, bead.id, sub, made)
    assert yard.git("diff", part.before, part.after, "--", "story") == yard.git(
        "diff", f"{sub.commit}~2", sub.commit, "--", "story"
    ), "what a revert takes back"


def test_a_name_is_no_proof_but_is_heard(yard: Scene) -> None:
    bead, sub = offered(yard)
    yard.push({"story": HALF}, message=f"see {bead.id}-old")
    assert observed.mentioned(yard.repo, bead.id, sub, yard.tip()) is None
    yard.push({"more": ""}, message=f"for {bead.id}")
    assert observed.mentioned(yard.repo, bead.id, sub, yard.tip()) is None
    named = yard.push({"story": f"{HALF}more\n"}, message=f"all of it ({bead.id})")
    assert observed.find(yard.repo, bead.id, sub, yard.tip()) is None
    said = observed.mentioned(yard.repo, bead.id, sub, yard.tip())
    assert said is not None
    assert said.oid == named


def test_what_was_never_offered_is_not_looked_for(yard: Scene) -> None:
    bead, sub = offered(yard)
    by_merge(yard, sub)
    assert observed.find(yard.repo, bead.id, replace(sub, offered=None), yard.tip()) is None
