"""Which files a commit changed."""

from __future__ import annotations

from collections.abc import Iterable

from gt.core.values import dataclass
from gt.git.repo import Repo
from gt.git.run import git


@dataclass(frozen=True, slots=True)
class Touched:
    """A file that a commit changed, by path: the object it was and the one it became."""

    path: str
    old: str | None
    """None: there was no such file."""
    new: str | None
    """None: there is none any more."""


def touched(repo: Repo, commits: Iterable[str]) -> dict[str, tuple[Touched, ...]]:
    """For each of these commits the files that differ from its parent's; those of a merge are its parents' own doing."""
    asked = tuple(commits)
    found: dict[str, list[Touched]] = {commit: [] for commit in asked}
    how = ("diff-tree", "--stdin", "-r", "-z", "--root", "--no-renames", "--diff-merges=off")
    fields = iter(git(repo, *how, stdin="".join(f"{commit}\n" for commit in asked).encode()).fields)
    files: list[Touched] = []
    for field in fields:
        if not field.startswith(":"):
            files = found[field.strip("\n")]
            continue
        _, _, old, new, _ = field.split(" ")
        files.append(Touched(next(fields), *(oid if oid.strip("0") else None for oid in (old, new))))
    return {commit: tuple(files) for commit, files in found.items()}
