"""Writers beside a git that packs and prunes without end: nothing that was acknowledged is lost, nobody sees an error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Note
from gt.git import journal, mending, objects
from gt.git.repo import discover
from gt.store import history
from gt.store.ledger import Changes, Ledger, Snapshot
from tests.conftest import NOW, run_git
from tests.git.gitscenes import meanwhile, together
from tests.store.scenes import bead, bead_id, message, new_ledger, write

WRITERS = 4
TURNS = 12


def write_notes(path: Path) -> set[str]:
    """Many writers that each add a note to one Bead after the other; the notes."""

    def write(number: int) -> None:
        ledger = Ledger(discover(path))
        for turn in range(TURNS):
            name, said = bead_id(1 + (number * TURNS + turn) % 40), f"{number}.{turn}"

            def change(s: Snapshot, name: str = name, said: str = said) -> Changes:
                found = s.get(name)
                return Changes(
                    {name: replace(found, notes=(*found.notes, Note(f"n-{said}", NOW, "a", said)))}
                )

            with ledger.hold() as held:
                ledger.update(held, message(name), change).close()
            assert sum(1 for _ in history.log(ledger.repo, limit=3)) == 3

    together(WRITERS, write)
    return {f"{number}.{turn}" for number in range(WRITERS) for turn in range(TURNS)}


@pytest.mark.parametrize(
    "commands",
    [("gc -q --prune=now", "pack-refs --all"), ("prune --expire=now",), ("gc -q", "pack-refs --all")],
    ids=["gc-prune-now", "prune-now", "gc"],
)
def test_nothing_is_lost(repo_path: Path, commands: tuple[str, ...]) -> None:
    ledger = new_ledger(repo_path, *(bead(n) for n in range(1, 41)))
    with meanwhile(repo_path, *commands):
        written = write_notes(repo_path)
    mending.mend(ledger.repo)
    assert run_git(repo_path, "fsck", "--full", "--strict", "--no-dangling") == ""
    for left in ledger.repo.gt_dir.glob("index*"):
        left.unlink()
    with ledger.read() as snapshot:
        assert {note.text for each in snapshot.live() for note in each.notes} == written
        assert snapshot.problems() == ()
    assert run_git(repo_path, "rev-list", "--count", "beads") == str(2 + len(written))


def test_a_commit_of_hundreds_is_not_lost_either(repo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "JOURNALLED", 1 << 12)
    ledger = new_ledger(repo_path)
    with meanwhile(repo_path, "gc -q --prune=now"):
        for turn in range(4):
            write(ledger, *(bead(1000 * turn + n) for n in range(150)))
    assert run_git(repo_path, "fsck", "--full", "--strict", "--no-dangling") == ""
    assert list((ledger.repo.common_dir / "objects" / "pack").glob("*.keep")) == []
    assert sum(len(record.objects) for record in journal.records(ledger.repo)) < 10
