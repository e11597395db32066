"""Landings that others took away from a target, and that a person let go: nobody else's work is to bring them back."""

from __future__ import annotations

from contextlib import suppress

from gt.core.bead import Bead, Phase
from gt.core.state import Acceptance
from gt.git.lineage import steps
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.refinery.told import members
from gt.store.snapshot import Snapshot


def let_go(repo: Repo, tip: str, word: Acceptance | None, snapshot: Snapshot) -> dict[str, Bead]:
    """The commits of the landings that a target at `tip` goes without by a person's word, each with its Bead.

    Both the landing's own and what was submitted for it; of a Bead that was reopened since, none.
    """
    found: dict[str, Bead] = {}
    for lost in word.without if word is not None else ():
        with suppress(GitFailed):  # what isn't here nobody here can have built on
            for step in steps(repo, tip, lost):
                for name, _, commit in members(step.message):
                    bead = snapshot.find(name)
                    landed = bead.status.landed if bead is not None else None
                    if (
                        bead is not None
                        and bead.phase is Phase.LANDED
                        and landed
                        and landed.commit == step.oid
                    ):
                        found |= {step.oid: bead, commit: bead}
    return found
