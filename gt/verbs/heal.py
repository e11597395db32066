"""`gt heal`: what a gt that died at a ref left behind is removed, and what a pruning git took is given back."""

from __future__ import annotations

from gt.git import mending, refs
from gt.git.repo import Repo


def heal(repo: Repo, ref: str) -> bool:
    """Remove the ref's lock if, and only if, a gt that is dead made it, and what dead gts had prepared.

    Objects of gt's that some ref leads to and that are missing are written again, as far as the journal has them.
    Returns whether there was any of all this. Raises Malformed for what is no full name of a ref.
    """
    removed = refs.heal(repo, ref)
    return bool(mending.mend(repo)) or removed
