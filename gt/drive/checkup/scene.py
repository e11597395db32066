"""What all checks share: one look at the ledger, the refs and the settings of a clone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gt.core.bead import Bead
from gt.core.page import Page
from gt.core.values import dataclass
from gt.errors import Malformed
from gt.git.repo import Repo
from gt.store.ledger import Ledger, Snapshot

Tell = Callable[[str], None]
"""Told what is being looked at, where that takes a while."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One clone at one moment."""

    repo: Repo
    ledger: Ledger
    now: int
    snapshot: Snapshot | None
    """The ledger; None if there is none that can be read."""
    beads: Mapping[str, Bead]
    """Every Bead that can be read."""
    pages: tuple[Page, ...]
    problems: tuple[Malformed, ...]
    """Every file of the ledger that can't."""
    pins: Mapping[str, str]
    """The refs below refs/gt."""
    targets: tuple[str, ...]
    """As `gt.target` names them."""
    tell: Tell

    def find(self, bead: str) -> Bead | None:
        """A Bead by its whole id; raises Malformed for one that can't be read, and where nothing is known."""
        if self.snapshot is None:
            raise Malformed("beads", "can't be read")
        return self.snapshot.find(bead)
