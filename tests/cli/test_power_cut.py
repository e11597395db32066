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
    for effect, changes, ended in moments(still, Disk(still), row):
        still.put_back(changes)
        number = found(row.repo(still), course, changes)
        seen.add(number)
        assert number == last or not ended, f"what was said is lost, before {effect}"
    assert seen == set(range(last + 1))


def moments(still: Still, disk: Disk, row: Row) -> list[tuple[str, Changes, bool]]:
    """What a power cut before each effect, and after the last, leaves at least, and of names at most.

    With each comes the effect, and whether it is the least that is left at the end.
    """
    row.set_up(still)
    found: list[tuple[str, Changes, bool]] = []
    seen = set()

    def add(effect: str, changes: Changes) -> None:
        look = still.nameless(changes)
        if look not in seen:
            seen.add(look)
            found.append((effect, changes, False))

    for effect in paused(lambda: row.type(still), closely=True):
        add(effect, disk.least())
        add(effect, disk.names())
        disk.told(effect)
    add("its end", disk.names())
    return [*found, ("its end", disk.least(), True)]


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
    for effect, changes, _ in moments(still, Disk(still, objects), row):
        still.put_back(changes)
        pinned = refs.listing(repo, "refs/gt/sub").keys() > before
        if pinned:
            lost = [name for name in objects if (there := changes.get(name)) and not there.content]
            assert lost == [], f"before {effect}"
    assert pinned
