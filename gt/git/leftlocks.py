"""Which refs a gt died at: found by the intents it left, without touching anything."""

from __future__ import annotations

import os
from pathlib import Path

from gt.git.repo import Repo

_SUFFIX = ".lock"


def left_locked(repo: Repo, default: str) -> tuple[str, ...]:
    """The full names of refs that a dead gt left locked, or just moved; `refs.heal` clears up behind it.

    `default` is named for an intent that belongs to no ref any more: the healing of any ref sweeps it up.
    Costs one directory listing while no intent is lying about.
    """
    linked, alone = _intents(repo.gt_dir / "intents")
    found = {ref for ref, inode in _files(repo.common_dir) if inode in linked} if linked else set()
    return tuple(sorted(found)) or ((default,) if alone else ())


def _intents(folder: Path) -> tuple[set[tuple[int, int]], bool]:
    """Device and inode of each intent that nobody holds and that is linked elsewhere too; whether others are not."""
    linked: set[tuple[int, int]] = set()
    alone = False
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return linked, alone
    for entry in entries:
        try:
            seen = entry.stat(follow_symlinks=False)
            if not _is_abandoned(entry.path):
                continue
        except OSError:
            continue
        if seen.st_nlink > 1:
            linked.add((seen.st_dev, seen.st_ino))
        else:
            alone = True
    return linked, alone


def _is_abandoned(path: str) -> bool:
    from gt.lock import lock_now

    # For reading only: after a rename this file is a ref.
    fd = os.open(path, os.O_RDONLY)
    try:
        return lock_now(fd)
    finally:
        os.close(fd)


def _files(common: Path) -> list[tuple[str, tuple[int, int]]]:
    """The ref that each file below refs/ is, or is the lock of."""
    found = []
    for folder, _, names in os.walk(common / "refs"):
        for name in names:
            path = os.path.join(folder, name)
            try:
                seen = os.stat(path, follow_symlinks=False)
            except OSError:
                continue
            ref = os.path.relpath(path, common).removesuffix(_SUFFIX)
            found.append((ref, (seen.st_dev, seen.st_ino)))
    return found
