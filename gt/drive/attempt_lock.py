"""The lock of an attempt: taken before the claim, inherited by the agent, gone with the last of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from gt import lock
from gt.errors import Busy
from gt.fleet import roster
from gt.git.repo import Repo
from gt.lock import Held


@dataclass(slots=True)
class Seat:
    """Holds the lock of one attempt, once it is taken, until the end of the `with`; then its file goes, too."""

    repo: Repo
    held: Held | None = None

    def take(self, bead: str, token: str) -> None:
        """Take the lock of this attempt. Raises Busy: somebody made the same token, and uses it."""
        self._leave()
        self.held = lock.try_hold(roster.lock_path(self.repo, bead, token))
        if self.held is None:
            raise Busy(f"{bead}: the token {token} is taken")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        if self.held is not None:
            # Its token is never used again: nobody waits for this file.
            self.held.path.unlink(missing_ok=True)
            lock.release(self.held)
            self.held = None
