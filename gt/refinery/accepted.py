"""What a person accepted of how others moved a branch: where it is now, and which of gt's own commits it goes without.

A word goes no further than what it was given on: a landing that is lost later is lost anew, though the branch be back at
a commit that a person accepted once.
"""

from __future__ import annotations

from gt.core.state import Acceptance
from gt.git.merge import is_ancestor, is_ancestor_here
from gt.git.repo import Repo


def asked(repo: Repo, tip: str | None, own: str) -> str:
    """What a person accepts who takes note that a branch is at `tip`, though gt had it at `own`; as text."""
    kept = tip is not None and is_ancestor(repo, own, tip)
    return str(Acceptance(tip or "", () if kept else (own,)))


def is_accepted(repo: Repo, word: Acceptance | None, tip: str | None, own: str | None) -> bool:
    """Whether a person accepted that a branch is at `tip`, though gt had it at `own`; `own` None: it never had it."""
    if word is None or word.commit != (tip or ""):
        return False
    return own is None or is_given_up(repo, word, own) or (tip is not None and is_ancestor(repo, own, tip))


def is_given_up(repo: Repo, word: Acceptance | None, own: str) -> bool:
    """Whether a person accepted that this commit of gt's is lost: it, or one that stood on it."""
    return word is not None and any(is_ancestor_here(repo, own, each) for each in word.without)
