"""Where the Refinery has its locks and records, and whether a merge that died left any of them: a few names are looked at."""

from __future__ import annotations

import os
from pathlib import Path

from gt import lock
from gt.git.repo import Repo


def merge_lock(repo: Repo) -> Path:
    """The lock file of whoever merges here."""
    return repo.gt_dir / "merge.lock"


def slot_lock(repo: Repo, number: int = 1) -> Path:
    """The lock file of a slot; what runs there inherits it."""
    return repo.gt_dir / "locks" / f"slot-{number}.lock"


ASKING = 0
"""The slot, beside those of gates, in which others are asked to land something."""

FIRST_TRY = 101
"""The first slot of those who only try: they work beside a merge, which leaves the slots of live ones alone."""


def try_lock(repo: Repo, number: int) -> Path:
    """The lock file of whoever tries in that slot; unlike the slot's it isn't inherited: free, and he is gone."""
    return repo.gt_dir / "locks" / f"try-{number}.lock"


def deserted(repo: Repo) -> tuple[int, ...]:
    """The slots in which something runs though nobody waits for it any more, if no merge is at work here."""
    return tuple(
        number
        for number in slot_numbers(repo)
        if lock.is_free(slot_lock(repo, number)) is False
        and (number < FIRST_TRY or lock.is_free(try_lock(repo, number)) is True)
    )


def slot_numbers(repo: Repo) -> tuple[int, ...]:
    """The slots that were ever used here."""
    try:
        names = os.listdir(repo.gt_dir / "locks")
    except OSError:
        return ()
    numbers = [name.removeprefix("slot-").removesuffix(".lock") for name in names if name.startswith("slot-")]
    return tuple(sorted(int(number) for number in numbers if number.isdecimal()))


def bringing(repo: Repo) -> Path:
    """The directory for moving a target that is checked out; see `checkout`."""
    return repo.gt_dir / "bringing"


def unfinished(repo: Repo) -> str:
    """What a merge that died left for the next one to put right, as a clause; empty if nothing, or one is at work."""
    seen = _left(repo)
    # Looked at again: one that lived may have come to its end meanwhile.
    return _left(repo) if seen and lock.is_free(merge_lock(repo)) else ""


def _left(repo: Repo) -> str:
    if any(os.path.lexists(bringing(repo) / name) for name in ("record.json", "ticket")):
        return "a gt merge that died left a landing half-done in a worktree"
    if deserted(repo):
        return "a gt merge that died left a gate running"
    return ""
