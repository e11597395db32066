"""What differs between two trees, told in this process: only folders that differ are opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gt.git.formats import EXECUTABLE, FILE, GITLINK, SYMLINK, TREE, Entry
from gt.git.objects import Objects

KIND = 0o170000
"""The bits of a mode that say what it is."""


class Change(NamedTuple):
    """One path that differs between two trees; mode 0 and the null id where it doesn't exist."""

    mode_old: int
    mode_new: int
    oid_old: str
    oid_new: str
    path: str


def diff_trees(odb: Objects, old: str | None, new: str | None, zero: str) -> Iterator[Change]:
    """The files that differ between two trees (None: the empty one), as `git diff-tree -r --no-renames` has them.

    A submodule is a file here. `zero` is the null id. Raises MissingObject, and Malformed for a damaged tree.
    """
    yield from _below(odb, "", _entries(odb, old), _entries(odb, new), zero)


def _entries(odb: Objects, tree: str | None) -> dict[str, Entry]:
    return {} if tree is None else {entry.name: _plain(entry) for entry in odb.tree(tree)}


def _plain(entry: Entry) -> Entry:
    """With one of the five modes that there are: git takes others for these."""
    kind = entry.mode & KIND
    if kind == FILE & KIND:
        return Entry(EXECUTABLE if entry.mode & 0o100 else FILE, entry.name, entry.oid)
    if kind in (TREE, SYMLINK):
        return Entry(kind, entry.name, entry.oid)
    return Entry(GITLINK, entry.name, entry.oid)


def _below(
    odb: Objects, at: str, old: dict[str, Entry], new: dict[str, Entry], zero: str
) -> Iterator[Change]:
    found: list[tuple[bytes, Entry | None, Entry | None]] = []
    for name in old.keys() | new.keys():
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if before is not None and after is not None and (before.mode == TREE) is not (after.mode == TREE):
            found += [(_order(before), before, None), (_order(after), None, after)]
        else:
            found.append((_order(before or after), before, after))
    for _, before, after in sorted(found, key=lambda each: each[0]):
        one = before or after
        assert one is not None
        if one.mode == TREE:
            folder = f"{at}{one.name}/"
            inner = [_entries(odb, side.oid if side else None) for side in (before, after)]
            yield from _below(odb, folder, inner[0], inner[1], zero)
        else:
            yield Change(
                before.mode if before else 0,
                after.mode if after else 0,
                before.oid if before else zero,
                after.oid if after else zero,
                f"{at}{one.name}",
            )


def _order(entry: Entry | None) -> bytes:
    """Git's order of names: a folder as if its name ended with a slash."""
    assert entry is not None
    name = entry.name.encode("utf-8", "surrogateescape")
    return name + b"/" if entry.mode == TREE else name
