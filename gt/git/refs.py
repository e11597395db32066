"""Refs: read by hand, moved by one compare-and-swap.

Knows how git stores refs and locks them; what they mean is told elsewhere.
"""

from __future__ import annotations

import os

from gt.errors import Malformed, Refused
from gt.git.lookup import (
    BAD_NAME,
    ForeignLock,
    RaceLost,
    branch_at,
    check_name,
    head_branch,
    listing,
    path_of,
    read,
    read_raw,
)
from gt.git.repo import WIDTH, Repo

__all__ = [
    "BAD_NAME",
    "ForeignLock",
    "RaceLost",
    "branch_at",
    "check_name",
    "head_branch",
    "heal",
    "listing",
    "path_of",
    "read",
    "read_raw",
    "swap",
]


def swap(
    repo: Repo,
    ref: str,
    new: str | None,
    old: str | None,
    *,
    message: str,
    actor: str,
    now: int,
    patience: float = 5.0,
) -> None:
    """Move a ref from `old` to `new` if, and only if, it is at `old`: durable when this returns.

    `old=None` means that it must not exist, `new=None` deletes it. `message`, `actor` and `now` (seconds)
    go to the reflog. The objects must be durable before. Waits up to `patience` seconds for the ref's lock.
    Raises RaceLost if the ref is elsewhere, ForeignLock if a lock that isn't gt's stays, Busy for a live gt's,
    Refused where another ref's name is in the way.
    """
    from gt.git import swapping

    check_name(ref)
    if repo.incoming is not None:
        raise Refused(f"{ref} can't move while a push is judged")
    for oid in (new, old):
        if oid is not None and (len(oid) != WIDTH[repo.object_format] or oid.strip("0123456789abcdef")):
            raise Malformed(repr(oid), "isn't an object id of this repository")
    move = swapping.Move(ref, new, old, message, actor, now)
    # Windows renames no file that is open, and ours must stay open to stay locked.
    if repo.ref_storage == "files" and new is not None and os.name != "nt":
        swapping.by_hand(repo, move, patience)
    else:
        swapping.by_git(repo, move, patience)


def heal(repo: Repo, ref: str) -> bool:
    """Remove the ref's lock file if a dead gt left it, and what dead gts had prepared; whether there was any.

    Any other lock is left alone.
    """
    from gt.git import intents

    check_name(ref)
    return intents.heal(repo, path_of(repo, ref))
