"""The ledger as it was, by commit and by time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gt.core.when import format_time
from gt.errors import NotFound, Refused
from gt.git.repo import discover
from gt.store import index
from gt.store.ledger import Changes, Ledger, Message
from gt.store.past import Moment, moment, read_at
from tests.conftest import NOW, run_git
from tests.store.scenes import ALICE, META, bead, bead_id, commit_files

LATER = NOW + 1000


@pytest.fixture
def ledger(repo_path: Path) -> Ledger:
    """A town founded at NOW; Bead 1 made at NOW + 100, changed at NOW + 300; Bead 2 made at NOW + 200."""
    made = Ledger(discover(repo_path))
    with made.hold() as held:
        made.create(held, META, Message("found", "init", ALICE, (), NOW)).close()
        for at, each in (
            (100, bead(1)),
            (200, bead(2)),
            (300, bead(1, title="Changed", needs=frozenset({bead_id(2)}))),
        ):
            said = Message(f"at {at}", "edit", ALICE, (each.id,), NOW + at)
            made.update(held, said, lambda _, each=each: Changes({each.id: each})).close()  # type: ignore[misc]
    return made


def titles(ledger: Ledger, commit: str) -> list[str]:
    with read_at(ledger, commit) as then:
        return [each.spec.title for each in then.listing()]


def test_a_commit_is_named_as_git_names_it(ledger: Ledger, repo_path: Path) -> None:
    tip = ledger.tip()
    run_git(repo_path, "tag", "beads", "HEAD")  # which git would prefer
    for named, back in (
        ("beads", 0),
        ("beads~2", 2),
        ("beads^", 1),
        (tip, 0),
        (tip[:9], 0),
        ("refs/heads/beads~3", 3),
    ):
        assert moment(ledger.repo, named, LATER) == Moment(
            run_git(repo_path, "rev-parse", f"refs/heads/beads~{back}"), NOW + 300 - 100 * back
        )


@pytest.mark.parametrize(("ago", "back"), [(0, 0), (700, 0), (701, 1), (900, 2), (901, 3), (1000, 3)])
def test_at_a_time_it_is_what_it_was_then(ledger: Ledger, ago: int, back: int) -> None:
    commit = run_git(ledger.repo.git_dir, "rev-parse", f"refs/heads/beads~{back}")
    for named in (f"{ago}s", f"{ago}s ago", format_time(LATER - ago)):
        assert moment(ledger.repo, named, LATER) == Moment(commit, LATER - ago)


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("1001s", "no town yet at 2026-11-22T19:59:59Z"),
        ("2026-11-22T20:16:41Z", "hasn't come yet"),
        ("main", "not of the ledger"),
        ("HEAD", "not of the ledger"),
        ("nonsense", "names no commit of the ledger"),
        ("beads~9", "names no commit"),
        ("--all", "names no commit"),
        ("", "names no commit"),
        ("beads:gt.yaml", "names no commit"),
    ],
)
def test_what_is_no_moment_of_the_ledger(ledger: Ledger, named: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        moment(ledger.repo, named, LATER)


def test_another_ledger_is_not_ours(ledger: Ledger, new_repo: Callable[[str], Path]) -> None:
    path = new_repo("other")
    other = Ledger(discover(path))
    with other.hold() as held:
        other.create(held, type(META)("another", "gt"), Message("found", "init", ALICE, (), NOW)).close()
    run_git(ledger.repo.git_dir, "fetch", "-q", str(path), "beads:refs/remotes/o/beads")
    with pytest.raises(Refused, match="not of the ledger"):
        moment(ledger.repo, "o/beads", LATER)


def test_without_a_ledger_there_is_no_town(repo_path: Path) -> None:
    with pytest.raises(NotFound):
        moment(discover(repo_path), "2h", NOW)


def test_every_commit_reads_as_it_was(ledger: Ledger) -> None:
    def at(back: int) -> list[str]:
        return titles(ledger, run_git(ledger.repo.git_dir, "rev-parse", f"beads~{back}"))

    assert [at(back) for back in range(4)] == [["Changed", "Task 2"], ["Task 1", "Task 2"], ["Task 1"], []]
    with read_at(ledger, run_git(ledger.repo.git_dir, "rev-parse", "beads~1")) as then:
        assert then.needed_by(bead_id(2)) == ()
        assert then.tip == run_git(ledger.repo.git_dir, "rev-parse", "beads~1")
    with ledger.read() as now:
        assert [each.id for each in now.needed_by(bead_id(2))] == [bead_id(1)]


def test_the_index_on_disk_stays_that_of_today(ledger: Ledger) -> None:
    ledger.read().close()
    titles(ledger, run_git(ledger.repo.git_dir, "rev-parse", "beads~3"))
    kept = index.Index(index.place(ledger.repo.gt_dir, 0))
    assert kept.tip() == ledger.tip()
    kept.close()


def test_a_broken_index_hides_nothing_of_the_past(ledger: Ledger) -> None:
    ledger.read().close()
    index.place(ledger.repo.gt_dir, 0).write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    assert titles(ledger, run_git(ledger.repo.git_dir, "rev-parse", "beads~2")) == ["Task 1"]


def test_what_could_not_be_read_then_is_told(ledger: Ledger, repo_path: Path) -> None:
    path = f"beads/0/3/{bead_id(3)}.yaml"
    bad = commit_files(repo_path, {path: "kind: ["})
    commit_files(repo_path, {path: "mended"})
    with read_at(ledger, bad) as then:
        assert [problem.where for problem in then.problems()] == [path]
        assert len(then.listing()) == 2
