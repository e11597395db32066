"""What differs between two trees, and a tree with a few files put otherwise, in this process: only folders that differ
are opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gt.errors import Malformed
from gt.git.formats import EXECUTABLE, FILE, GITLINK, SYMLINK, TREE, Entry, tree_line, tree_lines
from gt.git.objects import Objects
from gt.git.remembered import Remembered

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


def patched(odb: Objects, tree: str, changes: Iterable[Change]) -> str:
    """The tree with these paths as they are after the changes; an empty folder goes. Not flushed.

    Raises Malformed where a file is in the way of a folder, or the other way round, and for names no tree may hold.
    """
    return _patched(odb, tree, [(change.path, change) for change in changes]) or odb.add_tree(())


def merged_apart(odb: Objects, ours: str, changes: Iterable[Change]) -> str | None:
    """The tree that a merge makes of a tree and what another side changed of their only merge base. Not flushed.

    None unless ours has each of these paths just as the base had it, or has nothing there as the base had nothing, nor a
    file in the way of its folders, which git may move: then the merge is theirs there, and ours everywhere else. Renames,
    where folders' aren't followed, can't change that. What theirs renamed is untouched in ours, and nothing stands where
    it goes; what ours renamed or removed is none of these paths, so theirs has it as the base had it. No file is merged,
    so no attributes count. Raises MissingObject and Malformed.
    """
    changes = tuple(changes)
    return patched(odb, ours, changes) if are_apart(odb, ours, changes) else None


def are_apart(odb: Objects, ours: str, changes: Iterable[Change]) -> bool:
    """Whether `merged_apart` tells what these changes come to on a tree; none is made. Raises as it does."""
    return all(_at(odb, ours, each.path) == (each.mode_old, each.oid_old) for each in changes)


def keeps(odb: Objects, tree: str, change: Change) -> bool:
    """Whether a tree has a file at this path, or none, as there was or wasn't one before the change."""
    found = _at(odb, tree, change.path)
    return found is not None and bool(found[0]) is bool(change.mode_old)


def _at(odb: Objects, tree: str, path: str) -> tuple[int, str] | None:
    """Mode and id of what a tree has at a path; mode 0 and the null id if nothing, None if a file is in its way."""
    there = Entry(TREE, "", tree)
    for name in path.split("/"):
        if there.mode != TREE:
            return None
        found = _entries(odb, there.oid).get(name)
        if found is None:
            return 0, "0" * len(tree)
        there = found
    return there.mode, there.oid


def _patched(odb: Objects, tree: str | None, changes: list[tuple[str, Change]]) -> str | None:
    entries = dict(_entries(odb, tree))
    below: dict[str, list[tuple[str, Change]]] = {}
    for path, change in changes:
        name, slash, rest = path.partition("/")
        there = entries.get(name)
        if there is not None and (there.mode == TREE) is not bool(slash):
            raise Malformed(path, "is a folder in one tree, and a file in the other")
        if slash:
            below.setdefault(name, []).append((rest, change))
        elif change.mode_new:
            entries[name] = Entry(change.mode_new, name, change.oid_new)
        else:
            entries.pop(name, None)
    for name, inner in below.items():
        there = entries.pop(name, None)
        made = _patched(odb, there.oid if there else None, inner)
        if made is not None:
            entries[name] = Entry(TREE, name, made)
    if not entries:
        return None
    oid = odb.add_lines(_lines_now(odb, tree, entries, {path.partition("/")[0] for path, _ in changes}))
    _read.put(oid, entries)
    return oid


def _lines_now(odb: Objects, tree: str | None, entries: dict[str, Entry], named: set[str]) -> Iterable[bytes]:
    """The lines of a tree once these names in it are other entries: where all of them stay what they were, and where
    they were, no other line is written anew.
    """
    before = _entries(odb, tree)
    if tree is None or not all(
        name in entries and name in before and (entries[name].mode == TREE) is (before[name].mode == TREE)
        for name in named
    ):
        return tree_lines(entries.values()).values()
    lines = dict(_lines.or_make(tree, lambda: tree_lines(before.values())))
    lines.update((name, tree_line(entries[name])) for name in named)
    return lines.values()


_read: Remembered[str, dict[str, Entry]] = Remembered(2048)
"""The last trees that were read here, by their ids. They are copied before anything is put otherwise."""

_lines: Remembered[str, dict[str, bytes]] = Remembered(256)
"""Of the last trees in which something was put otherwise: their lines."""


def _entries(odb: Objects, tree: str | None) -> dict[str, Entry]:
    if tree is None:
        return {}
    return _read.or_make(tree, lambda: {entry.name: plain(entry) for entry in odb.tree(tree)})


def plain(entry: Entry) -> Entry:
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
        if before is after or before == after:  # what was only put together anew shares most of its entries
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
