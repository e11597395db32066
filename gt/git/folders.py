"""The object directories of a repository: its own, and those that it borrows from."""

from __future__ import annotations

from pathlib import Path

from gt.git.repo import Repo

ALTERNATES_DEPTH = 5
"""How many alternates of alternates git follows."""


def object_folders(repo: Repo) -> tuple[Path, ...]:
    """All directories in which its objects may be, its own first; before that one, those of a push that comes in."""
    own = _with_alternates(repo.common_dir / "objects", ALTERNATES_DEPTH)
    return own if repo.incoming is None else (repo.incoming, *own)


def _with_alternates(folder: Path, depth: int) -> tuple[Path, ...]:
    try:
        text = (folder / "info" / "alternates").read_text("utf-8", "surrogateescape")
    except OSError:
        return (folder,)
    found = [folder]
    for line in text.split("\n"):
        if line and not line.startswith("#") and depth > 0:
            found.extend(_with_alternates(folder / line, depth - 1))
    return tuple(dict.fromkeys(found))
