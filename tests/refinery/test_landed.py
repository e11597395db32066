"""Which submissions a target is found to have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.refinery.landed import derive
from gt.refinery.told import members
from tests.refinery.merging import TOKEN, Scene, scene, town


def test_a_landing_is_found_without_the_ledger(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    yard.merge()
    assert derive(yard.repo, [yard.bead(one)], ["main"]) == {}
    landed = derive(yard.repo, [one], ["main"])
    assert landed[one.id].commit == yard.tip()
    assert derive(yard.repo, [one], ["other"]) == {}


def test_a_landing_that_was_forced_away_is_none(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    old = yard.tip()
    yard.merge()
    yard.git("update-ref", "refs/heads/main", old)
    assert derive(yard.repo, [one], ["main"]) == {}


STRATEGIES = pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])


@STRATEGIES
def test_what_others_say_lands_nobody_though_gt_has_landed_on_it(yard: Scene, strategy: str) -> None:
    """Their commit, adopted, is below one of gt's: still it is theirs."""
    yard.submit({"first": ""})
    yard.merge()
    held = yard.submit({"held": ""}, hold=True, strategy=strategy)
    sub = held.status.submission
    assert sub is not None
    yard.push(
        {"theirs": ""}, message=f"x\n\nGt-Bead: {held.id}\nGt-Token: {sub.token}\nGt-Commit: {sub.commit}\n"
    )
    last = yard.submit({"last": ""})
    yard.merge()
    assert yard.phase(last) is Phase.LANDED
    assert derive(yard.repo, [held], ["main"]) == {}
    yard.change(held, lambda bead: replace(bead, spec=replace(bead.spec, hold=False)))
    yard.merge()
    assert yard.phase(held) is Phase.LANDED
    assert "held" in yard.files()


@STRATEGIES
@pytest.mark.parametrize("history", ["train", "linear"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_landing_below_another_is_found_by_what_it_brings(
    repo_path: Path, strategy: str, history: str, count: int
) -> None:
    yard = scene(repo_path, town(more=f"refinery: {{history: {history}}}\n"))
    files = [{f"file{number}": ""} for number in range(count)]
    before = [yard.submit(each, strategy=strategy) for each in files]
    yard.merge()
    yard.submit({"last": ""})
    yard.merge()
    landed = derive(yard.repo, before, ["main"])
    assert sorted(landed) == sorted(bead.id for bead in before)
    assert {each.commit for each in landed.values()} <= set(
        yard.git("rev-list", "--first-parent", "main").split()
    )


def test_a_missing_base_is_unknown(yard: Scene) -> None:
    one = yard.submit({"a": ""}, base=None)
    sub = one.status.submission
    assert sub is not None
    odd = replace(one, status=replace(one.status, submission=replace(sub, basecommit="12" * 20)))
    assert derive(yard.repo, [odd], ["main"]) == {}


def test_members_come_in_triples() -> None:
    text = "t\n\nGt-Bead: a\nGt-Token: 1\nGt-Commit: x\nGt-Bead: b\nGt-Commit: y\nGt-Bead: c\nGt-Token: 3\nGt-Commit: z"
    assert list(members(text)) == [("a", "1", "x"), ("c", "3", "z")]
    assert list(members("t\n\nbody\nGt-Bead: a\nGt-Token: 1\nGt-Commit: x")) == []


def test_derived_before_it_is_recorded(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    yard.merge()
    yard.change(one, lambda _: one)
    seen = yard.look()
    assert set(seen.landings) == {one.id}
    assert seen.queue.queued == ()
    assert yard.merge().exit_code == 0
    assert yard.bead(one).status.landed is not None
    assert one.status.submission is not None
    assert one.status.submission.token == TOKEN
