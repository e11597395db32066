"""A landing is reverted once, and what was reverted comes back only as something new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core import moves
from gt.core.bead import CloseReason, Phase, Result
from gt.core.soundness import contradictions
from gt.core.town import Limits
from gt.drive.attempt_prompt import prime, prompt_for
from gt.drive.attempt_start import Start, start_of
from gt.errors import IllegalMove, NotFound, Refused
from gt.verbs.accept import accept
from gt.verbs.close import close
from gt.verbs.offer import offer, offered_by
from gt.verbs.reopen import reopen
from gt.verbs.revert import propose_revert, revert
from tests.core.small import lease
from tests.refinery.merging import Scene, scene
from tests.store.scenes import ALICE
from tests.verbs.reverting import LATER, landed, origin, reverted


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def test_what_cannot_be_reverted_changes_nothing(yard: Scene) -> None:
    waiting = yard.submit({"a": ""}, hold=True)
    one = yard.submit({"b": ""})
    landed(yard, one)
    old, found = yard.tip(), yard.bead(one)
    assert found.status.landed is not None

    def refused(bead: str, kind: type[Refused], why: str, hint: str) -> None:
        before = yard.git("for-each-ref")
        with pytest.raises(kind, match=why) as caught:
            revert(yard.repo, yard.ledger, bead, origin=origin())
        assert caught.value.hint == hint
        assert yard.git("for-each-ref") == before

    refused(waiting.id, IllegalMove, "is submitted: only what has landed", f"gt withdraw {waiting.id}")
    refused("gt-nosuch00", NotFound, "no such Bead", "gt list --all")
    yard.push({"b": None})
    tip = yard.tip()
    refused(
        one.id,
        Refused,
        "main has nothing left of what",
        f"git log --first-parent {found.status.landed.commit[:12]}..main",
    )
    yard.git("update-ref", "refs/heads/main", f"{old}^")
    refused(one.id, Refused, "is no longer on main", f"gt reopen {one.id}")
    yard.git("update-ref", "refs/heads/main", tip)
    gone = replace(found.status.landed, commit="1234567890" * 4)
    yard.change(one, lambda bead: replace(bead, status=replace(bead.status, landed=gone)))
    refused(one.id, Refused, "main doesn't have in this clone yet", "git fetch")


def test_a_landing_is_reverted_once(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    landed(yard, one)
    made = revert(yard.repo, yard.ledger, one.id, origin=origin())
    with pytest.raises(Refused, match="under way already") as caught:
        revert(yard.repo, yard.ledger, one.id, origin=origin())
    assert caught.value.hint == f"gt why {made.id}"
    landed(yard, made, now=LATER + 10)
    with pytest.raises(Refused, match=f"reverted already, by {made.id}") as caught:
        revert(yard.repo, yard.ledger, one.id, origin=origin(LATER + 20))
    assert caught.value.hint == f"gt revert {made.id}"
    back = reverted(yard, made, now=LATER + 30)
    assert "a" in yard.files()
    again = reverted(yard, one, now=LATER + 60)
    assert "a" not in yard.files()
    assert back.phase is again.phase is Phase.LANDED


def test_the_same_inverse_twice_is_no_change(yard: Scene) -> None:
    """Two clones that didn't know of one another: the second lands nothing."""
    one = yard.submit({"a": ""})
    landed(yard, one)
    made = revert(yard.repo, yard.ledger, one.id, origin=origin())
    sub = made.status.submission
    assert sub is not None
    twin = yard.submit({}, commit=sub.commit, base=sub.basecommit)
    other = yard.commit({"a": None}, sub.basecommit, message="another")
    yard.change(
        twin,
        lambda b: replace(b, status=replace(b.status, submission=replace(sub, token="1-aaaa", commit=other))),
    )
    report = yard.merge(now=LATER + 10)
    assert len(report.landed) == 1
    assert [lost.result for lost in report.rejected] == [Result.NO_CHANGE]


