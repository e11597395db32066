"""The index: always of exactly the ledger's tip, rebuilt whenever in doubt, never an error of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Closed, CloseReason, Landed, Phase, Status
from gt.errors import Ambiguous, NotFound
from gt.git.repo import discover
from gt.store import codec, index
from gt.store.ledger import Ledger
from tests.benchmarks import towns
from tests.conftest import NOW, run_git
from tests.store.scenes import ALICE, bead, bead_id, commit_files, new_ledger, write

LANDED = Status(Phase.LANDED, landed=Landed("a" * 40, "b" * 40, NOW))


def closed(reason: CloseReason) -> Status:
    return Status(Phase.CLOSED, closed=Closed(reason, "", NOW, ALICE))


def rows(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    """All that the index holds."""
    with ledger.read() as snapshot:
        tables = ("meta", "tree", "file", "bead", "edge", "label")
        return {
            table: sorted(snapshot._index.db.execute(f"SELECT * FROM {table}"), key=repr) for table in tables
        }


def test_refreshed_step_by_step_it_equals_one_made_afresh(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, *(bead(n, labels=frozenset({"a"})) for n in range(1, 40)))
    steps: list[dict[str, bytes | str | tuple[str, str]]] = [
        {
            "beads/0/1/gt-00000001.yaml": codec.encode(
                bead(1, needs=frozenset({bead_id(2)}), labels=frozenset({"b"}))
            )
        },
        {"beads/0/2/gt-00000002.yaml": "broken: ["},
        {"beads/0/2/gt-00000002.yaml": codec.encode(bead(2))},
        {"beads/stray": "x", "beads/1/stray": "x", "pages/p-000000000001.yaml": "x", "gt/stray": "x"},
        {"beads/z/z/gt-000000zz.yaml": codec.encode(bead(1023))},
    ]
    for step in steps:
        commit_files(repo_path, step)
        stepped = rows(ledger)
        (ledger.repo.gt_dir / "index.db").unlink()
        assert rows(ledger) == stepped
    for removed in ("beads/z", "beads/0/1/gt-00000001.yaml", "beads/stray", "pages", "state.yaml", "beads"):
        env = {**os.environ, "GIT_INDEX_FILE": str(repo_path / ".git" / "other-index")}
        for args in (["read-tree", "beads"], ["rm", "-rq", "--cached", removed]):
            subprocess.run(["git", *args], cwd=repo_path, env=env, check=True)
        done = subprocess.run(
            ["git", "write-tree"], cwd=repo_path, env=env, check=True, capture_output=True, text=True
        )
        commit = run_git(repo_path, "commit-tree", done.stdout.strip(), "-p", "beads", "-m", "remove")
        run_git(repo_path, "update-ref", "refs/heads/beads", commit)
        stepped = rows(ledger)
        (ledger.repo.gt_dir / "index.db").unlink()
        assert rows(ledger) == stepped
    assert rows(ledger)["bead"] == []


def test_a_rewound_ledger_is_followed(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    old = run_git(repo_path, "rev-parse", "beads")
    write(ledger, bead(2))
    run_git(repo_path, "update-ref", "refs/heads/beads", old)
    assert [each.id for each in ledger.read().live()] == [bead_id(1)]


def test_a_snapshot_does_not_change_under_its_reader(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    with ledger.read() as before:
        write(ledger, bead(2))
        commit_files(repo_path, {"beads/0/3/gt-00000003.yaml": codec.encode(bead(3))})
        assert len(ledger.read().live()) == 3
        assert len(before.live()) == 1


def scribble(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 500)


def half(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"\xff" * (len(data) // 2))


def foreign(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE meta (a); CREATE TABLE bead (b); PRAGMA user_version = 1")
    db.close()


def other_format(path: Path) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA user_version = 77")
    db.close()


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "harm",
    [Path.unlink, Path.touch, scribble, half, foreign, other_format, directory],
    ids=lambda h: h.__name__,
)
def test_a_broken_index_is_made_again(repo_path: Path, harm: Callable[[Path], None]) -> None:
    ledger = new_ledger(repo_path, *(bead(n) for n in range(1, 60)))
    place = ledger.repo.gt_dir / "index.db"
    for suffix in ("-wal", "-shm"):
        sqlite3.connect(place).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        place.with_name(place.name + suffix).unlink(missing_ok=True)
    harm(place)
    for _ in range(2):
        with ledger.read() as snapshot:
            assert len(snapshot.live()) == 59
            assert snapshot.get(bead_id(7)) == bead(7)
    assert len(write(ledger, bead(100)).live()) == 60


def test_an_index_that_breaks_while_it_is_read_is_replaced(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, *(bead(n) for n in range(1, 30)))
    with ledger.read() as snapshot:
        items = snapshot.candidates(NOW + 100)
        first = [next(items), next(items)]
        snapshot._index.db.set_progress_handler(lambda: 1, 1)  # makes every further step an OperationalError
        assert [*first, *items] == [bead(n) for n in range(1, 30)]
        assert len(snapshot.live()) == 29


def test_a_closed_snapshot_reads_nothing(repo_path: Path) -> None:
    snapshot = new_ledger(repo_path, bead(1)).read()
    snapshot.close()
    with pytest.raises(sqlite3.ProgrammingError):
        snapshot.live()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_nothing_can_be_written_it_is_made_in_memory(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    shutil.rmtree(ledger.repo.gt_dir)
    os.chmod(ledger.repo.common_dir, 0o500)
    try:
        assert ledger.read().get(bead_id(1)) == bead(1)
    finally:
        os.chmod(ledger.repo.common_dir, 0o700)


def test_where_its_place_is_taken_it_is_made_in_memory(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    shutil.rmtree(ledger.repo.gt_dir)
    ledger.repo.gt_dir.write_text("in the way")
    assert ledger.read().get(bead_id(1)) == bead(1)


def test_while_another_process_hogs_it_it_is_made_in_memory(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = new_ledger(repo_path, bead(1))
    commit_files(repo_path, {"beads/0/2/gt-00000002.yaml": codec.encode(bead(2))})
    monkeypatch.setattr(index, "PATIENCE", 0.05)
    other = sqlite3.connect(ledger.repo.gt_dir / "index.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert len(ledger.read().live()) == 2
    other.close()


def test_progress_is_told_while_it_is_built(repo_path: Path) -> None:
    towns.populate(repo_path, towns.beads(1200))
    told: list[tuple[int, int]] = []
    Ledger(discover(repo_path), lambda done, total: told.append((done, total))).read()
    assert told == [(500, 1200), (1000, 1200), (1200, 1200)]


def test_abbreviations(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1), bead(2), bead(32**7))
    with ledger.read() as snapshot:
        assert snapshot.resolve("1") == bead_id(32**7)
        assert snapshot.resolve("gt-1") == bead_id(32**7)
        assert snapshot.resolve(bead_id(1)) == bead_id(1)
        with pytest.raises(Ambiguous):
            snapshot.resolve("0")
        with pytest.raises(NotFound):
            snapshot.resolve("zz")
        assert snapshot.find("gt-zzzzzzzz") is None
        with pytest.raises(NotFound):
            snapshot.get("../../etc")


def test_candidates_hold_every_ready_bead_in_order(repo_path: Path) -> None:
    needs = frozenset
    ledger = new_ledger(
        repo_path,
        bead(1, priority=3),
        bead(2, priority=1),
        bead(3, priority=1),
        bead(4, hold=True),
        bead(5, defer=NOW + 10),
        bead(6, Status(wake=NOW + 10)),
        bead(7, needs=needs({bead_id(1)})),
        bead(8, needs=needs({"gt-zzzzzzzz"})),
        bead(9, LANDED),
        bead(10, closed(CloseReason.DONE)),
        bead(11, closed(CloseReason.WONTFIX)),
        bead(12, needs=needs({bead_id(9), bead_id(10)})),
        bead(13, needs=needs({bead_id(11)})),
        bead(14, needs=needs({bead_id(9), bead_id(1)})),
    )

    def numbers(now: int, *landed: str) -> list[str]:
        with ledger.read() as snapshot:
            return [each.id for each in snapshot.candidates(now, landed)]

    assert numbers(NOW) == [bead_id(n) for n in (2, 3, 12, 1)]
    assert numbers(NOW + 10) == [bead_id(n) for n in (2, 3, 5, 6, 12, 1)]
    assert numbers(NOW, bead_id(1)) == [bead_id(n) for n in (2, 3, 7, 12, 14, 1)]


def test_listings(repo_path: Path) -> None:
    ledger = new_ledger(
        repo_path,
        bead(1, labels=frozenset({"ui"}), agent="claude"),
        bead(2, LANDED, parent=bead_id(1), type="bug", body="Straße"),
        bead(
            3,
            priority=0,
            parent=bead_id(1),
            needs=frozenset({bead_id(1)}),
            links={"discovered-from": frozenset({bead_id(2)})},
        ),
    )
    with ledger.read() as s:

        def ids(found: tuple[object, ...]) -> list[int]:
            return [int(each.id[-1]) for each in found]  # type: ignore[attr-defined]

        assert ids(s.listing()) == [3, 1, 2]
        assert ids(s.listing(limit=2)) == [3, 1]
        assert ids(s.listing(phases=(Phase.LANDED,))) == [2]
        assert ids(s.listing(label="ui")) == [1]
        assert ids(s.listing(agent="claude")) == [1]
        assert ids(s.listing(type="bug", parent=bead_id(1))) == [2]
        assert ids(s.listing(text="STRASSE")) == [2]
        assert ids(s.listing(text="task", limit=1)) == [3]
        assert ids(s.children(bead_id(1))) == [2, 3]
        assert ids(s.needed_by(bead_id(1))) == [3]
        assert ids(s.linked_to(bead_id(2), "link:discovered-from")) == [3]
        assert ids(s.live()) == [1, 3]
        assert s.counts() == {phase: {Phase.OPEN: 2, Phase.LANDED: 1}.get(phase, 0) for phase in Phase}


def test_ties_are_broken_by_creation_then_by_id(repo_path: Path) -> None:
    late = replace(bead(1), created=replace(bead(1).created, at=NOW + 99))
    ledger = new_ledger(repo_path, late, bead(3), bead(2))
    assert [each.id[-1] for each in ledger.read().listing()] == ["2", "3", "1"]


WARM = """
import sys
from pathlib import Path
from gt.git.repo import discover
from gt.store.ledger import Ledger
with Ledger(discover(Path("."))).read() as snapshot:
    assert snapshot.get("gt-00000001").spec.title == "Task 1"
    assert len(list(snapshot.candidates(2**31))) == 2
    assert len(snapshot.live()) == 2 and snapshot.resolve("00000001") == "gt-00000001"
    snapshot.pages(), snapshot.state(), snapshot.problems(), snapshot.counts(), snapshot.listing(text="x")
