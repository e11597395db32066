"""The ledger as it was: which commit is meant by a name or a time, and what it said."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

from gt.core.values import dataclass
from gt.core.when import format_time, parse_past
from gt.errors import GtError, NotFound, Refused
from gt.git import refs
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.store import index
from gt.store.ledger import LEDGER, Ledger
from gt.store.snapshot import Snapshot
from gt.store.tree import LedgerTree

if TYPE_CHECKING:
    from gt.store.fill import Progress

_BRANCH = LEDGER.removeprefix("refs/heads/")


@dataclass(frozen=True, slots=True)
class Moment:
    """A commit of the ledger, and the time that is looked at: what waits is judged by it."""

    commit: str
    at: int


def moment(repo: Repo, named: str, now: int) -> Moment:
    """What `beads~3`, the start of a commit's id, a time or `2h ago` means; what reads as a time is one.

    At a time the ledger was where its first-parent line then ended. Raises Refused for what is no commit of this
    ledger, for a time before it began, and for one that hasn't come.
    """
    if refs.read(repo, LEDGER) is None:
        raise NotFound("town", repo.name, hint="gt init")
    try:
        at = parse_past(named, now)
    except Refused:
        return _at_commit(repo, named)
    return Moment(_tip_at(repo, at, now), at)


def read_at(ledger: Ledger, commit: str) -> Snapshot:
    """The ledger at one of its commits. Raises Refused for a commit that isn't the ledger's, or is too new."""
    opened = _index_at(ledger.repo, ledger.tip(), commit, ledger.progress)
    return ledger.checked(Snapshot(commit, opened, lambda: index.mend(ledger.repo, commit)))


def whole_id(repo: Repo, named: str) -> str:
    """The commit that is named, if it is one of this ledger: of its history, or of another clone's. Raises Refused."""
    from gt.git.run import GitFailed, git

    # A tag of that name doesn't count.
    spelt = LEDGER + named[len(_BRANCH) :] if re.match(rf"{_BRANCH}(?:[~^@]|$)", named) else named
    try:
        commit = git(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{spelt}^{{commit}}").text
    except GitFailed:
        raise Refused(f"{named!r} names no commit of the ledger, or more than one", hint="gt log") from None
    with Objects(repo) as odb:
        ours = LedgerTree(odb, refs.read(repo, LEDGER) or commit).meta()
        try:
            same = LedgerTree(odb, commit).meta().lineage == ours.lineage
        except GtError:
            same = False
    if not same:
        raise Refused(f"{commit[:12]} is a commit, but not of the ledger", hint="gt log")
    return commit


def _at_commit(repo: Repo, named: str) -> Moment:
    commit = whole_id(repo, named)
    with Objects(repo) as odb:
        return Moment(commit, odb.commit(commit).commit_time)


def _tip_at(repo: Repo, at: int, now: int) -> str:
    from gt.git.run import git

    if at > now:
        raise Refused(f"{format_time(at)} hasn't come yet", hint="gt status")
    said = git(repo, "rev-list", "--first-parent", "--max-count=1", f"--until=@{at}", LEDGER, "--").text
    if not said:
        raise Refused(f"there was no town yet at {format_time(at)}", hint="gt log")
    return said


def _index_at(repo: Repo, tip: str, commit: str, progress: Progress | None) -> index.Index:
    """An index of the commit that no other process sees: today's, copied, and brought back where it differs."""
    made = index.Index(":memory:")
    try:
        today, _ = index.open_at(repo, lambda: tip, progress)
        today.db.backup(made.db)
        today.close()
        made.bring_to(repo, lambda: commit, progress)
    except sqlite3.Error:
        made.close()
        return index.in_memory(repo, commit, progress)[0]
    return made
