"""What the Refinery left in gt's own directory and beside the repository: outcomes, counts, scratch, slots. Only looks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from gt import lock
from gt.core.garbage import Kind, Piece
from gt.core.town import Town
from gt.fleet.attic import OverSince, still_wanted
from gt.git import refs, worktree
from gt.git.repo import Repo
from gt.refinery import outcomes, refusals, slots
from gt.refinery.places import slot_lock
from gt.refinery.tidying import OLD

SLOT = re.compile(r"slot-(\d+)")


def kept_outcomes(repo: Repo, before: int, now: int, spared: frozenset[str] = frozenset()) -> Iterator[Piece]:
    """Each outcome with its log as one piece; may go: what is older than that, and speaks for nobody any more.

    Those under the keys `spared` stay: without them their gates would run again.
    """
    for folder in _folders(repo.gt_dir / "outcomes"):
        for stem in sorted({name.partition(".")[0] for name in os.listdir(folder)}):
            parts = tuple(folder.glob(f"{stem}.*"))
            at = max((_time(part) for part in parts), default=now)
            counts = folder.name in spared or at > now - outcomes.TTL
            stays = "it still counts" if counts else "it is young" if at > before else ""
            yield Piece(Kind.OUTCOME, str(folder / stem), sum(map(_size, parts)), stays)
    for key in sorted(outcomes.unrun(repo)):
        if not outcomes.place(repo, key).is_dir():
            yield Piece(Kind.OUTCOME, str(repo.gt_dir / outcomes.UNRUN / key))


def offers(repo: Repo, over: OverSince, before: int) -> Iterator[Piece]:
    """What is kept of others being asked to land something, a folder each; may go: of Beads over since then."""
    for folder in _folders(repo.gt_dir / "offers"):
        size = sum(_size(part) for part in folder.iterdir())
        bead, _, _ = folder.name.rsplit("-", 2)
        yield Piece(Kind.LOG, str(folder), size, still_wanted(over(bead), before))


def refused(repo: Repo, over: OverSince, before: int) -> Iterator[Piece]:
    """What is kept of landings that git refused; may go: of Beads over since then."""
    place = refusals.folder(repo)
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if path.name.startswith(refusals.STAGE):  # there is one for each, at most
            continue
        bead, _, _ = path.name.lstrip(".").rsplit("-", 2)
        yield Piece(Kind.LOG, str(path), _size(path), still_wanted(over(bead), before))


def run_counts(repo: Repo, before: int) -> Iterator[Piece]:
    """How many gate runs each tip has had; may go: of what is no branch's tip any more."""
    tips = set(refs.listing(repo, "refs/heads").values())
    folder = repo.gt_dir / "runs"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        stays = "it is a branch's tip" if path.name in tips else "it is young" if _time(path) > before else ""
        yield Piece(Kind.RUNS, str(path), _size(path), stays)


def scratch(repo: Repo, now: int) -> Iterator[Piece]:
    """Directories of merges in memory, and files of pages on their way; may go: what nobody can be using any more."""
    for name in ("arena", "pages"):
        folder = repo.gt_dir / name
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            stays = "somebody may be using it" if _time(path) > now - OLD else ""
            yield Piece(Kind.SCRATCH, str(path), _size(path), stays)


def idle_slots(repo: Repo, towns: tuple[Town, ...], before: int) -> Iterator[Piece]:
    """The worktrees of gates, below the towns' roots; may go: those that no gate has run in since then."""
    roots = {os.path.realpath(slots.root(repo, town)) for town in towns}
    for tree in worktree.listing(repo):
        number = slot_number(tree.path)
        if tree.main or number is None or os.path.realpath(tree.path.parent) not in roots:
            continue
        path = slot_lock(repo, number)
        if not path.exists():
            continue  # a worktree of that name which gt never used
        stays = "somebody locked it" if tree.locked else ""
        if lock.is_free(path) is not True:
            stays = "a gate runs in it"
        elif _time(tree.git_dir / "index") > before:
            stays = "a gate ran in it lately"
        yield Piece(Kind.SLOT, str(tree.path), 0, stays)


def slot_number(path: Path) -> int | None:
    """The number of the slot that a worktree of this name would be."""
    found = SLOT.fullmatch(path.name)
    return int(found[1]) if found else None


def _folders(folder: Path) -> tuple[Path, ...]:
    try:
        return tuple(sorted(path for path in folder.iterdir() if path.is_dir()))
    except OSError:
        return ()


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
