"""One side of a merge of two ledgers: what it changed since they parted, each file read and checked.

What comes from a remote is others' input: nothing of it is parsed before it was counted and measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gt.core.bead import Bead
from gt.core.page import Page
from gt.core.state import LedgerMeta, TownState
from gt.core.values import dataclass
from gt.errors import GtError, Malformed
from gt.git.changes import Change, Leaf, changes, nothing, sizes
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.store import codec, records
from gt.store.layout import META, STATE, Kind, check_file, check_page, kind_of, same_id

MAX_CHANGED = 1_000_000
"""Files that may differ between two ledgers before gt refuses to look at them."""

FEW = 4
"""Up to so many blobs are read one by one; for more, one process reads them all."""


class Files:
    """The files of several commits as values; each blob is read once.

    Whatever is read raises Malformed, which names the path, for what can't be.
    """

    def __init__(self, repo: Repo, odb: Objects) -> None:
        self.repo = repo
        self.odb = odb
        self._contents: dict[str, bytes | None] = {}
        self._beads: dict[tuple[str, str], Bead] = {}

    def fetch(self, leaves: Iterable[Leaf | None]) -> None:
        """Read what will be asked for, all at once."""
        oids = {leaf.oid for leaf in leaves if leaf and leaf.oid not in self._contents and _is_blob(leaf)}
        if len(oids) <= FEW:
            return  # they are read when they are asked for
        measured = sizes(self.repo, oids)
        small = [oid for oid in oids if measured[oid] <= codec.MAX_BYTES]
        self._contents |= dict.fromkeys(oids)
        self._contents |= dict(self.odb.blobs(small, codec.MAX_BYTES))

    def content(self, path: str, leaf: Leaf) -> bytes:
        """The bytes of a plain file."""
        check_file(path, leaf.mode)
        data = self._contents.get(leaf.oid)
        if data is None:
            codec.check_size(self.odb.size(leaf.oid), path)
            data = self._contents[leaf.oid] = self.odb.blob(leaf.oid)
        return data

    def bead(self, path: str, leaf: Leaf) -> Bead:
        """The Bead in a file."""
        found = self._beads.get((path, leaf.oid))
        if found is None:
            found = same_id(codec.decode(self.content(path, leaf), path), path)
            self._beads[path, leaf.oid] = found
        return found

    def page(self, path: str, leaf: Leaf) -> Page:
        """The page in a file."""
        page = codec.decode_page(self.content(path, leaf), path)
        check_page(page, path)
        return page

    def state(self, leaf: Leaf) -> TownState:
        """The town's state."""
        return records.state_from(codec.load(self.content(STATE, leaf), STATE), STATE)

    def meta(self, leaf: Leaf) -> LedgerMeta:
        """What the ledger says of itself."""
        return records.meta_from(codec.load(self.content(META, leaf), META), META)

    def check(self, path: str, leaf: Leaf) -> None:
        """Raise Malformed unless this file may lie there, and can be read."""
        kind = kind_of(path)
        if kind is Kind.MISPLACED:
            raise Malformed(path, "is not where anything of a ledger belongs")
        check_file(path, leaf.mode)
        if kind is Kind.BEAD:
            self.bead(path, leaf)
        elif kind is Kind.PAGE:
            self.page(path, leaf)
        elif kind is Kind.STATE:
            self.state(leaf)
        elif kind is Kind.META:
            self.meta(leaf)


@dataclass(frozen=True, slots=True)
class Side:
    """What one side changed since the base."""

    tip: str
    changed: Mapping[str, Change]
    """What can be read and is still there; by path."""
    gone: Mapping[str, Leaf]
    """What of gt's the base has and this side hasn't; as the base has it."""
    problems: tuple[Malformed, ...]
    """What can't be read, or doesn't belong there."""


def side(repo: Repo, files: Files, base: str | None, tip: str) -> Side:
    """What the commit `tip` changed since `base` (None: since nothing was there)."""
    found = changes(repo, base or nothing(repo), tip, MAX_CHANGED)
    files.fetch(leaf for path, change in found.items() if _is_ours(path) for leaf in change)
    good: dict[str, Change] = {}
    problems = []
    for path, change in found.items():
        if change.new is None:
            continue
        try:
            files.check(path, change.new)
        except Malformed as error:
            problems.append(error)
        except GtError as error:  # an object that isn't there
            problems.append(Malformed(path, error.message))
        else:
            good[path] = change
    gone = {
        path: change.old for path, change in found.items() if change.old and not change.new and _is_ours(path)
    }
    return Side(tip, good, gone, tuple(problems))


def _is_ours(path: str) -> bool:
    return kind_of(path) not in (Kind.OTHER, Kind.MISPLACED)


def _is_blob(leaf: Leaf) -> bool:
    return leaf.mode & 0o170000 == 0o100000
