"""What a commit of the ledger changed, as values: Beads, pages and the town's state before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gt.core.changes import Change, changes
from gt.core.data import bead_data, page_data
from gt.core.values import dataclass
from gt.errors import GtError, Malformed
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.touched import Touched, touched
from gt.store import codec
from gt.store.layout import META, STATE


@dataclass(frozen=True, slots=True)
class Patch:
    """What one commit did to one object of the ledger."""

    kind: str
    """Bead, Page, TownState or Ledger; File for what isn't the ledger's."""
    name: str
    """Its id; of what has none, the path."""
    changes: tuple[Change, ...]


def patches(repo: Repo, commits: Iterable[str]) -> dict[str, tuple[Patch, ...]]:
    """What each of these commits did, fields as JSON has them; nothing for a merge, whose parents did it.

    A file that couldn't be read then stands as one field, `unreadable`, with the reason.
    """
    found = touched(repo, commits)
    with Objects(repo) as odb:
        contents = blobs(odb, (each for files in found.values() for each in files))
        return {commit: tuple(_patch(each, contents) for each in files) for commit, files in found.items()}


def blobs(odb: Objects, files: Iterable[Touched]) -> Mapping[str, bytes | None]:
    """The contents of these files before and after, by object id; None for what is too large, or missing."""
    wanted = dict.fromkeys(oid for each in files for oid in (each.old, each.new) if oid)
    return dict(odb.blobs(wanted, codec.MAX_BYTES))


def kind_of(path: str) -> str:
    """Which kind of object lies there."""
    if path.endswith(".yaml"):
        if path.startswith("beads/"):
            return "Bead"
        if path.startswith("pages/"):
            return "Page"
    return {STATE: "TownState", META: "Ledger"}.get(path, "File")


def _patch(file: Touched, contents: Mapping[str, bytes | None]) -> Patch:
    kind = kind_of(file.path)
    name = file.path.rpartition("/")[2].removesuffix(".yaml") if kind in ("Bead", "Page") else file.path
    if kind == "File":
        return Patch(kind, name, tuple(_presence(file)))
    old, new = (_data(kind, file.path, oid, contents) for oid in (file.old, file.new))
    return Patch(kind, name, changes(old, new))


def _presence(file: Touched) -> Iterator[Change]:
    yield Change("content", file.old, file.new)


def _data(
    kind: str, path: str, oid: str | None, contents: Mapping[str, bytes | None]
) -> dict[str, Any] | None:
    if oid is None:
        return None
    content = contents[oid]
    try:
        if content is None:
            raise Malformed(path, "is too large, or missing from this clone")
        if kind == "Bead":
            return bead_data(codec.decode(content, path), seconds=True)
        if kind == "Page":
            return page_data(codec.decode_page(content, path))
        return codec.load(content, path)
    except GtError as error:
        return {"unreadable": error.why if isinstance(error, Malformed) else error.message}
