"""How far gt has got with asking others to land a submission: what the ledger says, and what is kept here of the tries.

Loads little: every look at the queue asks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gt.core.bead import Offered, Submission
from gt.core.ids import work_branch
from gt.core.town import LandSpec, Town
from gt.core.values import dataclass
from gt.git.repo import Repo

TRIES = 2
"""How often the command is run for one submission before a person is called: it may have been killed, once."""

BEGUN = "begun"
"""The file that has `told` of what this clone set about last."""

GRACE = 120
"""Seconds beyond the command's own time that another machine has to say what became of it."""


@dataclass(frozen=True, slots=True)
class Tries:
    """What is known here of the tries for one submission."""

    folder: Path

    @property
    def begun(self) -> str:
        """What this clone set about last, as `told` says it; empty: nothing."""
        with suppress(OSError):
            return (self.folder / BEGUN).read_text("ascii", "replace")
        return ""

    def ours(self, offered: Offered | None) -> bool:
        """Whether it was this clone that set about it, as the ledger has it."""
        return offered is not None and self.begun == told(offered)

    @property
    def made(self) -> int:
        try:
            names = os.listdir(self.folder)
        except OSError:
            return 0
        stems = (name.removesuffix(".log") for name in names if name.endswith(".log"))
        return max((int(stem) for stem in stems if stem.isdecimal()), default=0)

    @property
    def left(self) -> int:
        """How many may still be made; one step is left where it succeeded, to write that down."""
        return 1 if self.url is not None else max(0, TRIES - self.made)

    @property
    def url(self) -> str | None:
        """Where people find what the command opened, empty if it didn't say; None: it isn't known to have succeeded."""
        with suppress(OSError):
            return (self.folder / "done").read_text("ascii", "replace")
        return None

    @property
    def why(self) -> str:
        """What became of the last one, as a clause."""
        try:
            said = self.log.with_suffix(".why").read_text("utf-8", "replace")
        except OSError:
            said = "its command was killed"
        return f"{said} (log: {self.log})"

    @property
    def log(self) -> Path:
        """What the last one printed."""
        return self.folder / f"{self.made}.log"


def told(offered: Offered) -> str:
    """What tells one setting about it from another: when, and on which commit of the target."""
    return f"{offered.at} {offered.tip}"


def tries(repo: Repo, bead: str, sub: Submission) -> Tries:
    """Those for this submission; nothing is written."""
    return Tries(repo.gt_dir / "offers" / f"{bead}-{sub.token}")


def forgive(repo: Repo, submitted: Iterable[tuple[str, Submission]]) -> None:
    """Forget the tries that failed for these: a person says so."""
    for bead, sub in submitted:
        known = tries(repo, bead, sub)
        if known.url is None:
            for number in range(1, known.made + 1):
                (known.folder / f"{number}.log").unlink(missing_ok=True)


def is_open(sub: Submission) -> bool:
    """Whether others are known to have been asked to land it."""
    return sub.offered is not None and sub.offered.opened is not None


def where(bead: str, sub: Submission, town: Town) -> str:
    """What people look for."""
    found = sub.offered.url if sub.offered else ""
    return found or f"{work_branch(bead, sub.token)} of {town.refinery.push}"


def is_elsewhere(repo: Repo, bead: str, sub: Submission, land: LandSpec, now: int) -> bool:
    """Whether another machine may be at it just now."""
    return not tries(repo, bead, sub).ours(sub.offered) and is_begun(sub, land, now)


def is_begun(sub: Submission, land: LandSpec, now: int) -> bool:
    """Whether some machine may be at it just now: it said so, and not yet what became of it."""
    begun = sub.offered
    return begun is not None and begun.opened is None and now < begun.at + land.timeout + GRACE
