"""A power cut at any moment: the ledger is what it was or what it becomes, and what was promised is there."""

from __future__ import annotations

import pytest

from gt.git import refs
from tests.cli.course import found, undisturbed
from tests.cli.stage import MINE, OPEN, Row, in_worktree, row
from tests.conftest import run_git
from tests.crash.disk import Disk
from tests.crash.dying import paused
from tests.crash.still import Changes, Still
from tests.refinery.merging import TOKEN
from tests.store.scenes import bead_id

PLAN = "# First\n\n# Second\n\nneeds: First\n"


@pytest.mark.parametrize(
    "row",
    [
        row("note", OPEN, "remember"),
        row("create", "--file", "-", stdin=PLAN),
        row("init", where="fresh"),
    ],
    ids=str,
)
def test_of_a_ledger_nothing_is_named_before_it_is_kept(still: Still, row: Row) -> None:
    course = undisturbed(still, row)
    last = len(course.said) - 1
    seen = set()
    for effect, least, names in moments(still, Disk(still), row):
        for changes in (names, least):
            still.put_back(changes)
            number = found(row.repo(still), course, changes)
            seen.add(number)
        assert number == last or effect, "what was said is lost"
    assert seen == set(range(last + 1))


def moments(still: Still, disk: Disk, row: Row) -> list[tuple[str, Changes, Changes]]:
    """Each effect, and what a power cut before it would leave at least, and of names at most; at last after the end."""
    row.set_up(still)
    found = []
    for effect in paused(lambda: row.type(still), closely=True):
        found.append((effect, disk.least(), disk.names()))
        disk.told(effect)
    return [*found, ("", disk.least(), disk.names())]


@pytest.mark.parametrize(
    "row",
    [row("submit", where=in_worktree(MINE)), row("submit", "--branch", "side", "--title", "by hand")],
    ids=str,
)
def test_what_a_person_committed_is_kept_before_it_is_pinned(still: Still, row: Row) -> None:
    still.put_back()
    repo = row.repo(still)
    branch = "side" if "side" in row.argv else f"gt/{bead_id(MINE)}/{TOKEN}"
    listed = run_git(repo.common_dir, "rev-list", "--objects", "--no-object-names", branch, "--not", "main")
    objects = [f"/repo/.git/objects/{oid[:2]}/{oid[2:]}" for oid in listed.split()]
    assert len(objects) >= 2
    before, pinned = refs.listing(repo, "refs/gt/sub").keys(), False
    for effect, least, names in moments(still, Disk(still, objects), row):
        for changes in (names, least):
            still.put_back(changes)
            pinned = refs.listing(repo, "refs/gt/sub").keys() > before
            if pinned:
                lost = [name for name in objects if (there := changes.get(name)) and not there.content]
                assert lost == [], f"before {effect}"
    assert pinned
