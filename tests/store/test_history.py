"""The audit log: who did what to which Bead, from the ledger's commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.errors import NotFound
from gt.git.repo import discover
from gt.store.history import Event, log
from gt.store.ledger import Changes, Message
from tests.conftest import NOW
from tests.store.scenes import ALICE, bead, bead_id, commit_files, new_ledger


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
    assert events[0] == Event(by_hand, NOW, "", "Alice <alice@example.com>", (), "by hand")
    assert events[3].beads == (bead_id(1), bead_id(20))
    assert (events[3].at, events[3].actor) == (NOW + 1, ALICE)
    assert [event.subject[:8] for event in log(ledger.repo, bead_id(1))] == ["Create 1"]
    assert len(list(log(ledger.repo, bead_id(20)))) == 3
    assert len(list(log(ledger.repo, bead_id(20), limit=2))) == 2
    assert list(log(ledger.repo, bead_id(999))) == []
    assert len(list(log(ledger.repo, limit=0))) == 0


def test_without_a_ledger_there_is_no_town(repo_path: Path) -> None:
    with pytest.raises(NotFound):
        list(log(discover(repo_path)))
