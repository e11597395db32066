"""A merge in a town whose targets are pushed: what the remote has first, what was done here last."""

from __future__ import annotations

from collections.abc import Callable

from gt.core.town import Town
from gt.core.values import dataclass
from gt.errors import GtError
from gt.refinery import branches, outward, pins, upstream
from gt.refinery.moving import Mover
from gt.store.ledger import Ledger
from gt.verbs.sync import sync


@dataclass(frozen=True, slots=True)
class Abroad:
    """The remote that a target is pushed to; `shared`: several machines work the town through it; `offers`: others land there."""

    mover: Mover
    ledger: Ledger
    target: str
    remote: str
    shared: bool
    offers: bool

    def arrive(self) -> None:
        """Take over what is there: the ledger and what others submitted, and the target if ours is only behind.

        What keeps ours behind is the target's trouble, found by the next look at it. Raises Unreachable, Denied, Busy,
        and what `sync` raises.
        """
        mover, repo = self.mover, self.mover.repo
        if self.shared:
            self._sync()
        upstream.look(repo, self.remote, [self.target])
        upstream.follow(mover, self.target)
        pins.catch_up(repo, self.target, actor=mover.actor, now=mover.now)
        outward.tell(mover, self.remote, self.target)

    def depart(self, say: Callable[[str], None]) -> None:
        """Send what the ledger says of it now, and take away what is offered no more; what can't be done is said.

        The next sync, and the next merge, do that.
        """
        try:
            if self.shared:
                self._sync()
            if self.offers:
                with self.ledger.read() as snapshot:
                    branches.sweep(self.mover.repo, self.remote, snapshot.find)
        except GtError as error:
            say(f"not yet on {self.remote}: {error.message}")

    def _sync(self) -> None:
        actor, now = self.mover.actor, self.mover.now
        sync(self.ledger, self.remote, send=True, restore=False, follow=False, actor=actor, now=now)


def abroad(mover: Mover, ledger: Ledger, target: str, town: Town | None) -> Abroad | None:
    """The remote of a target with these settings; None where it isn't pushed, or nobody can say."""
    if town is None or town.refinery.push is None:
        return None
    return Abroad(
        mover,
        ledger,
        target,
        town.refinery.push,
        town.coordination == "remote",
        town.refinery.land is not None,
    )
