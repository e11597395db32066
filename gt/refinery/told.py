"""What a landing's message says that it has: submissions, by Bead, token and commit. Anybody may write such a message."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from gt.git.lineage import Step, steps
from gt.git.merge import trailers
from gt.git.repo import Repo

Triple = tuple[str, str, str]
"""Bead, token, commit."""


@lru_cache(maxsize=512)
def members(message: str) -> tuple[Triple, ...]:
    """The (Bead, token, commit) triples that a commit message names in its trailers."""
    return tuple(_members(message))


def _members(message: str) -> Iterator[Triple]:
    bead = token = ""
    for key, value in trailers(message):
        match key.lower():
            case "gt-bead":
                bead, token = value, ""
            case "gt-token":
                token = value
            case "gt-commit":
                if bead and token:
                    yield bead, token, value
                bead = token = ""


def around(repo: Repo, step: Step, triple: Triple) -> tuple[str, Step]:
    """The commits between which a landing puts one change."""
    found = in_train(repo, triple, step.parents[0], step.parents[1]) if len(step.parents) > 1 else None
    return found or (step.parents[0], step)


def in_train(repo: Repo, triple: Triple, base: str, last: str) -> tuple[str, Step] | None:
    """The way from the change before one, or from where the train begins, to the commit that names it; None: none does."""
    before = base
    for step in reversed(steps(repo, base, last)):
        named = members(step.message)
        if triple in named:
            return before, step
        if named:
            before = step.oid
    return None
