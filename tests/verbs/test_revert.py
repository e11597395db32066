"""Taking a landing back: only its own part, once, gated like anything else."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase, Result
from gt.core.draft import Origin
from gt.core.plan import plan
from gt.core.reverts import LINK
from gt.core.town import Limits
from gt.core.why import why
from gt.drive.attempt_prompt import prime
from gt.drive.observe import observe
from gt.errors import Conflict, IllegalMove, Refused
from gt.verbs.accept import accept
from gt.verbs.approve import approve
from gt.verbs.reopen import reopen
from gt.verbs.revert import propose_revert, revert
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE

LATER = itertools.count(NOW + 2000)
"""Each landing comes after what it takes back."""
NUMBERS = itertools.count(1)


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def origin() -> Origin:
    number = next(NUMBERS)

    def digits(count: int) -> str:
        return f"z{number:0{count - 1}d}"

    return Origin(ALICE, next(LATER), digits, lambda: f"{number:032x}")


def reverted(yard: Scene, bead: Bead, **more: str) -> Bead:
    return revert(yard.repo, yard.ledger, bead.id, origin=origin(), **more)


def landed(yard: Scene, *beads: Bead) -> None:
    report = yard.merge(now=next(LATER))
    assert [name for name, _, _ in report.landed] == [bead.id for bead in beads], yard.said


def reason_of(yard: Scene, bead: Bead) -> str:
    with yard.ledger.read() as snapshot:
        also = snapshot.with_linked(bead.id, f"link:{LINK}")
    world = observe(yard.repo, yard.ledger, next(LATER), also=also)
    return why(world, plan(world), bead.id)[0].text


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
@pytest.mark.parametrize("history", ["train", "linear"])
def test_it_is_submitted_and_lands_like_any_other(repo_path: Path, strategy: str, history: str) -> None:
    settings = f"refinery: {{strategy: {strategy}, history: {history}}}\n"
    yard = scene(repo_path, town(more=settings))
    before = yard.git("rev-parse", "main^{tree}")
    one = yard.submit({"a": "a", "README.md": "changed"})
    sub = one.status.submission
    assert sub is not None
    wanted = replace(one.status, submission=replace(sub, strategy=strategy))
    yard.change(one, lambda bead: replace(bead, status=wanted))
    landed(yard, one)
    back = reverted(yard, one, reason="it is slow")
    assert (back.phase, back.spec.title, back.spec.links) == (
        Phase.SUBMITTED,
        'Revert "Task 1"',
        {"reverts": frozenset({one.id})},
    )
    said = yard.git(
        "log", "-1", "--format=%an%n%B", back.status.submission.commit if back.status.submission else ""
    )
    assert said.splitlines()[:2] == ["Alice", 'Revert "Task 1"']
    assert "it is slow" in said
    assert one.id in said
    landed(yard, back)
    assert yard.git("rev-parse", "main^{tree}") == before


def test_of_a_train_only_its_own_part(yard: Scene) -> None:
    beads = [yard.submit({name: name}) for name in "abc"]
    landed(yard, *beads)
    assert yard.git("rev-list", "--count", "--first-parent", "main").strip() == "3"
    back = reverted(yard, beads[1])
    landed(yard, back)
    assert yard.files() == {"README.md", ".gt/town.yaml", "a", "c"}


def test_once_and_the_revert_itself_can_be_reverted(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    landed(yard, one)
    back = reverted(yard, one)
    with pytest.raises(Refused, match="under way already"):
        reverted(yard, one)
    landed(yard, back)
    with pytest.raises(Refused, match=f"was reverted already, by {back.id}") as caught:
        reverted(yard, one)
    assert caught.value.hint == f"gt revert {back.id}"
    forth = reverted(yard, back)
    assert forth.spec.title == 'Reapply "Task 1"'
    landed(yard, forth)
    assert "a" in yard.files()
    # It is there again: so it can be taken back again.
    landed(yard, reverted(yard, one))
    assert "a" not in yard.files()


def test_what_was_taken_back_by_hand_leaves_nothing_to_revert(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    landed(yard, one)
    other = yard.submit({"a": None})
    landed(yard, other)
    with pytest.raises(Refused, match="has nothing left of what"):
        reverted(yard, one)


def test_what_landed_since_is_in_the_way(yard: Scene) -> None:
    one = yard.submit({"f": "1\n"})
    landed(yard, one)
    two = yard.submit({"f": "2\n"}, title="Improve f")
    landed(yard, two)
    before = yard.git("for-each-ref")
    with pytest.raises(Conflict) as caught:
        reverted(yard, one)
    assert "conflicts with main" in caught.value.message
    assert f"Improve f ({two.id})" in caught.value.message
    assert (caught.value.hint or "").startswith("gt create ")
    assert f"reverts:{one.id}" in (caught.value.hint or "")
    assert yard.git("for-each-ref") == before


def test_only_what_has_landed_and_is_still_there(yard: Scene) -> None:
    old = yard.tip()
    one = yard.submit({"a": "a"})
    with pytest.raises(IllegalMove, match="only what has landed") as caught:
        reverted(yard, one)
    assert caught.value.hint == f"gt withdraw {one.id}"
    landed(yard, one)
    yard.git("update-ref", "refs/heads/main", old)
    with pytest.raises(Refused, match="no longer on main"):
        reverted(yard, one)


def test_a_landing_that_nobody_has_recorded_can_be_reverted(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    unrecorded = yard.bead(one)
    landed(yard, one)
    yard.change(one, lambda _: unrecorded)
    landed_again = reverted(yard, one)
    assert landed_again.phase is Phase.SUBMITTED


def test_a_proposal_is_inert_until_it_is_accepted(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    landed(yard, one)
    offer = propose_revert(yard.repo, yard.ledger, one.id, reason="red", origin=origin())
    assert offer.phase is Phase.PROPOSED
    assert propose_revert(yard.repo, yard.ledger, one.id, reason="red", origin=origin()).id == offer.id
    assert yard.merge(now=next(LATER)).landed == []
    assert offer.status.submission is not None
    yard.git("gc", "-q", "--prune=now")
    (done,) = accept(yard.ledger, [offer.id], actor=ALICE, now=next(LATER))
    assert (done.bead.phase, [a.result for a in done.bead.status.attempts]) == (
        Phase.SUBMITTED,
        [Result.SUBMITTED],
    )
    landed(yard, offer)
    assert "a" not in yard.files()


def test_a_red_revert_goes_back(repo_path: Path) -> None:
    yard = scene(repo_path, town('{name: test, run: "test -e a || test ! -e needs-a"}'))
    one = yard.submit({"a": "a"})
    landed(yard, one)
    two = yard.submit({"needs-a": ""})
    landed(yard, two)
    back = reverted(yard, one)
    report = yard.merge(now=next(LATER))
    assert [each.bead for each in report.rejected] == [back.id]


def test_a_revert_of_protected_files_waits_for_approval(yard: Scene) -> None:
    one = yard.submit({".github/x": "x", "a": "a"})
    approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW + 1500)
    landed(yard, one)
    back = reverted(yard, one)
    assert yard.causes() == {back.id: "held approval"}


def test_what_became_of_it_is_said(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    landed(yard, one)
    assert "revert" not in reason_of(yard, one)
    back = reverted(yard, one, reason="it is slow")
    assert f"{back.id}, which reverts it, is submitted" in reason_of(yard, one)
    landed(yard, back)
    assert f"reverted by {back.id}" in reason_of(yard, one)
    assert yard.phase(one) is Phase.LANDED


def test_reopened_it_begins_from_the_target_and_is_told(yard: Scene) -> None:
    one = yard.submit({"a": "a"})
    landed(yard, one)
    landed(yard, reverted(yard, one, reason="it is slow"))
    reopen(yard.ledger, [one.id], {one.id: Limits()}, actor=ALICE, now=next(LATER))
    with yard.ledger.read() as snapshot:
        told = prime(yard.repo, snapshot, snapshot.get(one.id), next(LATER))
    assert "was taken back" in told
    assert "it is slow" in told
    # The same files again are a change again: the old commits, being on the target already, would be none.
    again = yard.submit({"a": "a"})
    landed(yard, again)
    assert "a" in yard.files()
