"""Many processes at once, in the same ledger: nothing acknowledged is lost, nobody is refused but by a precondition."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gt.core.bead import CloseReason, Note, Phase, Spec
from gt.core.draft import Draft, Origin, Rules
from gt.core.town import AgentSpec, Limits, Town
from gt.core.world import Target
from gt.git import refs
from gt.git.repo import discover
from gt.store.claimable import Homes, NothingClaimable
from gt.store.ledger import Ledger
from gt.verbs.claim import Holder, claim
from gt.verbs.close import close
from gt.verbs.create import create
from gt.verbs.dep import add
from gt.verbs.edit import edit
from gt.verbs.note import note
from tests.conftest import NOW, run_git
from tests.git.gitscenes import together
from tests.store.scenes import ALICE, bead, bead_id, new_ledger

ONE = bead_id(1)
EACH = 15


@pytest.fixture
def ledger(repo_path: Path) -> Ledger:
    return new_ledger(repo_path, bead(1))


def raced(ledger: Ledger, count: int, tmp_path: Path, deed: Callable[[Ledger, int], Any]) -> list[Any]:
    """Do the deed in so many processes at once, each with a ledger of its own; their answers, as JSON has them."""

    def run(number: int) -> None:
        made = deed(Ledger(discover(ledger.repo.git_dir)), number)
        (tmp_path / f"answer.{number}").write_text(json.dumps(made))

    together(count, run)
    return [json.loads((tmp_path / f"answer.{number}").read_text()) for number in range(count)]


def created(ledger: Ledger, title: str, name: str) -> str:
    origin = Origin(ALICE, NOW, lambda count: name[:count], lambda: name.zfill(32))
    return create(ledger, [Draft(Spec(title))], origin, Rules())[0].id


def test_of_many_mixed_writes_none_is_lost(ledger: Ledger, tmp_path: Path) -> None:
    def writes(ledger: Ledger, worker: int) -> None:
        mine = [created(ledger, f"{worker}", f"9{worker:03}{turn:04}") for turn in range(EACH // 5)]
        for turn, name in enumerate(mine):
            mark = f"{worker}-{turn}"
            note(ledger, ONE, Note(mark, NOW, ALICE, "x"))
            edit(ledger, ONE, lambda spec, mark=mark: labelled(spec, mark), Rules(), actor=ALICE, now=NOW)  # type: ignore[misc]
            add(ledger, ONE, [name], actor=ALICE, now=NOW)
            close(ledger, [name], CloseReason.DONE, "", actor=ALICE, now=NOW)

    before = int(run_git(ledger.repo.git_dir, "rev-list", "--count", "beads"))
    raced(ledger, 16, tmp_path, writes)
    marks = {f"{worker}-{turn}" for worker in range(16) for turn in range(EACH // 5)}
    with ledger.read() as snapshot:
        one, closed = snapshot.get(ONE), snapshot.in_phase(Phase.CLOSED)
    assert {each.id for each in one.notes} == one.spec.labels == marks
    assert len(closed) == 16 * EACH // 5
    assert one.spec.needs == {each.id for each in closed}
    assert int(run_git(ledger.repo.git_dir, "rev-list", "--count", "beads")) == before + 16 * EACH
    assert run_git(ledger.repo.git_dir, "fsck", "--strict") == ""


def labelled(spec: Spec, label: str) -> Spec:
    return replace(spec, labels=spec.labels | {label})


def test_sixteen_notes_at_once_are_sixteen_notes(ledger: Ledger, tmp_path: Path) -> None:
    raced(
        ledger, 16, tmp_path,
        lambda ledger, number: note(ledger, ONE, Note(f"{number}", NOW, ALICE, f"remark {number}")).changed,
    )  # fmt: skip
    with ledger.read() as snapshot:
        said = [each.text for each in snapshot.get(ONE).notes]
    assert sorted(said) == sorted(f"remark {number}" for number in range(16))


def test_edits_of_different_fields_are_all_kept(ledger: Ledger, tmp_path: Path) -> None:
    wanted: list[dict[str, Any]] = [
        {"title": "another"},
        {"priority": 0},
        {"body": "text\n"},
        {"acceptance": "it works\n"},
        {"attempts": 7},
        {"deadline": 90},
        {"hold": True},
        {"type": "bug"},
    ]

    def change(ledger: Ledger, number: int) -> None:
        edit(ledger, ONE, lambda spec: replace(spec, **wanted[number]), Rules(), actor=ALICE, now=NOW)

    raced(ledger, len(wanted), tmp_path, change)
    all_of_them = {name: value for each in wanted for name, value in each.items()}
    with ledger.read() as snapshot:
        assert snapshot.get(ONE).spec == replace(bead(1).spec, **all_of_them)


def claimed(ledger: Ledger, number: int, *, agent: bool) -> tuple[str, bool] | None:
    """One of many claims under the same name: the token of the lease and whether this call made it; None: refused."""
    tip = refs.read(ledger.repo, "refs/heads/main")
    town = Town(agent="sh", agents={"sh": AgentSpec("sh", command="true")}, limits=Limits())
    count = itertools.count(number)
    try:
        got = claim(
            ledger.repo,
            ledger,
            ONE,
            holder=Holder("alice", "host", "boot", "clone", agent),
            homes=Homes({"main": Target("main", tip)}, {"main": town}),
            duration=None if agent else 3600,
            digits=lambda digits: f"{next(count):0{digits}}",
            now=NOW,
        )
    except NothingClaimable:
        return None
    return got.lease.token, got.changed


def test_of_eight_attempts_by_the_same_agent_one_gets_the_bead(ledger: Ledger, tmp_path: Path) -> None:
    answers = raced(ledger, 8, tmp_path, lambda ledger, number: claimed(ledger, number, agent=True))
    (winner,) = [each for each in answers if each is not None]
    with ledger.read() as snapshot:
        lease = snapshot.get(ONE).status.lease
    assert lease is not None
    assert [lease.token, True] == winner


def test_a_person_who_claims_eight_times_at_once_has_one_lease(ledger: Ledger, tmp_path: Path) -> None:
    answers = raced(ledger, 8, tmp_path, lambda ledger, number: claimed(ledger, number, agent=False))
    assert None not in answers
    assert len({token for token, _ in answers}) == 1
    assert sum(changed for _, changed in answers) == 1
