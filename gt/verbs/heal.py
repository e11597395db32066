"""`gt heal`: what a gt that died at a ref left behind is removed."""

from __future__ import annotations

from gt.git import refs
from gt.git.repo import Repo


def heal(repo: Repo, ref: str) -> bool:
    """Remove the ref's lock if, and only if, a gt that is dead made it, and what dead gts had prepared.

    Returns whether there was any.

    Raises Malformed for what is no full name of a ref.
    """
    return refs.heal(repo, ref)
