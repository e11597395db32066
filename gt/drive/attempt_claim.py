"""`gt claim`: a person's lease, with a branch and a worktree made for it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gt.core.bead import Bead, Lease
from gt.drive.hands import Hands
from gt.drive.holder import holder
from gt.drive.observe import look_at_targets
from gt.errors import NotFound
from gt.fleet.places import place_of, recorded
from gt.git import refs, worktree
from gt.git.repo import Repo, discover
from gt.git.run import git
from gt.verbs.claim import Homes, claim

LASTS = 86400
"""Seconds of a person's lease that isn't given another end."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A Bead that is a person's, and where they may work on it."""

    bead: Bead
    worktree: Path
    changed: bool
    """Whether this call claimed it, or made the lease last longer."""


def take(hands: Hands, wanted: str | None, duration: int | None) -> Taken:
    """Claim the Bead with this whole id, or (None) the first that is ready, for so many seconds (None: a day).

    For a Bead that is theirs already a duration makes the lease last longer, and a missing worktree is made again.
    Raises what `claim` raises.
    """
    mine = False
    if wanted is not None:
        with hands.ledger.read() as snapshot:
            lease = snapshot.get(wanted).status.lease
        mine = lease is not None and lease.actor == hands.actor and not lease.lock
    claimed = claim(
        hands.repo,
        hands.ledger,
        wanted,
        holder=holder(hands, agent=False),
        homes=Homes(*look_at_targets(hands.repo)),
        duration=duration if mine else duration or LASTS,
        digits=hands.digits,
        now=hands.clock(),
    )
    return Taken(claimed.bead, _worktree(hands.repo, claimed.bead.id, claimed.lease), claimed.changed)


def _worktree(repo: Repo, bead: str, lease: Lease) -> Path:
    """The worktree of a person's lease, made unless it is there; whatever its branch has is checked out."""
    place = place_of(repo, bead, lease)
    path, branch = place.worktree, place.branch
    there = recorded(repo, bead, lease.token)
    if there is not None and not there.prunable:
        return path
    if not path.is_dir():
        with suppress(NotFound):
            worktree.remove(repo, path)  # git's record of one whose directory is gone
    tip = refs.read(repo, f"refs/heads/{branch}")
    if tip is None:
        worktree.add(repo, path, lease.basecommit, branch)
    else:
        worktree.add(repo, path, tip, None)
        git(discover(path), "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    return path