heavy = {"dulwich", "ruamel", "_ruamel_yaml", "filelock", "subprocess", "asyncio", "logging", "uuid"}
print(sorted(heavy & sys.modules.keys()))
"""


def test_a_warm_read_imports_nothing_heavy(repo_path: Path) -> None:
    new_ledger(repo_path, bead(1), bead(2))
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": root}
    ran = subprocess.run(
        [sys.executable, "-c", WARM], cwd=repo_path, env=env, capture_output=True, text=True, check=False
    )
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")


def test_edges_and_every_bead_come_from_the_index(repo_path: Path) -> None:
    made = [
        bead(1, needs=frozenset({bead_id(3), bead_id(2)}), parent=bead_id(9)),
        bead(2, parent=bead_id(1)),
        bead(3, LANDED),
    ]
    ledger = new_ledger(repo_path, *made)
    commit_files(repo_path, {"beads/0/4/gt-00000004.yaml": "broken: [", "beads/stray": "x"})
    with ledger.read() as snapshot:
        assert list(snapshot.every()) == made
        assert snapshot.edges() == (
            {bead_id(1): bead_id(9), bead_id(2): bead_id(1)},
            {bead_id(1): [bead_id(2), bead_id(3)]},
        )


def test_text_is_looked_for_in_what_came_with_an_import_too(repo_path: Path) -> None:
    extra = {"bd": {"id": "bd-a3f8.1", "record": {"deep": [{"er": "Needle"}], "n": 1}}}
    ledger = new_ledger(repo_path, replace(bead(1), extra=extra), bead(2))
    with ledger.read() as snapshot:
        for text in ("BD-a3f8", "needle"):
            assert [each.id for each in snapshot.listing(text=text)] == [bead_id(1)]
        assert snapshot.listing(text="deep") == ()
