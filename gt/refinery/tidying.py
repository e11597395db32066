"""Clearing away what a killed merge left: pins of candidates, scratch directories. For the holder of the merge lock."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from gt.git import refs
from gt.git.leftlocks import left_locked
from gt.git.repo import Repo
from gt.refinery import pins

OLD = 3600
"""Seconds after which a scratch directory is nobody's: others merge in memory there, for moments, without a lock."""


def tidy(repo: Repo, actor: str, now: int) -> None:
    """Without leftovers this costs three directory listings."""
    # One that it died at may have been for a slot that nobody uses next.
    for ref in left_locked(repo, pins.candidate_ref(1)):
        if ref.startswith(pins.CANDIDATES):
            refs.heal(repo, ref)
    for ref in refs.listing(repo, pins.CANDIDATES):
        pins.put(repo, ref, None, why="left by a merge that died", actor=actor, now=now)
    arena = repo.gt_dir / "arena"
    if not arena.is_dir():
        return
    for entry in os.scandir(arena):
        try:
            if entry.stat(follow_symlinks=False).st_mtime < time.time() - OLD:
                shutil.rmtree(Path(entry.path), ignore_errors=True)
        except FileNotFoundError:
            continue
