"""Files that a partial clone left out: brought by the user's own git before anything that can't fetch them needs them."""

from __future__ import annotations

from functools import lru_cache

from gt.git import config
from gt.git.repo import Repo
from gt.git.run import git


def is_partial(repo: Repo) -> bool:
    """Whether objects may be missing here that a remote has promised."""
    return any(
        key == "extensions.partialclone" or (key.endswith(".promisor") and config.truth(value))
        for key, value in config.load(repo.common_dir / "config")
    )


def fill_in(repo: Repo, *commits: str) -> None:
    """Fetch every file of these commits or trees that isn't here; only in a partial clone, at most once for each.

    Raises GitFailed where the remote can't be reached.
    """
    if is_partial(repo):
        for commit in commits:
            _filled(repo, commit)


@lru_cache(maxsize=256)
def _filled(repo: Repo, commit: str) -> None:
    # A diff asks for all that it is going to read by one fetch.
    empty = git(repo, "hash-object", "-t", "tree", "--stdin", stdin=b"").text
    git(repo, "diff-tree", "-r", "--shortstat", empty, commit, user=True)
