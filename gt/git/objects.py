"""Git objects as values: read from wherever they are, written durably.

Knows where objects are kept, not what they look like inside. A `Repo` of dulwich's is never opened: it refuses
repositories that git itself is fine with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from gt.errors import GtError, Malformed
from gt.git import formats, ident, loose
from gt.git.folders import object_folders
from gt.git.formats import EXECUTABLE, FILE, GITLINK, SYMLINK, TREE, Commit, Entry
from gt.git.repo import WIDTH, Repo

if TYPE_CHECKING:
    from gt.git.packs import Packs

__all__ = ["EXECUTABLE", "FILE", "GITLINK", "SYMLINK", "TREE", "Commit", "Entry", "MissingObject", "Objects"]

INCLUDED = 8 << 20
"""Bytes of files that one flush includes, at most, because another git wrote them."""

JOURNALLED = 2 * INCLUDED
"""Bytes of objects from which on a flush is too large for the journal."""

BULK = 100
"""From so many new objects on they are written as one pack: git asks the same of what it fetches."""


class MissingObject(GtError):
    """An object that something refers to isn't in the repository."""

    kind = "missing-object"

    def __init__(self, oid: str) -> None:
        super().__init__(f"object {oid} is missing", hint="git fsck")
        self.oid = oid


class Objects:
    """The objects of a repository, its alternates' included; open one for a command, as a context manager.

    What is added can be read at once and is on disk after `flush`. Reading raises MissingObject for what
    isn't there, Malformed for what is damaged or of another kind. What a pruning git took of gt's own is given
    back from the journal.
    """

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self._folder = repo.common_dir / "objects"
        self._added: dict[str, tuple[str, bytes]] = {}
        self._included: dict[str, tuple[str, bytes]] = {}
        self._flushed: list[loose.Deflated] = []
        self._keeps: list[Path] = []
        self._packs: Packs | None = None

    @cached_property
    def _folders(self) -> tuple[Path, ...]:
        return object_folders(self._repo)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._packs is not None:
            self._packs.close()
            self._packs = None
        for keep in self._keeps:
            keep.unlink(missing_ok=True)

    def blob(self, oid: str) -> bytes:
        """A blob's content."""
        return self._get(oid, "blob")

    def tree(self, oid: str, limit: int | None = None) -> tuple[Entry, ...]:
        """A tree's entries, in git's order. Raises Malformed for one of more than `limit` bytes, before it is read."""
        self._check_size(oid, limit)
        return formats.parse_tree(oid, self._get(oid, "tree"))

    def commit(self, oid: str, limit: int | None = None) -> Commit:
        """A commit; `limit` as for a tree."""
        self._check_size(oid, limit)
        return formats.parse_commit(oid, self._get(oid, "commit"))

    def size(self, oid: str) -> int:
        """An object's size in bytes, told before it is inflated."""
        self._check(oid)
        if oid in self._added:
            return len(self._added[oid][1])
        for folder in self._folders:
            if (found := loose.size(folder, oid)) is not None:
                return found
        # Where dulwich can't read a pack, git has the last word.
        with suppress(Exception):
            if (packed := self._opened_packs().size(oid)) is not None:
                return packed
        from gt.git.run import git

        said = git(self._repo, "cat-file", "--batch-check=%(objectsize)", stdin=f"{oid}\n".encode()).text
        if said.isdigit():
            return int(said)
        if (given := self._given_back(oid)) is not None:
            return len(given[1])
        raise MissingObject(oid)

    def has(self, oid: str) -> bool:
        """Whether the object is there, without reading it."""
        self._check(oid)
        if oid in self._added or self._is_loose(oid):
            return True
        # Once more at the end: a gc that unpacks an object writes it loose before it removes the pack.
        return self._opened_packs().has(oid) or self._is_loose(oid) or self._given_back(oid) is not None

    def blobs(self, oids: Iterable[str], limit: int | None = None) -> Iterator[tuple[str, bytes | None]]:
        """Many blobs by one process, in the order asked for.

        None stands for an object that is missing, isn't a blob, or is larger than `limit` bytes.
        """
        wanted = tuple(oids)
        for oid in wanted:
            self._check(oid)
        on_disk = [oid for oid in wanted if oid not in self._added]
        answers = self._batch(on_disk, limit)
        for oid in wanted:
            if oid in self._added:
                kind, data = self._added[oid]
                yield oid, data if kind == "blob" and (limit is None or len(data) <= limit) else None
            else:
                yield oid, next(answers)

    def add_blob(self, data: bytes) -> str:
        """Add a blob; returns its id, as all `add_` do."""
        return self._add("blob", data)

    def add_tree(self, entries: Iterable[Entry]) -> str:
        """Add a tree of entries in any order; raises Malformed for names that no tree may hold."""
        return self._add("tree", formats.format_tree(entries))

    def add_lines(self, lines: Iterable[bytes]) -> str:
        """Add a tree of these lines, which are those of `formats.tree_lines`."""
        return self._add("tree", b"".join(lines))

    def add_commit(
        self,
        tree: str,
        parents: Iterable[str],
        message: str,
        author: str,
        when: int,
        *,
        committer: str | None = None,
        committer_when: int | None = None,
    ) -> str:
        """Add a commit; times are seconds since the epoch, the committer is the author unless named."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines.append(f"author {ident.stamped(author, when)}")
        lines.append(
            f"committer {ident.stamped(committer or author, when if committer_when is None else committer_when)}"
        )
        body = message.replace("\0", "").rstrip("\n")
        return self._add("commit", formats.encode("\n".join([*lines, "", body, ""])))

    def include(self, tree: str, known: Iterable[str]) -> None:
        """Take along, with the next flush, what a tree has and none of the known trees has: a git wrote it.

        The known trees are kept by refs already. Files are taken along up to INCLUDED bytes.
        """
        trees: dict[str, bytes] = {}
        files: dict[str, None] = {}
        self._news(tree, tuple(known), trees, files)
        room = INCLUDED
        near = {oid: found for oid in files if (found := self._loose(oid))}
        far = self.blobs((oid for oid in files if oid not in near), room)
        for oid, data in chain(((oid, found[1]) for oid, found in near.items()), far):
            if data is not None and len(data) <= room:
                room -= len(data)
                self._included[oid] = ("blob", data)
        for oid, data in trees.items():
            self._included[oid] = ("tree", data)

    def _news(
        self, tree: str, known: tuple[str, ...], trees: dict[str, bytes], files: dict[str, None]
    ) -> None:
        """Put the trees and files below this tree that none of the known trees has, at the same path, into these."""
        if tree in known or tree in trees:
            return
        data = self._get(tree, "tree")
        beside = [{entry.name: entry for entry in self.tree(oid)} for oid in known]
        for entry in formats.parse_tree(tree, data):
            there = [entries[entry.name] for entries in beside if entry.name in entries]
            if entry.mode == GITLINK or any(each.oid == entry.oid for each in there):
                continue
            if entry.mode == TREE:
                self._news(entry.oid, tuple(each.oid for each in there if each.mode == TREE), trees, files)
            else:
                files[entry.oid] = None
        trees[tree] = data

    def include_commit(self, oid: str) -> None:
        """As `include`, for a commit and what it has beyond its parents."""
        data = self._get(oid, "commit")
        commit = formats.parse_commit(oid, data)
        self.include(commit.tree, (self.commit(parent).tree for parent in commit.parents))
        self._included[oid] = ("commit", data)

    def flush(self) -> None:
        """Make everything that was added durable, and safe from a git that prunes, as long as this is open.

        It is written down in the journal, which keeps it safe for longer; what is too large for that isn't.
        """
        added, included = self._added, self._included
        if not (added or included):
            return
        from gt.git import journal, mending, presence

        everything = {**included, **added}
        small = sum(len(data) for _, data in everything.values()) <= JOURNALLED
        if small:
            self._flushed = [loose.deflate(oid, *each) for oid, each in everything.items()]
            journal.append(self._repo, self._flushed, lambda: mending.mend(self._repo))
        if small and len(added) < BULK:
            loose.store(self._repo, self._folder, [each for each in self._flushed if each.oid in added])
        elif added:
            from gt.git import packing

            self._keeps.append(packing.store(self._repo, added.values()))
        for oid in presence.absent(self._repo, included):
            loose.store(self._repo, self._folder, [loose.deflate(oid, *included[oid])])
        added.clear()
        included.clear()

    def stand(self) -> None:
        """See to it that what was flushed last is still there: a pruning git takes what no ref leads to."""
        from gt.git import presence

        gone = set(presence.absent(self._repo, (each.oid for each in self._flushed)))
        if gone:
            loose.store(self._repo, self._folder, [each for each in self._flushed if each.oid in gone])

    def _add(self, kind: str, data: bytes) -> str:
        oid = loose.name_of(self._repo, kind, data)
        self._added[oid] = (kind, data)
        return oid

    def _get(self, oid: str, wanted: str) -> bytes:
        self._check(oid)
        found = (
            self._added.get(oid)
            or self._loose(oid)
            or self._packed(oid)
            or self._loose(oid)
            or self._asked(oid)
            or self._given_back(oid)
        )
        if found is None:
            raise MissingObject(oid)
        kind, data = found
        if kind != wanted:
            raise Malformed(oid, f"is a {kind}, not a {wanted}")
        return data

    def _check(self, oid: str) -> None:
        if len(oid) != WIDTH[self._repo.object_format] or oid.strip("0123456789abcdef"):
            raise Malformed(repr(oid), "isn't an object id of this repository")

    def _check_size(self, oid: str, limit: int | None) -> None:
        if limit is None:
            return
        with suppress(MissingObject):  # whoever reads it may still get it back
            size = self.size(oid)
            if size > limit:
                raise Malformed(oid, f"is {size} bytes; at most {limit} are read")

    def _is_loose(self, oid: str) -> bool:
        return any(loose.is_there(folder, oid) for folder in self._folders)

    def _loose(self, oid: str) -> tuple[str, bytes] | None:
        return next((found for folder in self._folders if (found := loose.load(folder, oid))), None)

    def _opened_packs(self) -> Packs:
        if self._packs is None:
            from gt.git.packs import Packs

            self._packs = Packs(self._folders, self._repo.object_format)
        return self._packs

    def _packed(self, oid: str) -> tuple[str, bytes] | None:
        # A gc that swaps packs and their index under dulwich makes it fail in many ways; git is asked then.
        with suppress(Exception):
            return self._opened_packs().load(oid)
        return None

    def _asked(self, oid: str) -> tuple[str, bytes] | None:
        """What git says: it reads what dulwich can't, and fetches what a partial clone left out."""
        from gt.git.run import git

        header, _, rest = git(self._repo, "cat-file", "--batch", stdin=f"{oid}\n".encode()).out.partition(
            b"\n"
        )
        fields = header.decode("ascii", "replace").split(" ")
        return (fields[1], rest[:-1]) if len(fields) == 3 else None

    def _given_back(self, oid: str) -> tuple[str, bytes] | None:
        """What the journal has of it."""
        from gt.git import mending

        return mending.give_back(self._repo, oid)

    def _batch(self, oids: list[str], limit: int | None) -> Iterator[bytes | None]:
        if not oids:
            return
        from gt.git.run import git_stream

        asked = "".join(f"{oid}\n" for oid in oids).encode()
        with git_stream(self._repo, "cat-file", "--batch", "--buffer", stdin=asked) as out:
            for oid in oids:
                _, _, said = out.readline().decode("ascii", "replace").rstrip("\n").partition(" ")
                kind, _, size = said.partition(" ")
                if not size.isdigit():
                    kind, data = self._given_back(oid) or ("", b"")
                    yield data if kind == "blob" and (limit is None or len(data) <= limit) else None
                elif kind != "blob" or (limit is not None and int(size) > limit):
                    _skip(out, int(size) + 1)
                    yield None
                else:
                    yield out.read(int(size) + 1)[:-1]


def _skip(out: IO[bytes], count: int) -> None:
    while count > 0:
        count -= len(out.read(min(count, 1 << 16))) or count
