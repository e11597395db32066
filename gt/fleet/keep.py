"""Keeping what an attempt left: pinned by refs, and only then removed.

Knows commits, refs and worktrees; whether the work is any good, and what becomes of the Bead, is told elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from gt.core import ids
from gt.core.bead import Bead, Lease
from gt.core.values import dataclass
from gt.errors import NotFound
from gt.fleet import fetched, records, roster
from gt.fleet.gathering import HELD, Left, branch_tip, gather, worktree_of
from gt.fleet.places import Place, place_of
from gt.fleet.records import Record
from gt.git import refs, worktree
from gt.git.merge import is_ancestor
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.run import GitFailed, git
from gt.git.syncing import make_durable

GT = "gt <gt@gt.invalid>"
"""Who made commits that only hold others together."""

BUNDLE = "Everything that an attempt left\n\nThe first parent is its work, the others are set aside.\n"
"""The message of such a commit."""


def pin(repo: Repo, ref: str, left: Left, base: str, now: int) -> str:
    """Make the ref keep all that was left since `base`; returns the commit that it is at.

    Done twice it changes nothing. All of it is durable then, whoever committed it.
    """
    wanted = _bundle(repo, left, now)
    for _ in range(100):
        there = refs.read(repo, ref)
        if there is not None and is_ancestor(repo, wanted, there):
            return there
        if there is not None and not is_ancestor(repo, there, wanted):
            wanted = _bundle(repo, replace(left, head=wanted, others=(there,)), now)
        make_durable(repo, wanted, (base,) if there is None else (base, there))
        with suppress(refs.RaceLost):
            refs.swap(repo, ref, wanted, there, message="keep what an attempt left", actor=GT, now=now)
            from gt.git import mending

            mending.mend_tail(repo)
            return wanted
    raise refs.RaceLost(ref, None, refs.read(repo, ref))


def work_in(odb: Objects, commit: str) -> str:
    """The work in what a pin keeps, without what was set aside."""
    found = odb.commit(commit)
    return found.parents[0] if (found.message, found.committer) == (BUNDLE, GT) and found.parents else commit


@dataclass(frozen=True, slots=True)
class Secured:
    """What an attempt left, pinned under its wip ref."""

    place: Place
    record: Record | None
    left: Left | None
    """None: there was neither worktree nor branch, or they are on another clone."""
    pinned: str | None = None

    @property
    def head(self) -> str | None:
        """The commit of its work, else (it did none) the one that keeps what else it left; None if nothing is kept."""
        if self.left is None:
            return None
        # What is set aside must not be in it: the next attempt goes on from there.
        return self.left.head if self.left.commits else self.pinned if self.left.others else None

    @property
    def stays(self) -> str:
        """Why the worktree can't be removed; empty: all of it is kept."""
        return self.left.stays if self.left else ""


def secure(repo: Repo, bead: Bead, lease: Lease, now: int) -> Secured:
    """Find and pin what the attempt under this lease left, if it was on this clone. Done twice it changes nothing."""
    place = place_of(repo, bead.id, lease)
    if lease.clone != roster.known_clone(repo):
        return Secured(place, None, None)
    record = records.read(place.record)
    message = "\n\n".join(part for part in (bead.spec.title, bead.spec.body.strip()) if part) + "\n"
    unfetched = ""
    if record is not None and record.wrapped:
        record, unfetched = fetched.fetch(place, record, now)
    left = gather(place, record, lease.basecommit, message, now, goes=lease.lock)
    if left is None:
        return Secured(place, record, None)
    if unfetched:
        left = replace(left, stays=unfetched)
    if lease.lock and not left.stays and not place.made_by_gt:
        left = replace(left, stays="nothing here says that gt made it for an attempt")
    pinned = pin(repo, ids.wip_ref(bead.id, lease.token), left, lease.basecommit, now)
    if lease.lock and not left.stays:
        follow(place, left.head, now)
    return Secured(place, record, left, pinned)


def settle(secured: Secured, submitted: str | None, now: int) -> None:
    """Remove what nobody needs once the ledger knows: worktree and branch, and a pin that keeps nothing of its own.

    A worktree with something in it that couldn't be kept stays, and is locked.
    """
    place, pinned = secured.place, secured.pinned
    if secured.stays:
        hold_on(place, secured.record, secured.stays)
        forget(place)
        return
    tidy(place, pinned, now)
    wip = ids.wip_ref(place.bead, place.token)
    unpin(place.repo, wip, pinned if secured.head is None else submitted, now)


def unpin(repo: Repo, ref: str, kept: str | None, now: int) -> None:
    """Remove a pin of which another ref's commit, `kept`, has all."""
    there = refs.read(repo, ref)
    if there is not None and kept is not None and is_ancestor(repo, there, kept):
        with suppress(refs.RaceLost):
            refs.swap(repo, ref, None, there, message="kept elsewhere", actor=GT, now=now)


def tidy(place: Place, kept: str | None, now: int) -> None:
    """Remove the attempt's worktree, its branch if `kept` contains it, and gt's notes about it.

    The caller has proved that everything is kept. Killed half-way, it can be called again.
    """
    repo = place.repo
    ref = f"refs/heads/{place.branch}"
    try:
        worktree.remove(repo, place.worktree)
    except NotFound:
        # Git has no record of it any more; gt's own says that it is the attempt's.
        if place.record.exists():
            worktree.remove_all(place.worktree)
    tip = branch_tip(place)
    with suppress(refs.RaceLost, GitFailed):
        if tip is not None and kept is not None and is_ancestor(repo, tip, kept):
            refs.swap(repo, ref, None, tip, message="an attempt is over", actor=GT, now=now)
    forget(place)


def follow(place: Place, kept: str, now: int) -> None:
    """Move the attempt's branch to its work, which is pinned, for whoever tidies up in our place."""
    ref = f"refs/heads/{place.branch}"
    tip = branch_tip(place)
    with suppress(refs.RaceLost, GitFailed):
        if tip is not None and tip != kept and is_ancestor(place.repo, tip, kept):
            refs.swap(place.repo, ref, kept, tip, message="what the attempt left", actor=GT, now=now)


def forget(place: Place) -> None:
    """Remove gt's own notes about an attempt that is over."""
    for file in place.notes():
        file.unlink(missing_ok=True)
    with suppress(OSError):
        place.worktree.parent.rmdir()


def hold_on(place: Place, record: Record | None, why: str) -> None:
    """Mark the worktree, for git and for gt, as one that must not be removed."""
    there = worktree_of(place, record)
    if there is not None and not there.locked and there.path.is_dir():
        git(place.repo, "worktree", "lock", "--reason", f"{HELD}{why}", str(there.path), ok=(0, 128))


def _bundle(repo: Repo, left: Left, now: int) -> str:
    """One commit that keeps all of it."""
    if not left.others:
        return left.head
    with Objects(repo) as odb:
        tree = odb.commit(left.head).tree
        commit = odb.add_commit(tree, (left.head, *left.others), BUNDLE, GT, now)
        odb.flush()
    return commit
