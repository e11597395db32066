"""A Snapshot as readers see it: landings that the ledger doesn't record yet are laid over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from gt.core.bead import Bead, Landed, Phase
from gt.core.ready import Cause, Waiting, waiting
from gt.core.state import TownState
from gt.errors import Malformed, NotFound

if TYPE_CHECKING:
    from gt.cli.context import Context
    from gt.git.repo import Repo
    from gt.store.based import Bases
    from gt.store.snapshot import Snapshot


@contextmanager
def looking(gt: Context, at: str | None = None) -> Iterator[View]:
    """A look at the ledger as it is, or as it was at a commit or a time. Raises what reading it raises."""
    if at is None:
        with gt.ledger.read() as snapshot:
            yield View(gt.repo, snapshot, gt.now)
        return
    from gt.store import past

    then = past.moment(gt.repo, at, gt.now)
    with past.read_at(gt.ledger, then.commit) as snapshot:
        yield View(gt.repo, snapshot, then.at, past=True)


class View:
    """One look at the ledger at a time, `now`. Targets are asked only where something is submitted.

    `past`: it is of old, and says what the ledger said: where the targets are today doesn't count.
    """

    def __init__(self, repo: Repo, snapshot: Snapshot, now: int, *, past: bool = False) -> None:
        self.repo = repo
        self.snapshot = snapshot
        self.now = now
        self.past = past

    @cached_property
    def landings(self) -> Mapping[str, Landed]:
        """For each submitted Bead that its target has already: where."""
        if self.past:
            return {}
        began = self.snapshot.submitted_on()
        if not began:
            return {}
        from gt.store.targets import targets, tip

        try:
            names = targets(self.repo)
        except NotFound:
            return {}
        tips = {name: tip(self.repo, name) for name in names}
        # Where no target moved since, nothing has landed, and nothing more need be imported to say so.
        if all(tips.get(base) in (None, commit) for base, commit in began):
            return {}
        from gt.refinery.landed import derive

        return derive(self.repo, self.snapshot.in_phase(Phase.SUBMITTED), names, self.state.acknowledged)

    @cached_property
    def state(self) -> TownState:
        """Whether the town is paused."""
        return self.snapshot.state()

    @property
    def paused(self) -> bool:
        """Whether a person had stopped the town at that time."""
        return self.state.is_paused(self.now)

    def over(self, bead: Bead) -> Bead:
        """The Bead, landed if its target has it."""
        if bead.phase is not Phase.SUBMITTED or bead.id not in self.landings:
            return bead
        return replace(bead, status=replace(bead.status, phase=Phase.LANDED, landed=self.landings[bead.id]))

    def look(self, bead: str) -> Bead | None:
        """The Bead of this whole id, None if there is none."""
        found = self.snapshot.find(bead)
        return found and self.over(found)

    def children(self, bead: str) -> tuple[Bead, ...]:
        """The Beads whose parent this is."""
        return tuple(map(self.over, self.snapshot.children(bead)))

    def reverts(self, bead: str) -> tuple[Bead, ...]:
        """The Beads that are linked to this one as its reverts."""
        from gt.core.reverts import LINK

        return tuple(map(self.over, self.snapshot.linked_to(bead, f"link:{LINK}")))

    def waiting(self, bead: Bead) -> Waiting | None:
        """What the Bead waits for, None if it is ready. What it waits for may be a file that can't be read."""
        try:
            found = waiting(bead, self.look, self.children, self.now, self.state)
            return found or self._lacking(bead)
        except Malformed as error:
            return Waiting(Cause.DANGLING, f"depends on what can't be read: {error.message}", hint=error.hint)

    def _lacking(self, bead: Bead) -> Waiting | None:
        """That its base hasn't got what it needs, though that has landed."""
        if self.past or not (bead.spec.needs or bead.spec.parent):
            return None
        lack = self._bases.lacking([bead], self.look).get(bead.id)
        return lack.waiting if lack is not None else None

    @cached_property
    def _bases(self) -> Bases:
        from gt.store.based import Bases, beginnings
        from gt.store.targets import targets, tip

        try:
            found = {name: tip(self.repo, name) for name in targets(self.repo)}
        except NotFound:
            found = {}
        tips = {name: oid for name, oid in found.items() if oid is not None}
        return Bases(self.repo, beginnings(self.repo, tips), self.state.acknowledged)

    def below(self, bead: Bead, ancestor: str) -> bool:
        """Whether the Bead is below this one, at any depth."""
        seen: set[str] = set()
        above = bead.spec.parent
        while above is not None and above not in seen:
            if above == ancestor:
                return True
            seen.add(above)
            found = self.snapshot.find(above)
            above = found.spec.parent if found else None
        return False
