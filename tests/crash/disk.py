"""What a power cut leaves: a model of a disk that keeps what was synced, and of the rest as little as it may.

A name is kept once its folder was synced, the content of a file once the file was; whatever else was written may be
lost or not, in any order.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tests.crash.still import Changes, Left, Still


@dataclass
class Disk:
    """The disk below a stage at one moment; it is told of every effect before that comes about."""

    still: Still
    volatile: Collection[str] = ()
    """Files of the stage as it was that nobody has synced."""
    _names: dict[str, Changes] = field(default_factory=dict)
    """For each folder that was synced what had changed in it by then."""
    _contents: dict[int, bytes] = field(default_factory=dict)
    """What was synced of each inode."""

    def told(self, effect: str) -> None:
        """What is about to be done."""
        kind, _, path = effect.partition(" ")
        root = str(self.still.root)
        if kind != "os.fsync" or not path.startswith(f"{root}/"):
            return
        if os.path.isdir(path):
            folder = path.removeprefix(root)
            there = self.still.changes().items()
            self._names[folder] = {name: left for name, left in there if os.path.dirname(name) == folder}
        else:
            with open(path, "rb") as file:
                self._contents[os.fstat(file.fileno()).st_ino] = file.read()

    def least(self) -> Changes:
        """Only what was synced is there."""
        kept = {name: left for there in self._names.values() for name, left in there.items()}
        return self._synced({name: left for name, left in kept.items() if self._is_reachable(name, kept)})

    def names(self) -> Changes:
        """All names are there, and in the files only what was synced."""
        return self._synced(self.still.changes())

    def _is_reachable(self, name: str, kept: Mapping[str, object]) -> bool:
        above = os.path.dirname(name)
        return self.still.has_folder(above) or (above in kept and self._is_reachable(above, kept))

    def _synced(self, changes: Changes) -> Changes:
        found: dict[str, Left | None] = {}
        for name, left in {**self.still.lefts(self.volatile), **changes}.items():
            if left is None or not stat.S_ISREG(left.mode):
                found[name] = left
            else:
                old = b"" if name in self.volatile else self.still.content(name, left.inode)
                found[name] = Left(left.mode, self._contents.get(left.inode, old), left.inode)
        return found
