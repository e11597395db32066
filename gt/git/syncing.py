"""Making durable what others wrote: gt syncs its own objects, a git that a person or an agent ran need not."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from gt.git import durable, loose
from gt.git.repo import Repo
from gt.git.run import git


def make_durable(repo: Repo, commit: str, known: Iterable[str]) -> None:
    """Have the disk keep a commit with all that it leads to, but for what these known commits lead to.

    To be called before a ref of gt's promises it: git's default leaves loose objects to the system's cache. Packs
    are synced by whoever makes them. Known commits that aren't there count for nothing.
    """
    folder = repo.common_dir / "objects"
    listed = git(
        repo, "rev-list", "--ignore-missing", "--objects", "--no-object-names", commit, "--not", *known
    )
    places = set()
    for oid in listed.lines:
        path = loose.path_in(folder, oid)
        with suppress(FileNotFoundError):
            durable.sync_file(path)
            places.add(path.parent)
    for place in places:
        with suppress(FileNotFoundError):  # git packed what was in it
            durable.sync_dir(place)
