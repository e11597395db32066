"""One look at all that is submitted: what it was given, and what was looked up for it once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from gt.core.bead import Bead, Landed
from gt.core.state import TownState
from gt.core.town import Town
from gt.core.values import dataclass
from gt.core.world import Target
from gt.git.objects import Objects
from gt.git.remembered import Remembered
from gt.git.repo import Repo
from gt.refinery.aftermath import RED, RED_AFTER, Aftermath
from gt.refinery.refusals import Refusal

if TYPE_CHECKING:
    from gt.git.worktree import Worktree

_there: Remembered[tuple[Repo, str], bool] = Remembered(4096)
"""Submitted commits that were seen in a repository. Each is pinned there; should one be taken away, reading it says so."""


def missing(repo: Repo, commits: Iterable[str]) -> frozenset[str]:
    """Those of the submitted commits that aren't in this repository."""
    unseen = [commit for commit in commits if not _there.get((repo, commit))]
    if not unseen:
        return frozenset()
    with Objects(repo) as odb:
        found = {commit for commit in unseen if odb.has(commit)}
    for commit in found:
        _there.put((repo, commit), True)
    return frozenset(unseen) - found


@dataclass(frozen=True, slots=True)
class Look:
    """One look at everything."""

    repo: Repo
    beads: Mapping[str, Bead]
    towns: Mapping[str, Town]
    state: TownState
    landings: Mapping[str, Landed]
    now: int
    work: Mapping[str, Bead]
    """The commits of attempts that haven't landed."""
    missing: frozenset[str]
    """The submitted commits that aren't in this repository."""
    unrun: frozenset[str]
    """The keys under which some gate could not be run."""
    refused: Mapping[str, Refusal]
    """What git refused to land of what waits, by its name there."""
    places: dict[str, tuple[Worktree, ...]] = field(default_factory=dict)
    """For each target that was asked about: where it is checked out."""
    checkouts: dict[Path, tuple[bool, frozenset[str]]] = field(default_factory=dict)
    """For each worktree that was asked about: what `dirty` says of it."""

    def checked_out(self, target: str) -> tuple[Worktree, ...]:
        """Where a target is checked out, looked up once."""
        if target not in self.places:
            from gt.git.worktree import checked_out

            self.places[target] = checked_out(self.repo, target)
        return self.places[target]

    def dirty(self, there: Worktree) -> tuple[bool, frozenset[str]]:
        """What is dirty in a worktree, looked up once; and whether a landing was writing files by then."""
        if there.path not in self.checkouts:
            from gt.git.bringing import dirty
            from gt.refinery.checkout import is_under_way

            self.checkouts[there.path] = is_under_way(self.repo), dirty(self.repo, there)
        return self.checkouts[there.path]

    def unlanded(self) -> list[Bead]:
        """The Beads that aren't over."""
        return [b for b in self.beads.values() if not b.phase.over and b.id not in self.landings]


@dataclass(frozen=True, slots=True)
class Found:
    """One target, what is known of its tip, and the settings that candidates are judged by."""

    target: Target
    town: Town | None = None
    after: Aftermath | None = None
    left: int = 0
    """Gate runs that its queue may still have."""

    @property
    def mendable(self) -> bool:
        """Whether what is submitted is tried though nothing lands: one of them may mend the target."""
        return self.target.cause in (RED, RED_AFTER) and self.left > 0

    def gate_runs(self, trying: bool) -> int:
        """How many gate runs are left here; `trying`: something that is submitted for it is due."""
        runs = self.left if trying or not self.target.trouble else 0
        return runs + (self.after.left if self.after is not None and self.target.due else 0)
