"""A person's own branch, offered for landing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase, Result
from gt.core.draft import Origin
from gt.errors import IllegalMove, NotFound, Refused
from gt.verbs.offer import offer, offered_by
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene
from tests.store.scenes import ALICE, bead, write

ORIGIN = Origin(ALICE, NOW, lambda count: "k9f2zzzz"[:count], lambda: "0" * 32)


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def branch(yard: Scene, files: dict[str, str | None], name: str = "fix", message: str = "Fix it") -> str:
    made = yard.commit(files, message=message)
    yard.git("update-ref", f"refs/heads/{name}", made)
    return made


def submit(yard: Scene, which: str | None = None, title: str | None = None, name: str = "fix") -> Bead:
    return offer(yard.repo, yard.ledger, offered_by(yard.repo, name, None), which, title, ORIGIN)


def test_a_bead_is_made_for_it_and_lands(yard: Scene) -> None:
    commit = branch(yard, {"a": "1"})
    made = submit(yard)
    assert (made.phase, made.spec.title, made.spec.base) == (Phase.SUBMITTED, "Fix it", "main")
    assert made.status.submission is not None
    assert (made.status.submission.commit, made.status.submission.branch) == (commit, "fix")
    assert yard.git("rev-parse", f"refs/gt/sub/{made.id}/1-k9f2") == commit
    assert len(yard.merge().landed) == 1
    assert "a" in yard.files()
    assert yard.git("rev-parse", "fix") == commit


def test_an_open_bead_can_be_named(yard: Scene) -> None:
    old = bead(7)
    write(yard.ledger, old).close()
    branch(yard, {"a": "1"})
    made = submit(yard, old.id)
    assert (made.id, made.phase, made.attempt("1-k9f2") is not None) == (old.id, Phase.SUBMITTED, True)
    with pytest.raises(IllegalMove, match="is submitted: can't offer"):
        submit(yard, old.id)


def test_again_after_it_was_red(yard: Scene) -> None:
    branch(yard, {"bad": ""})
    made = submit(yard)
    assert yard.merge().rejected[0].result is Result.RED
    with pytest.raises(Refused, match="same files as attempt 1-k9f2"):
        submit(yard, made.id)
    branch(yard, {"good": ""})
    again = submit(yard, made.id)
    assert again.status.submission is not None
    assert again.status.submission.token == "2-k9f2"
    assert len(yard.merge().landed) == 1


def test_later_commits_do_not_count(yard: Scene) -> None:
    branch(yard, {"a": "1"})
    submit(yard)
    branch(yard, {"a": "1", "late": ""})
    yard.merge()
    assert "late" not in yard.files()


def test_what_is_no_offer_changes_nothing(yard: Scene) -> None:
    tip = yard.tip("refs/heads/beads")
    yard.git("update-ref", "refs/heads/same", yard.tip())
    yard.git("update-ref", "refs/heads/alone", yard.git("commit-tree", "main^{tree}", "-m", "alone"))
    for name, kind, why in (
        ("same", Refused, "has the same files as main"),
        ("alone", Refused, "no commit in common"),
        ("main", Refused, "is a target"),
        ("gone", NotFound, "no such branch: gone"),
        ("a..b", NotFound, "no such branch"),
    ):
        with pytest.raises(kind, match=why):
            submit(yard, name=name)
    with pytest.raises(NotFound, match="no such target: dev"):
        offered_by(yard.repo, "same", "dev")
    assert yard.tip("refs/heads/beads") == tip
    assert yard.git("for-each-ref", "refs/gt/sub") == ""


def test_a_branch_that_waits_for_another_bead_is_not_submitted_twice(yard: Scene) -> None:
    """Typed twice, it would be two Beads, of which one could only change nothing."""
    old = bead(7)
    write(yard.ledger, old).close()
    branch(yard, {"a": "1"})
    first = submit(yard)
    other = replace(ORIGIN, digits=lambda count: "aaaaaaaa"[:count])
    for which in (None, old.id):
        with pytest.raises(Refused, match=f"fix is submitted already, for {first.id}"):
            offer(yard.repo, yard.ledger, offered_by(yard.repo, "fix", None), which, None, other)
    assert [line.split("/")[3] for line in yard.git("for-each-ref", "refs/gt/sub").splitlines()] == [first.id]
    branch(yard, {"a": "2"})
    assert submit(yard, old.id).phase is Phase.SUBMITTED, "it is another commit now"
