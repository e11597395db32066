"""A directory tree as it was, put back in place as often as wanted: most of it never changed, and isn't touched."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

Look = tuple[int, int, int, int]
"""Inode, size, and the times of the last change of content and of the inode, in ns."""


@dataclass(frozen=True, slots=True)
class Left:
    """A file, symbolic link or folder (mode and content), and the inode that hard links share."""

    mode: int
    content: bytes
    inode: int


Changes = Mapping[str, Left | None]
"""What differs from a tree as it was, by path; None has gone."""


class Still:
    """Remembers the tree below `root`; directories that stay keep their inodes, which may name a clone."""

    def __init__(self, root: Path, store: Path) -> None:
        self.root = root
        self._store = str(store)
        shutil.copytree(root, store, symlinks=True)
        self._files, self._folders = _look(str(root))

    def put_back(self, changes: Changes | None = None) -> None:
        """Make the tree what it was, or what it was at these changes."""
        root = str(self.root)
        files, folders = _look(root)
        for name in files.keys() - self._files.keys():
            os.unlink(root + name)
        for name in sorted(folders - self._folders, reverse=True):
            os.rmdir(root + name)
        for name in sorted(self._folders - folders):
            os.mkdir(root + name)
        for name, look in self._files.items():
            if files.get(name) != look:
                if name in files:
                    os.unlink(root + name)
                shutil.copy2(self._store + name, root + name, follow_symlinks=False)
                self._files[name] = _stat(os.lstat(root + name))
        _apply(root, changes or {})

    def changes(self) -> Changes:
        """What differs from the tree as it was; what sqlite shares between processes doesn't count."""
        root = str(self.root)
        files, folders = _look(root)
        found: dict[str, Left | None] = dict.fromkeys(self._files.keys() - files.keys())
        found |= dict.fromkeys(self._folders - folders)
        for name in folders - self._folders:
            found[name] = Left(os.lstat(root + name).st_mode, b"", 0)
        for name, look in files.items():
            if look != self._files.get(name) and not name.endswith("-shm"):
                found[name] = _left(root + name)
        return found

    def has_folder(self, name: str) -> bool:
        """Whether the tree had this folder as it was."""
        return not name or name in self._folders

    def lefts(self, names: Collection[str]) -> Changes:
        """These files of the tree, which haven't changed, as if they had."""
        return {name: _left(f"{self.root}{name}") for name in names}

    def content(self, name: str, inode: int) -> bytes:
        """What the file of this inode had in it when the tree was as it was: nothing if it is new."""
        known = self._files.get(name)
        if known is None or known[0] != inode:
            return b""
        with open(self._store + name, "rb") as file:
            return file.read()

    def nameless(self, changes: Changes) -> frozenset[tuple[str, bytes | None]]:
        """The changes with only the folders of new files: gt draws their names."""
        return frozenset(
            (
                name
                if left is None or name in self._files or stat.S_ISDIR(left.mode)
                else os.path.dirname(name),
                left.content if left else None,
            )
            for name, left in changes.items()
        )


def _apply(root: str, changes: Changes) -> None:
    places: dict[int, str] = {}
    for name in sorted(changes, reverse=True):
        if changes[name] is None:
            (os.rmdir if os.path.isdir(root + name) else os.unlink)(root + name)
    for name, left in sorted(changes.items()):
        if left is None:
            continue
        path = root + name
        if stat.S_ISDIR(left.mode):
            os.mkdir(path)
            continue
        if os.path.lexists(path):
            os.unlink(path)
        if left.inode in places:
            os.link(places[left.inode], path)
        elif stat.S_ISLNK(left.mode):
            os.symlink(left.content, path)
        else:
            with open(path, "wb") as file:
                file.write(left.content)
            os.chmod(path, stat.S_IMODE(left.mode))
        places[left.inode] = path


def _look(root: str) -> tuple[dict[str, Look], set[str]]:
    """All files and all folders below, by their path from there."""
    files, folders, todo = {}, set(), [""]
    while todo:
        above = todo.pop()
        with os.scandir(root + above) as entries:
            for entry in entries:
                name = f"{above}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.add(name)
                    todo.append(name)
                else:
                    files[name] = _stat(entry.stat(follow_symlinks=False))
    return files, folders


def _stat(seen: os.stat_result) -> Look:
    return seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns


def _left(path: str) -> Left:
    seen = os.lstat(path)
    if stat.S_ISLNK(seen.st_mode):
        return Left(seen.st_mode, os.fsencode(os.readlink(path)), seen.st_ino)
    with open(path, "rb") as file:
        return Left(seen.st_mode, file.read(), seen.st_ino)
