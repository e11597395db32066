"""Whose turn it was to talk to a remote: so that one conversation does for all who wait for one.

A turn that began after I looked, and ended well, has taken along all that I had written before.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from urllib.parse import quote

from gt.core.values import dataclass
from gt.git.repo import Repo


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns with one remote, numbered. Only who holds the lock of syncing begins and ends one."""

    file: Path

    def latest(self) -> int:
        """The number of the last that began; 0 if none, or if nobody remembers."""
        return self._numbers()[0]

    def covers(self, seen: int) -> bool:
        """Whether a turn that began after `seen` was the latest has ended well."""
        return self._numbers()[1] > seen

    def begin(self) -> int:
        """Start a turn, once others have been let go first who were at it, too; returns its number."""
        time.sleep(self._yielding())
        began, ended = self._numbers()
        self._keep(began + 1, ended)
        return began + 1

    def end(self, turn: int, yielding: float = 0.0) -> None:
        """Write down that this turn ended well, and for how many seconds no other shall begin."""
        self._keep(turn, turn, yielding)

    def _yielding(self) -> float:
        """For how many seconds from now no turn shall begin."""
        try:
            _, _, wanted = json.loads(self.file.read_bytes())
            return max(0.0, min(float(wanted), os.stat(self.file).st_mtime + float(wanted) - time.time()))
        except (OSError, ValueError, TypeError):
            return 0.0

    def _numbers(self) -> tuple[int, int]:
        try:
            began, ended, _ = json.loads(self.file.read_bytes())
            return int(began), int(ended)
        except (OSError, ValueError, TypeError):
            return 0, 0

    def _keep(self, began: int, ended: int, yielding: float = 0.0) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        half = self.file.with_name(f"{self.file.name}.new")
        half.write_text(json.dumps([began, ended, yielding]), "utf-8")
        os.replace(half, self.file)


def turns(repo: Repo, remote: str) -> Turns:
    """The turns with this remote; they may be forgotten at any time."""
    return Turns(repo.gt_dir / "sync" / f"{quote(remote, safe='')}.turns")
