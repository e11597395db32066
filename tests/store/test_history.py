"""The audit log: who did what to which Bead, from the ledger's commits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gt.core.ids import bead_path
from gt.errors import NotFound
from gt.git.repo import discover
from gt.store.history import Event, Sought, event, log
from gt.store.ledger import Changes, Message
from tests.conftest import NOW, run_git
from tests.store.scenes import ALICE, bead, bead_id, commit_files, new_ledger, write


def test_events_come_latest_first_and_by_bead(repo_path: Path) -> None:
    ledger = new_ledger(repo_path)
    with ledger.hold() as held:
        for n in (1, 2, 11):
            said = Message(
                f"Create {n}, like Gt-Bead: gt-00000001", "create", ALICE, (bead_id(n), bead_id(20)), NOW + n
            )
            ledger.update(held, said, lambda _, n=n: Changes({bead_id(n): bead(n)}))  # type: ignore[misc]
    by_hand = commit_files(repo_path, {"x": "y"})
    events = list(log(ledger.repo))
    assert [event.verb for event in events] == ["", "create", "create", "create", "init"]
    tip = events[1].commit
    assert events[0] == Event(by_hand, NOW, "", "Alice <alice@example.com>", (), "by hand", (tip,))
    assert events[3].beads == (bead_id(1), bead_id(20))
    assert (events[3].at, events[3].actor) == (NOW + 1, ALICE)
    assert [event.subject[:8] for event in log(ledger.repo, Sought(bead_id(1)))] == ["Create 1"]
    assert list(log(ledger.repo, Sought(bead_id(20)))) == [], "to be named is not to be changed"
    assert list(log(ledger.repo, Sought(bead_id(999)))) == []
    assert len(list(log(ledger.repo, limit=0))) == 0
    assert event(ledger.repo, by_hand) == events[0]
    by_hand = commit_files(repo_path, {bead_path(bead_id(1)): "nonsense"})
    assert [event.verb for event in log(ledger.repo, Sought(bead_id(1)))] == ["", "create"]
    assert [event.commit for event in log(ledger.repo, Sought(bead_id(1)), limit=1)] == [by_hand]


def test_events_are_sought_by_verb_actor_and_time(repo_path: Path) -> None:
    ledger = new_ledger(repo_path)
    deeds = [
        ("note", "Bob <b@x>"),
        ("close", "Alice <a@x>"),
        ("note", "claude/gt-1/1-a"),
        ("reopen", "Bob <b@x>"),
    ]
    with ledger.hold() as held:
        for n, (verb, actor) in enumerate(deeds):
            said = Message(f"{n}\u2028Gt-Verb: land", verb, actor, (bead_id(1),), NOW + 10 * n)
            ledger.update(held, said, lambda _, n=n: Changes({bead_id(1): bead(1, priority=n)}))  # type: ignore[misc]

    def found(**sought: Any) -> str:
        return "".join(event.subject[0] for event in log(ledger.repo, Sought(**sought)))

    assert found() == "3210C"
    assert found(verbs=("note",)) == "20"
    assert found(verbs=("note", "close"), bead=bead_id(1)) == "210"
    assert found(actor="bOB") == "30"
    assert found(verbs=("land",)) == ""
    assert found(since=NOW + 10, until=NOW + 20) == "21"
    first = next(log(ledger.repo, Sought(verbs=("close",)))).commit
    assert found(after=first) == "32"


def test_a_merge_tells_what_it_decided(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    tip, other = ledger.tip(), run_git(repo_path, "rev-parse", "beads~1")
    said = "bring two together\n\nGt-Verb: sync\nGt-Lost: a title\nGt-Lost: a body\nSigned-off-by: x\n"
    merge = run_git(repo_path, "commit-tree", f"{tip}^{{tree}}", "-p", tip, "-p", other, "-m", said)
    run_git(repo_path, "update-ref", "refs/heads/beads", merge)
    found = event(ledger.repo, merge)
    assert (found.verb, found.parents, found.said) == (
        "sync",
        (tip, other),
        {"Gt-Lost": ("a title", "a body")},
    )


def test_a_bead_has_what_both_sides_of_a_merge_did_and_the_merge(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1), bead(2))
    start = ledger.tip()
    write(ledger, bead(1, title="Ours"))
    ours = ledger.tip()
    run_git(repo_path, "update-ref", "refs/heads/beads", start)
    write(ledger, bead(1, title="Theirs"))
    theirs = ledger.tip()
    said = f"bring them together\n\nGt-Verb: sync\nGt-Bead: {bead_id(1)}\n"
    merge = run_git(repo_path, "commit-tree", f"{ours}^{{tree}}", "-p", ours, "-p", theirs, "-m", said)
    run_git(repo_path, "update-ref", "refs/heads/beads", merge)
    found = [event.commit for event in log(ledger.repo, Sought(bead_id(1)))]
    assert sorted(found) == sorted((merge, ours, theirs, start))
    assert [event.commit for event in log(ledger.repo, Sought(bead_id(2)))] == [start]


def test_without_a_ledger_there_is_no_town(repo_path: Path) -> None:
    with pytest.raises(NotFound):
        list(log(discover(repo_path)))
