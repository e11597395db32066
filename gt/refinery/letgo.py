"""Landings that others took away from a target, and that a person let go: nobody else's work is to bring them back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from gt.core.bead import Bead, Phase
from gt.core.state import Acceptance
from gt.core.world import Target
from gt.git.lineage import steps
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.refinery.told import members
from gt.store.snapshot import Snapshot


def bereft(repo: Repo, targets: Mapping[str, Target], snapshot: Snapshot) -> dict[str, Target]:
    """The targets with what they go without by a person's word, for what is submitted to be held against."""
    words = snapshot.state().acknowledged
    return {
        name: replace(each, let_go=let_go(repo, each.tip, words.get(name), snapshot)) if each.tip else each
        for name, each in targets.items()
    }


def let_go(repo: Repo, tip: str, word: Acceptance | None, snapshot: Snapshot) -> dict[str, Bead]:
    """The commits of the landings that a target at `tip` goes without by a person's word, each with its Bead.

    Both the landing's own and what was submitted for it; none of a Bead that has landed again, or was closed.
    """
    found: dict[str, Bead] = {}
    for lost in word.without if word is not None else ():
        with suppress(GitFailed):  # what isn't here nobody here can have built on
            for step in steps(repo, tip, lost):
                for name, _, commit in members(step.message):
                    bead = snapshot.find(name)
                    if bead is not None and _is_open(bead, step.oid):
                        found |= {step.oid: bead, commit: bead}
    return found


def _is_open(bead: Bead, landing: str) -> bool:
    """Whether what became of it is for a person to say yet: it counts as landed by this very landing, or was reopened."""
    landed = bead.status.landed
    if bead.phase is Phase.LANDED:
        return landed is not None and landed.commit == landing
    return not bead.phase.over
