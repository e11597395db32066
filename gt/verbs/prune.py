"""`gt prune`: what an attempt that is over left on this machine goes, once all of it is kept."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from gt import lock
from gt.core import ids
from gt.core.bead import Bead
from gt.errors import IllegalMove, Refused
from gt.fleet import keep, records
from gt.fleet.gathering import Left, branch_tip, gather
from gt.fleet.places import Place, recorded, worktree_path
from gt.git import refs
from gt.git.merge import is_ancestor
from gt.git.repo import Repo
from gt.store.ledger import Ledger
from gt.store.targets import targets, tip, town_of


class Stays(Refused):
    """A worktree stays, for not all in it could be kept: it says what, and isn't tried again by itself."""


def prune(repo: Repo, ledger: Ledger, bead: str, token: str, *, now: int) -> bool:
    """Remove the worktree, the branch and the lock of an attempt that is over; whether anything was removed.

    What isn't pinned yet is pinned first. A worktree with something in it that can't be kept stays, and is marked
    as locked for git; a person's is theirs. Raises IllegalMove for an attempt that isn't over or still runs, Stays, and
    Refused for a person's.
    """
    path = _lock_of(repo, bead, token)
    there = path.exists()
    held = lock.try_hold(path)
    if held is None:
        raise IllegalMove(bead, f"has attempt {token} still running", hint=f"gt stop {bead}")
    try:
        with ledger.read() as snapshot:
            found = snapshot.find(bead)
        _check(found, bead, token)
        changed, stays = False, None
        if found is not None and found.attempt(token) is not None:
            changed, stays = _tidied(repo, found, token, now, known=there)
            keep.unpin(repo, ids.wip_ref(bead, token), refs.read(repo, ids.submission_ref(bead, token)), now)
        # While it is held: whoever waits for it finds that the name has gone, and makes a new one.
        held.path.unlink(missing_ok=True)
    except BaseException:
        if not there:
            held.path.unlink(missing_ok=True)  # ours: left behind, it would speak of an attempt of gt's
        raise
    finally:
        lock.release(held)
    if stays is not None:
        raise stays
    return changed or there


def _lock_of(repo: Repo, bead: str, token: str) -> Path:
    from gt.fleet.roster import lock_path

    if not ids.is_id(bead) or not ids.is_token(token):
        raise Refused(f"not an attempt: {bead} {token}")
    return lock_path(repo, bead, token)


def _check(bead: Bead | None, name: str, token: str) -> None:
    if bead is None:
        return
    lease = bead.status.lease
    if lease is not None and lease.token == token:
        raise IllegalMove(name, f"is leased under {token}", hint=f"gt stop {name}")
    attempt = bead.attempt(token)
    if attempt is not None and not attempt.agent:
        raise Refused(
            f"{name}: attempt {token} was a person's: its worktree is theirs, and git removes it",
            hint="git worktree list",
        )


def _tidied(repo: Repo, bead: Bead, token: str, now: int, *, known: bool) -> tuple[bool, Stays | None]:
    """Whether anything was removed, and what to say where something stays."""
    place = Place(repo, bead.id, token, _worktree(repo, bead, token))
    record = records.read(place.record)
    # Looked at here, not in the ledger, which others write: `known` says that the attempt's lock was here.
    if place.worktree.exists() and not (known or record or place.private.is_dir()):
        raise Refused(
            f"{bead.id}: nothing here says that gt made {place.worktree} for an attempt",
            hint=f"git worktree remove {shlex.quote(str(place.worktree))}",
        )
    if not place.worktree.exists() and branch_tip(place) is None:
        keep.forget(place)
        return False, None
    base = record.start if record else _base(repo, bead)
    left = gather(place, record, base, f"What attempt {token} of {bead.id} left\n", now)
    if left is None:
        keep.forget(place)
        return False, None
    if left.stays:
        keep.hold_on(place, record, left.stays)
        look = f"git -C {shlex.quote(str(place.worktree))} status --short --ignored"
        return False, Stays(
            f"{place.worktree} stays, for not all in it could be kept: {left.stays}", hint=look
        )
    keep.tidy(place, _kept(repo, bead, token, left, base, now), now)
    return True, None


def _kept(repo: Repo, bead: Bead, token: str, left: Left, base: str, now: int) -> str:
    """A commit that some ref keeps and that has all that was left in it."""
    anchors = [
        refs.read(repo, ids.submission_ref(bead.id, token)),
        *(tip(repo, name) for name in targets(repo)),
    ]
    for anchor in anchors:
        if anchor is not None and _contains(repo, anchor, (left.head, *left.others)):
            return anchor
    return keep.pin(repo, ids.wip_ref(bead.id, token), left, base, now)


def _contains(repo: Repo, anchor: str, commits: Iterable[str]) -> bool:
    return all(is_ancestor(repo, commit, anchor) for commit in commits)


def _worktree(repo: Repo, bead: Bead, token: str) -> Path:
    """Where the attempt worked: as git has it recorded, else where it would be made now."""
    there = recorded(repo, bead.id, token)
    return there.path if there else worktree_path(repo, town_of(repo, bead).worktrees.root, bead.id, token)


def _base(repo: Repo, bead: Bead) -> str:
    found = tip(repo, bead.spec.base or targets(repo)[0])
    if found is None:
        raise Refused(f"{bead.id}: its target doesn't exist in this repository")
    return found
