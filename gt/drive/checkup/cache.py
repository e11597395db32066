"""The index: whether it says what the ledger says, and whether earlier ones lie about."""

from __future__ import annotations

from collections.abc import Iterator

from gt.core.finding import Finding, Severity
from gt.drive.checkup.files import repair_of
from gt.drive.checkup.scene import Scene
from gt.store.audit import index_files, index_trouble, uncanonical


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about the files of the index."""
    _, old = index_files(scene.repo)
    for path in old:
        text = "is an index that nobody uses any more"
        yield Finding("old-index", Severity.NOTE, path.name, text, repair_of("old-index", path.name))


def compare(scene: Scene) -> Iterator[Finding]:
    """The index compared with git's objects, row by row."""
    if scene.snapshot is None:
        return
    scene.tell("the index, row by row")
    current, _ = index_files(scene.repo)
    trouble = index_trouble(scene.repo, scene.snapshot.tip)
    if trouble is not None:
        yield Finding("index", Severity.ERROR, current.name, trouble, repair_of("index", current.name))


def edited(scene: Scene) -> Iterator[Finding]:
    """Beads that aren't in the form that gt writes."""
    if scene.snapshot is None:
        return
    scene.tell("every file's form")
    for path in uncanonical(scene.repo, scene.snapshot):
        text = "was edited by hand; gt rewrites it the next time it changes that Bead"
        yield Finding("edited", Severity.NOTE, path, text)
