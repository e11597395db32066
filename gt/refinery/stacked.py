"""Work that a submission brings along: commits of other Beads, which must have landed, or must have been given up, before.

A submission that was withdrawn or rejected isn't let in by another that was built on it: closing its Bead does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gt.core.bead import Bead, Phase, Result
from gt.git.lineage import between
from gt.git.repo import Repo


def unlanded_work(beads: Iterable[Bead]) -> Mapping[str, Bead]:
    """The commits that attempts at these Beads came to, so far as they haven't ended, each with its Bead."""
    return {commit: bead for bead in beads if not bead.phase.over for commit in _work(bead)}


def below(repo: Repo, work: Mapping[str, Bead], bead: str, commit: str, tip: str) -> Mapping[str, Bead]:
    """The other Beads, by id, whose work this commit of a Bead would bring to a target at `tip`.

    Raises GitFailed where a commit is missing.
    """
    if all(other.id == bead or made == commit for made, other in work.items()):
        return {}
    brought = between(repo, [tip], commit) - {commit}
    if not brought:
        return {}
    found = sorted(brought & work.keys())
    return {work[made].id: work[made] for made in found if work[made].id != bead}


def _work(bead: Bead) -> Iterable[str]:
    """Of a Bead that landed once and was opened again, only what came after."""
    sub = bead.status.submission
    if bead.phase is Phase.SUBMITTED and sub is not None:
        yield sub.commit
    for attempt in bead.status.attempts:
        if attempt.head is not None and attempt.commits > 0 and attempt.result is not Result.SUBMITTED:
            yield attempt.head
