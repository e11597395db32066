"""What attempts that are long over left in gt's own directory: logs, and files about them. Only looks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from gt.core import ids
from gt.core.garbage import Kind, Piece
from gt.git import worktree
from gt.git.repo import Repo

OverSince = Callable[[str], int | None]
"""Since when a Bead (by its id) is over; None if it isn't, or if that can't be told."""


def logs(repo: Repo, over: OverSince, before: int) -> Iterator[Piece]:
    """The logs of attempts and of what `gt run` started; may go: of Beads over since then, of runs older than that."""
    for path in _files(repo.gt_dir / "log"):
        bead = path.parent.name
        if ids.is_id(bead):
            yield Piece(Kind.LOG, str(path), _size(path), still_wanted(over(bead), before))
        elif path.parent.name == "run":
            yield Piece(Kind.LOG, str(path), _size(path), "" if _age(path) <= before else "it is young")


def notes(repo: Repo, over: OverSince, before: int) -> Iterator[Piece]:
    """The files that gt keeps about attempts; may go: of Beads over since then whose worktree is gone."""
    there = (
        {tree.path.name for tree in worktree.listing(repo)} if (repo.gt_dir / "attempts").is_dir() else set()
    )
    for path in _files(repo.gt_dir / "attempts"):
        bead, _, rest = path.name.partition(".")
        token = rest.partition(".")[0]
        stays = "its worktree is still there" if f"{bead}-{token}" in there else ""
        yield Piece(Kind.NOTES, str(path), _size(path), stays or still_wanted(over(bead), before))


def still_wanted(over: int | None, before: int) -> str:
    """Why what belongs to a Bead that is over since then (None: it isn't) has to stay; empty: it may go."""
    if over is None:
        return "its Bead isn't over"
    return "" if over <= before else "its Bead has been over for a short time only"


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in sorted(names))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return float("inf")
