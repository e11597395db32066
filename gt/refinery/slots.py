"""Slots: the worktrees that gates run in, one gate at a time each.

A slot's lock is inherited by what runs there: while an orphan of a killed merge lives, its slot isn't free.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gt import lock
from gt.core.town import Town
from gt.core.values import dataclass
from gt.errors import Busy
from gt.fleet import furnish, roster
from gt.fleet.launch import reap
from gt.git import slot as git_slot
from gt.git.repo import Repo
from gt.lock import Held
from gt.refinery.places import FIRST_TRY, deserted, slot_lock, slot_numbers, try_lock

PATIENCE = 15.0
"""Seconds to wait for a slot after its orphans were killed."""

MOST_TRIES = 64
"""How many may try at once: each has a whole worktree."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that is ours."""

    path: Path
    held: Held
    marker: str
    """The value of GT_LEASE for what runs there; not the form of an attempt's."""


def root(repo: Repo, town: Town) -> Path:
    """The directory beside the repository in which gt makes worktrees."""
    main = repo.common_dir.parent if repo.common_dir.name == ".git" else repo.common_dir
    return Path(os.path.normpath(main / town.worktrees.root.replace("{repo}", repo.name)))


@contextmanager
def taken(repo: Repo, town: Town, number: int = 1) -> Iterator[Slot]:
    """Hold a slot; a gate that a killed merge left running there is ended first. Raises Busy."""
    path, marker = slot_lock(repo, number), f"{roster.clone(repo)}/slot-{number}"
    held = lock.try_hold(path)
    if held is not None:
        try:
            yield Slot(root(repo, town) / f"slot-{number}", held, marker)
        finally:
            lock.release(held)
        return
    reap(marker, path, None, None)
    with lock.hold(path, PATIENCE) as late:
        yield Slot(root(repo, town) / f"slot-{number}", late, marker)


def clear(repo: Repo) -> int:
    """End what a merge or a try that was killed left running in any slot; returns how many processes that were.

    For the holder of the merge lock: nobody's gates run then but those of a live `gt try`.
    """
    return sum(
        reap(f"{roster.clone(repo)}/slot-{number}", slot_lock(repo, number), None, None)
        for number in deserted(repo)
    )


def unlock(repo: Repo, town: Town) -> None:
    """Remove what gits that were killed in a slot left locked there, so far as nobody has it; the next may be long in coming."""
    if not any((repo.common_dir / "worktrees").glob("*/*.lock")):
        return
    for number in slot_numbers(repo):
        held = lock.try_hold(slot_lock(repo, number))
        if held is not None:
            try:
                git_slot.unlock(repo, root(repo, town) / f"slot-{number}")
            finally:
                lock.release(held)


@contextmanager
def for_a_try(repo: Repo) -> Iterator[int]:
    """The number of a slot in which nobody else tries, for as long as this lasts. Raises Busy if there is none."""
    for number in range(FIRST_TRY, FIRST_TRY + MOST_TRIES):
        mine = lock.try_hold(try_lock(repo, number))
        if mine is not None:
            try:
                yield number
            finally:
                lock.release(mine)
            return
    raise Busy(f"{MOST_TRIES} others try something here already")


def fill(repo: Repo, town: Town, slot: Slot, commit: str, tree: str) -> git_slot.Place:
    """Put exactly this tree into the slot, declared caches and copied files beside it.

    What can't be copied isn't there, as in an attempt's worktree. Raises GitFailed, OSError, and Refused where the slot's
    place is taken.
    """
    place = git_slot.place(repo, slot.path, commit, keep_fds=(slot.held.fd,))
    git_slot.fill(repo, place, commit, tree, town.worktrees.caches)
    if repo.common_dir.name == ".git":
        furnish.copy(repo.common_dir.parent, slot.path, town.worktrees.copy)
    return place
