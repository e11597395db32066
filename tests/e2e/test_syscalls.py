"""What the kernel sees of a command, its gits included: killed at its calls, and the order of its syncs.

Skipped where no strace may watch.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.core.bead import Phase
from tests.cli.course import found, said, undisturbed
from tests.cli.stage import DEAD, OPEN, SUBMITTED, Row, row
from tests.conftest import run_git
from tests.crash.still import Still
from tests.crash.strace import LINK, RENAME, SYNC, WRITE, Call, killed_at, traced, works
from tests.refinery.merging import TOKEN, scene

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not works(), reason="no strace that may watch")]

NOTE, APPROVE, EXPIRE = (
    row("note", OPEN, "remember", anew=True),
    row("approve", SUBMITTED),
    row("expire", DEAD, TOKEN),
)
CALLS = {"rename": RENAME, "link": LINK, "sync": SYNC, "write": WRITE}


@pytest.mark.parametrize(
    ("row", "calls"),
    [
        *((NOTE, name) for name in CALLS),
        *((APPROVE, name) for name in ("rename", "link", "sync")),
        *((EXPIRE, name) for name in ("rename", "link")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.argv[0],
)
def test_killed_at_any_call_it_is_done_or_not_done(still: Still, row: Row, calls: str) -> None:
    course = undisturbed(still, row)
    for number in range(1, 200):
        row.set_up(still)
        # A git of it may be the one that is killed: then it goes on, and says that it failed.
        if killed_at(CALLS[calls], number, lambda: row.type(still)) == 0:
            break
        try:
            state = found(row.repo(still), course, still.changes())
            if state < len(course.said) - 1 or not row.anew:
                row.type(still)
            assert said(row.repo(still)) == course.said[-1]
        except AssertionError as error:
            raise AssertionError(f"killed at call {number}\n{error}") from error
    else:
        pytest.fail("it never came to its end")


def test_all_that_lands_is_synced_before_the_target_moves(repo_path: Path, tmp_path: Path) -> None:
    yard = scene(repo_path)
    one = yard.submit({"a/b": "new\n", "c": "new\n"})
    before = yard.tip()
    calls = traced(yard.merge, tmp_path / "calls")
    assert yard.phase(one) is Phase.LANDED
    assert one.status.submission is not None
    known = (f"^{before}", f"^{one.status.submission.commit}")
    new = run_git(repo_path, "rev-list", "--objects", "--no-object-names", "main", *known).split()
    assert len(new) >= 1
    assert_kept(calls, repo_path, new, "refs/heads/main")


def assert_kept(calls: list[Call], repo: Path, objects: list[str], ref: str) -> None:
    """Each object was synced before it got its name, and had its name before the ref was moved; that was synced too."""
    git_dir = os.path.realpath(repo / ".git")
    named = {f"{git_dir}/objects/{oid[:2]}/{oid[2:]}" for oid in objects}
    synced: set[str] = set()
    for call in calls:
        if call.name in ("fsync", "fdatasync"):
            synced.add(call.paths[0])
            continue
        old, new = call.paths
        if new in named:
            assert old in synced
            named.remove(new)
        elif new == f"{git_dir}/{ref}":
            assert named == set()
            synced.clear()
    assert os.path.dirname(f"{git_dir}/{ref}") in synced
