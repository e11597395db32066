"""Giving back what a pruning git took: the journal's objects, written again where they belong.

Only what a ref leads to is given back: what a lost race or a killed gt left is git's to remove.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from gt.errors import GtError
from gt.git import formats, journal, loose, presence, refs
from gt.git.folders import object_folders
from gt.git.formats import Commit
from gt.git.journal import Record
from gt.git.loose import Deflated
from gt.git.repo import Repo

if TYPE_CHECKING:
    from gt.git.packs import Packs

RECENT = 256
"""How many of the last records are looked at where it must not take long: some milliseconds."""

DAY = 86400
"""Seconds by which the clocks of those who commit may differ."""

WALK = 10_000
"""How many commits are read, at most, to find out whether a ref leads to a record."""


def lost(repo: Repo) -> tuple[Deflated, ...]:
    """The objects of the last records that a ref leads to and that aren't there. Only looks."""
    return _lost(repo, islice(journal.records(repo), RECENT))


def mend(repo: Repo) -> int:
    """Give back all that the journal has and a ref leads to; returns how many objects were missing."""
    return _give_back(repo, _lost(repo, journal.records(repo)))


def mend_tail(repo: Repo) -> int:
    """As `mend`, for the last few records: after each move of a ref to something new."""
    return _give_back(repo, _lost(repo, journal.tail(repo)))


def give_back(repo: Repo, oid: str) -> tuple[str, bytes] | None:
    """Kind and content of a missing object that something needs; None if the journal hasn't got it.

    It is written where it belongs, with all else that is missing, unless the repository is read-only.
    """
    wanted = _written(repo, journal.state(repo)).get(oid)
    if wanted is None or not _is_sound(repo, wanted):
        return None
    with suppress(GtError, OSError):
        _give_back(repo, (wanted,))
        mend(repo)
    return loose.inflate(oid, wanted.data)


@lru_cache(maxsize=1)
def _written(repo: Repo, _state: tuple[tuple[str, int], ...]) -> Mapping[str, Deflated]:
    """What the journal has, by object. Where many are missing, they are asked for one by one: it is read once."""
    return {each.oid: each for record in journal.records(repo) for each in record.objects}


def _lost(repo: Repo, records: Iterable[Record]) -> tuple[Deflated, ...]:
    seen = tuple(records)
    objects = {each.oid: each for record in seen for each in record.objects}
    gone = set(presence.absent(repo, objects))
    if not gone:
        return ()
    suspects = [record for record in seen if gone.intersection(each.oid for each in record.objects)]
    live = _reachable(repo, seen, {tip for record in suspects if (tip := _tip(record))})
    needed = {each.oid for record in suspects if _tip(record) in live for each in record.objects}
    return tuple(objects[oid] for oid in objects if oid in gone & needed)


def _tip(record: Record) -> str | None:
    """The commit that all objects of a record are part of."""
    last = record.objects[-1] if record.objects else None
    return last.oid if last is not None and last.kind == "commit" else None


def _reachable(repo: Repo, records: Iterable[Record], wanted: set[str]) -> set[str]:
    """Those of these commits that a ref leads to: through commits of the journal, and others as far as need be."""
    known = {}
    for record in records:
        for each in record.objects:
            if each.kind == "commit" and _is_sound(repo, each):
                known[each.oid] = formats.parse_commit(each.oid, loose.inflate(each.oid, each.data)[1])
    since = min((known[oid].commit_time for oid in wanted if oid in known), default=0) - DAY
    tips = {*refs.listing(repo, "refs").values()}
    queue = deque(sorted(tips, key=lambda oid: oid not in known))
    seen: set[str] = set()
    others = _Others(repo)
    while queue and not wanted <= seen:
        oid = queue.popleft()
        if oid in seen:
            continue
        seen.add(oid)
        commit = known.get(oid) or others.commit(oid)
        if commit is not None and commit.commit_time >= since:
            queue.extend(commit.parents)
    others.close()
    return wanted & seen


class _Others:
    """Commits that the journal hasn't got, read from wherever they are; a bounded number."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self._folders = object_folders(repo)
        self._left = WALK
        self._packs: Packs | None = None

    def commit(self, oid: str) -> Commit | None:
        """The commit; None for a tag, for one that is missing as well, and after too many."""
        self._left -= 1
        if self._left < 0:
            return None
        try:
            kind, data = self._loose(oid) or self._packed(oid) or ("", b"")
            return formats.parse_commit(oid, data) if kind == "commit" else None
        except GtError:
            return None

    def close(self) -> None:
        if self._packs is not None:
            self._packs.close()

    def _loose(self, oid: str) -> tuple[str, bytes] | None:
        return next((found for folder in self._folders if (found := loose.load(folder, oid))), None)

    def _packed(self, oid: str) -> tuple[str, bytes] | None:
        if self._packs is None:
            from gt.git.packs import Packs

            self._packs = Packs(self._folders, self._repo.object_format)
        # A gc that swaps packs makes dulwich fail in many ways; the next look is soon enough.
        with suppress(Exception):
            return self._packs.load(oid)
        return None


def _is_sound(repo: Repo, each: Deflated) -> bool:
    try:
        return loose.name_of(repo, *loose.inflate(each.oid, each.data)) == each.oid
    except GtError:
        return False


def _give_back(repo: Repo, objects: Iterable[Deflated]) -> int:
    wanted = [each for each in objects if _is_sound(repo, each)]
    if wanted:
        loose.store(repo, repo.common_dir / "objects", wanted)
    return len(wanted)