def test_a_proposal_waits_for_a_person_and_is_made_once(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    landed(yard, one)
    made = propose_revert(yard.repo, yard.ledger, one.id, reason="the target is red", origin=origin())
    sub = made.status.submission
    assert sub is not None
    assert (made.phase, made.status.attempts) == (Phase.PROPOSED, ())
    assert yard.git("rev-parse", f"refs/gt/sub/{made.id}/{sub.token}") == sub.commit
    tip = yard.tip("refs/heads/beads")
    assert propose_revert(yard.repo, yard.ledger, one.id, reason="again", origin=origin()) == yard.bead(made)
    assert yard.tip("refs/heads/beads") == tip
    with pytest.raises(Refused, match="is proposed already") as caught:
        revert(yard.repo, yard.ledger, one.id, origin=origin())
    assert caught.value.hint == f"gt accept {made.id}"
    assert yard.merge(now=LATER + 10).landed == []
    yard.push({"later": ""})
    (done,) = accept(yard.ledger, [made.id], actor="Bob <bob@example.com>", now=LATER + 20)
    offered = done.bead.status.submission
    assert offered is not None
    assert (done.bead.phase, offered.by, offered.at) == (Phase.SUBMITTED, "Bob <bob@example.com>", LATER + 20)
    assert (offered.commit, offered.token) == (sub.commit, sub.token)
    (again,) = accept(yard.ledger, [made.id], actor=ALICE, now=LATER + 30)
    assert not again.changed
    landed(yard, made, now=LATER + 40)
    assert yard.files() == {"README.md", ".gt/town.yaml", "later"}


def test_a_declined_proposal_can_be_made_again(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    landed(yard, one)
    made = propose_revert(yard.repo, yard.ledger, one.id, reason="", origin=origin())
    sub = made.status.submission
    assert sub is not None
    close(yard.ledger, [made.id], CloseReason.WONTFIX, "", actor=ALICE, now=LATER)
    ended = yard.bead(made)
    assert (ended.phase, ended.status.submission) == (Phase.CLOSED, None)
    assert tuple(contradictions(ended)) == ()
    assert yard.git("rev-parse", f"refs/gt/sub/{made.id}/{sub.token}") == sub.commit
    other = propose_revert(yard.repo, yard.ledger, one.id, reason="", origin=origin())
    assert other.id != made.id


def test_reopened_it_begins_without_the_change_and_is_told_why(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    landed(yard, one)
    made = revert(yard.repo, yard.ledger, one.id, reason="it burns", origin=origin())
    landed(yard, made, now=LATER + 10)
    reopen(yard.ledger, [one.id], {one.id: Limits()}, actor=ALICE, now=LATER + 20)
    again = yard.bead(one)
    assert (again.phase, again.next_ordinal) == (Phase.OPEN, 2)
    start = start_of(yard.repo, again, lease("2-aaaa", basecommit=yard.tip()), LATER + 30)
    assert start == Start(yard.tip())
    with yard.ledger.read() as snapshot:
        prompts = [
            prompt_for(yard.repo, snapshot, again, start),
            prime(yard.repo, snapshot, again, LATER + 30),
        ]
    for prompt in prompts:
        assert "merging them brings nothing" in prompt
        assert made.spec.title in prompt
        assert "it burns" in prompt
        assert "is NOT in your worktree" not in prompt


def test_the_old_commits_submitted_again_bring_nothing(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    sub = one.status.submission
    assert sub is not None
    landed(yard, one)
    reverted(yard, one)
    reopen(yard.ledger, [one.id], {one.id: Limits()}, actor=ALICE, now=LATER + 20)
    yard.push({"more": ""})
    yard.git("update-ref", "refs/heads/old", sub.commit)
    with pytest.raises(Refused, match="revert of the revert"):
        offer(yard.repo, yard.ledger, offered_by(yard.repo, "old", None), one.id, None, origin())
    resubmitted = replace(sub, token="2-aaaa", basecommit=yard.tip(), at=LATER + 30)
    tried = replace(yard.bead(one).status.attempts[0], token="2-aaaa")
    yard.change(one, lambda bead: moves.offer(bead, resubmitted, tried))
    yard.acknowledge()
    assert [lost.result for lost in yard.merge(now=LATER + 40).rejected] == [Result.NO_CHANGE]


def test_what_lands_again_later_is_not_reverted(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    landed(yard, one)
    reverted(yard, one)
    reopen(yard.ledger, [one.id], {one.id: Limits()}, actor=ALICE, now=LATER + 20)
    yard.git("update-ref", "refs/heads/anew", yard.commit({"a": "better\n"}))
    offer(yard.repo, yard.ledger, offered_by(yard.repo, "anew", None), one.id, None, origin(LATER + 30))
    landed(yard, one, now=LATER + 40)
    assert "a" in yard.files()
    reverted(yard, one, now=LATER + 50)
    assert "a" not in yard.files()


def test_a_commit_is_signed_where_the_users_git_signs(yard: Scene, tmp_path: Path) -> None:
    one = yard.submit({"a": ""})
    landed(yard, one)
    signer = tmp_path / "signer"
    signer.write_text("#!/bin/sh\nexit 1\n")
    signer.chmod(0o755)
    yard.git("config", "commit.gpgSign", "true")
    yard.git("config", "gpg.program", str(signer))
    before = yard.git("for-each-ref")
    with pytest.raises(Refused, match="can't be committed"):
        revert(yard.repo, yard.ledger, one.id, origin=origin())
    assert yard.git("for-each-ref") == before
