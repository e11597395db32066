"""How a command goes that nobody kills, and which moment of that a ledger is at that was killed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from gt.core.bead import Bead, Phase
from gt.core.page import Page
from gt.core.state import TownState
from gt.git import refs
from gt.git.repo import Repo
from gt.store import index
from gt.store.ledger import LEDGER, Ledger, Snapshot
from tests.cli.stage import Row
from tests.conftest import run_git
from tests.crash.still import Changes, Still


@dataclass(frozen=True)
class Said:
    """All that a ledger says."""

    beads: Mapping[str, Bead]
    pages: tuple[Page, ...]
    state: TownState
    problems: tuple[str, ...]


Remains = tuple[Mapping[str, str], Mapping[str, bytes | None], str]
"""What a command comes to besides the ledger: the other refs, what lies in the work trees, and git's config."""


@dataclass
class Course:
    """How a command goes that nobody kills: what the ledger is before it, and after each of its commits."""

    tips: list[str | None]
    said: list[Said | None]
    objects: list[set[str]]
    """What each of them needs."""
    left: Remains


def undisturbed(still: Still, row: Row) -> Course:
    """The command from its beginning to its end."""
    row.set_up(still)
    repo = row.repo(still)
    before = refs.read(repo, LEDGER)
    row.type(still)
    since = () if before is None else (f"^{before}",)
    tips = [before, *run_git(repo.common_dir, "rev-list", "--reverse", LEDGER, *since).split()]
    course = Course(tips, [], [], left(still, repo))
    for tip in tips:
        course.said.append(None if tip is None else said_at(repo, tip))
        listed = (
            "" if tip is None else run_git(repo.common_dir, "rev-list", "--objects", "--no-object-names", tip)
        )
        course.objects.append(set(listed.split()))
    run_git(repo.common_dir, "fsck", "--strict")
    return course


def found(repo: Repo, course: Course, changes: Changes) -> int:
    """Which of its states the ledger is in; everything of it must be there, and whole."""
    number = course.tips.index(refs.read(repo, LEDGER))
    assert said(repo) == course.said[number]
    written = set()
    for name, there in changes.items():
        oid = name.partition("/objects/")[2].replace("/", "")
        if len(oid) == 40 and not oid.startswith("tmp"):
            assert there is not None, f"{oid} was removed"
            assert hashlib.sha1(zlib.decompress(there.content)).hexdigest() == oid
            written.add(oid)
    assert course.objects[number] <= course.objects[0] | written
    return number


def said(repo: Repo) -> Said | None:
    """What the ledger says, by the index that is there."""
    if refs.read(repo, LEDGER) is None:
        return None
    with Ledger(repo).read() as snapshot:
        return _told(snapshot)


def said_at(repo: Repo, tip: str) -> Said:
    """What a commit of the ledger says, by git's objects."""
    with Snapshot(tip, index.in_memory(repo, tip)[0], lambda: index.mend(repo, tip)) as snapshot:
        return _told(snapshot)


def _told(snapshot: Snapshot) -> Said:
    beads = {each.id: each for each in snapshot.in_phase(*Phase)}
    return Said(beads, snapshot.pages(), snapshot.state(), tuple(map(str, snapshot.problems())))


def left(still: Still, repo: Repo) -> Remains:
    pins = {ref: oid for ref, oid in refs.listing(repo, "refs").items() if ref != LEDGER}
    files = {
        name: each.content if each else None for name, each in still.changes().items() if "/.git" not in name
    }
    return pins, files, (repo.common_dir / "config").read_text()
