"""What a revert takes back of a landing: only what its Bead brought, however it landed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.errors import Conflict
from gt.verbs.revert import revert
from tests.refinery.merging import Scene, scene, town
from tests.verbs.reverting import LATER, landed, origin, reverted, submit


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
@pytest.mark.parametrize("history", ["train", "linear"])
def test_of_a_train_only_one_is_taken_back(repo_path: Path, strategy: str, history: str) -> None:
    yard = scene(repo_path, town(more=f"refinery: {{history: {history}}}\n"))
    names = ("a", "b", "c")
    before = yard.files()
    if strategy == "rebase" and history == "linear":
        beads = [yard.submit({f"{name}/1": ""}, strategy=strategy) for name in names]
    else:
        beads = [submit(yard, strategy, name) for name in names]
    landed(yard, *beads)
    all_of_it = yard.files()
    for bead, name in zip(beads, names, strict=True):
        made = reverted(yard, bead)
        assert yard.files() == {path for path in all_of_it if not path.startswith(f"{name}/")}
        assert yard.phase(bead) is Phase.LANDED
        back = reverted(yard, made, now=LATER + 100)
        assert back.spec.title.startswith('Reapply "')
        assert yard.files() == all_of_it
    assert before < all_of_it


def test_a_later_change_in_the_same_train_can_be_in_the_way(yard: Scene) -> None:
    one = yard.submit({"file": "1\n"}, title="First")
    sub = one.status.submission
    assert sub is not None
    stacked = yard.commit({"file": "2\n"}, sub.commit)
    two = yard.submit({}, commit=stacked, title="Second")
    landed(yard, one, two)
    assert yard.bead(one).status.landed == yard.bead(two).status.landed
    with pytest.raises(Conflict) as caught:
        revert(yard.repo, yard.ledger, one.id, origin=origin())
    assert f"Second ({two.id})" in caught.value.message
    made = reverted(yard, two)
    assert yard.git("show", "main:file") == "1"
    assert made.phase is Phase.LANDED


def test_a_merge_by_others_is_taken_back_as_it_was_submitted(yard: Scene) -> None:
    since = yard.tip()
    one = yard.submit({"one": ""}, base=since)
    sub = one.status.submission
    assert sub is not None
    aside = yard.commit({"two": ""}, since)
    both = yard.commit({"one": "", "two": ""}, since, aside, sub.commit, message="by hand")
    yard.git("update-ref", "refs/heads/main", both)
    yard.acknowledge()
    made = revert(yard.repo, yard.ledger, one.id, origin=origin())
    landed(yard, made, now=LATER + 10)
    assert "two" in yard.files()
    assert "one" not in yard.files()


def test_a_fast_forward_by_others_is_taken_back(yard: Scene) -> None:
    since = yard.tip()
    first = yard.commit({"a": ""}, since)
    last = yard.commit({"b": ""}, first)
    one = yard.submit({}, commit=last, base=since)
    yard.git("update-ref", "refs/heads/main", last)
    yard.acknowledge()
    before = yard.files(since)
    landed(yard, revert(yard.repo, yard.ledger, one.id, origin=origin()), now=LATER + 10)
    assert yard.files() == before


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
def test_what_landed_alone_is_taken_back(yard: Scene, strategy: str) -> None:
    before = yard.files()
    one = submit(yard, strategy, "one")
    landed(yard, one)
    yard.push({"later": "kept\n"})
    old = yard.tip()
    made = revert(yard.repo, yard.ledger, one.id, reason="it burns", origin=origin())
    sub = made.status.submission
    assert sub is not None
    assert (made.phase, made.spec.type, made.spec.title) == (Phase.SUBMITTED, "bug", 'Revert "Add one"')
    assert (dict(made.spec.links), made.spec.base) == ({"reverts": frozenset({one.id})}, "main")
    assert yard.git("rev-parse", f"refs/gt/sub/{made.id}/{sub.token}", f"{sub.commit}^").split() == [
        sub.commit,
        old,
    ]
    said = yard.git("log", "-1", "--format=%an%n%B", sub.commit)
    assert said.startswith('Alice\nRevert "Add one"\n\nit burns\n')
    found = yard.bead(one).status.landed
    assert found is not None
    assert f"{one.id} brought to main: it landed as {found.commit}" in said
    assert yard.tip() == old
    landed(yard, made, now=LATER + 10)
    assert yard.files() == before | {"later"}
