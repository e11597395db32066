"""`gt claim`: a person's lease, with a branch and a worktree made for it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gt.core.bead import Bead, Lease
from gt.core.values import dataclass
from gt.drive.hands import Hands
from gt.drive.holder import holder
from gt.drive.homes import ground
from gt.errors import Busy, NotFound
from gt.fleet import roster
from gt.fleet.places import place_of, recorded
from gt.git import refs, worktree
from gt.git.network import Unreachable
from gt.git.repo import Repo, discover
from gt.git.run import git
from gt.store.claimable import NothingClaimable
from gt.verbs.claim import Claimed, claim


@dataclass(frozen=True, slots=True)
class Taken:
    """A Bead that is a person's, and where they may work on it."""

    bead: Bead
    worktree: Path
    changed: bool
    """Whether this call claimed it, or made the lease last longer."""


def take(hands: Hands, wanted: str | None, duration: int | None, *, offline: bool = False) -> Taken:
    """Claim the Bead with this whole id, or (None) the first that is ready, for so many seconds (None: a day).

    For a Bead that is theirs already a duration makes the lease last longer, and a missing worktree is made again.
    In a town of several machines the claim counts once its remote has accepted it; `offline` asks nobody, and the next
    sync tells whether it stands. Raises what `claim` and `ground` raise.
    """
    try:
        claimed = _claim(hands, wanted, duration, offline=offline)
    except Unreachable as error:
        raise Busy(error.message, hint=f"gt claim {wanted or ''} --offline".replace("  ", " ")) from None
    lease = claimed.lease
    if lease.clone == roster.known_clone(hands.repo):
        return Taken(claimed.bead, _worktree(hands.repo, claimed.bead.id, lease), claimed.changed)
    if claimed.changed:
        return Taken(claimed.bead, Path(lease.worktree), changed=True)
    raise NothingClaimable(
        f"{claimed.bead.id} is yours already, in another clone: {lease.worktree} on {lease.host}",
        hint=f"gt show {claimed.bead.id}",
    )


def _claim(hands: Hands, wanted: str | None, duration: int | None, *, offline: bool) -> Claimed:
    on = ground(hands, offline=offline)
    return claim(
        hands.repo,
        hands.ledger,
        wanted,
        holder=holder(hands, agent=False),
        homes=on.homes,
        hub=on.hub,
        duration=duration,
        digits=hands.digits,
        now=hands.clock(),
    )


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
