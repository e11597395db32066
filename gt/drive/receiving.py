"""What was pushed to a shared repository: recorded as submitted, and landed by the Refinery, for as long as one waits.

The push only says that it is worth looking now: every branch of an attempt that is here is looked at, whoever pushed it
and when.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gt import lock
from gt.core.bead import Bead, Phase, Result
from gt.core.values import dataclass
from gt.core.world import Queued, Standing
from gt.drive import merge
from gt.drive.admitting import WORK, work_named
from gt.errors import GtError
from gt.fleet.children import Children
from gt.git import refs
from gt.git.repo import Repo
from gt.lock import Held
from gt.refinery import pins
from gt.refinery.places import merge_lock
from gt.store.ledger import Ledger
from gt.store.targets import targets
from gt.verbs.receive import receive

LOOK = 0.2
"""Seconds between two looks at what has become of it, at most: another process may be the one that lands it."""

LOGS = 20
"""How many logs of such processes are kept."""


@dataclass(frozen=True, slots=True)
class Received:
    """One branch of an attempt, as it is in this repository now."""

    bead: str
    token: str
    commit: str
    new: bool
    """Whether it was recorded by this call."""
    trouble: str = ""
    """Why it could not be recorded; empty where it is."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What has become of a submission."""

    bead: str
    token: str
    landed: str | None = None
    """The commit on the target."""
    ended: str = ""
    """How it was refused, and why: several lines."""
    waits: str = ""
    """Why it is neither, as a clause after the Bead's id."""
    held: bool = False
    """Whether it waits for a person."""

    @property
    def decided(self) -> bool:
        return self.landed is not None or bool(self.ended)


def record(repo: Repo, ledger: Ledger, now: int) -> tuple[Received, ...]:
    """Record every branch of an attempt that is here and whose Bead is leased under its token by another clone.

    One call at a time does: another finds it done. Killed between two of them, the next call records the rest. Raises
    NotFound where no town is.
    """
    targets(repo)
    with lock.hold(repo.gt_dir / "receiving.lock"):
        return tuple(_recorded(repo, ledger, now))


def _recorded(repo: Repo, ledger: Ledger, now: int) -> Iterator[Received]:
    with ledger.read() as snapshot:
        live = {bead.id: bead for bead in snapshot.live()}
    for ref, commit in sorted(refs.listing(repo, WORK).items()):
        bead, token = work_named(ref) or ("", "")
        if not _concerns(live.get(bead), token):
            continue
        try:
            new = receive(repo, ledger, bead, token, now) is not None
        except GtError as error:
            yield Received(bead, token, commit, new=False, trouble=error.message)
        else:
            yield Received(bead, token, commit, new)


def _concerns(bead: Bead | None, token: str) -> bool:
    if bead is None:
        return False
    held = (bead.status.lease, bead.status.submission)
    return any(each is not None and each.token == token for each in held)


def is_due(ledger: Ledger) -> bool:
    """Whether anything is submitted."""
    with ledger.read() as snapshot:
        return bool(snapshot.in_phase(Phase.SUBMITTED))


# the Refinery, in a process of its own


@contextmanager
def turn(repo: Repo, patience: float) -> Iterator[Held | None]:
    """The merge lock, once whoever merges now has ended; None where another waits already: he will see what we have.

    So however many pushes there are, one merges and one waits. Raises Busy after `patience` seconds.
    """
    waiting = lock.try_hold(_waiting(repo))
    if waiting is None:
        yield None
        return
    with ExitStack() as stack:
        try:
            merging = stack.enter_context(lock.hold(merge_lock(repo), patience))
        finally:
            lock.release(waiting)
        yield merging


def _waiting(repo: Repo) -> Path:
    return repo.gt_dir / "receive.lock"


@dataclass(slots=True)
class Refinery:
    """A process that lands what is submitted here, and what comes of it for those who wait."""

    repo: Repo
    ledger: Ledger
    children: Children
    clock: Callable[[], int]

    @classmethod
    def start(
        cls, repo: Repo, ledger: Ledger, environ: Mapping[str, str], clock: Callable[[], int]
    ) -> Refinery:
        """Start it; it goes on when we end."""
        folder = repo.gt_dir / "receive"
        children = Children(folder, repo.git_dir, environ)
        children.start(f"{os.getpid()}", ["receive", "--merge"])
        for old in sorted(folder.glob("*.log"), key=lambda each: each.stat().st_mtime)[:-LOGS]:
            old.unlink(missing_ok=True)
        return cls(repo, ledger, children, clock)

    def watch(self, wanted: Mapping[str, str], seconds: float, told: Callable[[Fate], None]) -> list[Fate]:
        """Wait for what becomes of these (token by Bead), so long at most; `told` hears of each when it is decided.

        Returns those that aren't.
        """
        left = dict(wanted)
        until = time.monotonic() + seconds
        seen = None
        while left:
            idle = not self.children.running and lock.is_free(merge_lock(self.repo)) is not False
            over = idle or time.monotonic() >= until
            now = (self.ledger.tip(), *(pins.tips(self.repo, name) for name in targets(self.repo)))
            if now != seen or over:
                seen = now
                fates = fates_of(self.repo, self.ledger, left, self.clock())
                for fate in fates:
                    if fate.decided:
                        told(fate)
                        del left[fate.bead]
                if over:
                    return [fate for fate in fates if not fate.decided]
            self.children.wait(min(LOOK, max(0.0, until - time.monotonic())))
        return []


def fates_of(repo: Repo, ledger: Ledger, wanted: Mapping[str, str], now: int) -> list[Fate]:
    """What has become of these submissions (token by Bead), recorded or not."""
    seen = merge.look(repo, ledger, now)
    queued = {each.bead: each for each in seen.queue.queued}
    with ledger.read() as snapshot:
        beads = {name: snapshot.find(name) for name in wanted}
    fates = []
    for name, token in wanted.items():
        there = seen.landings.get(name)
        if there is not None:
            fates.append(Fate(name, token, there.commit))
        else:
            fates.append(_fate(name, token, beads[name], queued.get(name)))
    return fates


def _fate(name: str, token: str, bead: Bead | None, queued: Queued | None) -> Fate:
    if bead is None:
        return Fate(name, token, ended="is gone from the ledger")
    attempt, sub = bead.attempt(token), bead.status.submission
    if bead.status.landed is not None and sub is not None and sub.token == token:
        return Fate(name, token, bead.status.landed.commit)
    if attempt is not None and attempt.result is not Result.SUBMITTED:
        return Fate(name, token, ended=f"{attempt.result}: {attempt.reason}")
    why = queued.why if queued is not None else f"is {bead.phase}"
    return Fate(name, token, waits=why, held=queued is not None and queued.standing is Standing.HELD)
