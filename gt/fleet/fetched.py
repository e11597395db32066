"""Fetching what an agent made in its private clone: from then on its worktree is one of the repository's like any other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gt.fleet import records
from gt.fleet.places import Place
from gt.fleet.records import Record
from gt.git import refs, worktree
from gt.git.privateclone import Made, Unreadable
from gt.git.privateclone import fetch as take_over

GT = "gt <gt@gt.invalid>"
"""Who moves what is moved here."""


DRAFT = "git"
"""Where a private clone is made first, in the attempt's own directory."""


def fetch(place: Place, record: Record, now: int) -> tuple[Record, str]:
    """Bring branch, HEAD and commits of the attempt's private clone into the repository, then let the clone go.

    Returns the record as it is now, and why it couldn't be done, as a clause: then the clone is as it was. No process
    of the attempt may run any more. Killed at any point it can be called again.
    """
    dot = place.worktree / ".git"
    if place.worktree.is_symlink() or not place.worktree.is_dir():
        return record, ""
    if record.before is None and not place.private.is_symlink():
        worktree.remove_all(place.private / DRAFT)  # of a clone that was never finished
    if record.private:
        if dot.is_symlink() or dot.is_dir():
            try:
                made = take_over(place.repo, dot, record.start, place.objects)
            except Unreadable as error:
                return record, error.message
            _follow(place, Path(record.git_dir), made, now)
        record = replace(record, private=False)
        records.write(place.record, record)
    _lead_back(dot, record)
    return record, ""


def _follow(place: Place, git_dir: Path, made: Made, now: int) -> None:
    """Have the repository's own record of the worktree say what the clone said."""
    branch = f"refs/heads/{place.branch}"
    tip = refs.read(place.repo, branch)
    goal = made.branches.get(branch, tip)
    _note(git_dir / "logs" / "HEAD", (*made.commits, *made.branches.values()), place.repo.zero, now)
    if goal is not None and goal != tip:
        refs.swap(place.repo, branch, goal, tip, message="what the agent committed", actor=GT, now=now)
    if made.head is not None and made.head != goal:
        draft = git_dir / "HEAD.gt"
        draft.write_text(f"{made.head}\n", "ascii")
        os.replace(draft, git_dir / "HEAD")


def _note(log: Path, commits: Iterable[str], zero: str, now: int) -> None:
    """Name commits in a reflog: it keeps them from git's housekeeping, and whoever gathers what is left looks there."""
    lines = [f"{zero} {oid} {GT} {now} +0000\tfetched\n" for oid in dict.fromkeys(commits)]
    log.parent.mkdir(exist_ok=True)
    with log.open("a", encoding="ascii") as file:
        file.writelines(lines)


def _lead_back(dot: Path, record: Record) -> None:
    """Put git's file that leads to the repository in place of what is there. A link isn't followed."""
    if dot.is_dir() and not dot.is_symlink():
        worktree.remove_all(dot)
    else:
        dot.unlink(missing_ok=True)
    with dot.open("x", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"gitdir: {record.git_dir}\n")
