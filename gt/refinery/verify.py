"""Checking afterwards that what landed is what was proven: every first-parent commit, gated again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gt.errors import NotFound
from gt.git import refs
from gt.git.merge import first_parents
from gt.git.objects import Objects
from gt.refinery.gates import checks
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.pins import branch
from gt.refinery.running import run
from gt.refinery.yard import Yard
from gt.store.settings import town_at


@dataclass(frozen=True, slots=True)
class Verified:
    """A commit of the target with what its gates said when run anew."""

    commit: str
    outcomes: tuple[Outcome, ...]

    @property
    def green(self) -> bool:
        return all(outcome.verdict is Verdict.PASS for outcome in self.outcomes)


def verify(yard: Yard, target: str, since: str | None = None) -> Iterator[Verified]:
    """Run the gates of each commit's first parent on the commit, oldest first; nothing kept is believed.

    `since` (default: the root) is not checked itself, nor are its ancestors. Raises NotFound without the target.
    """
    repo = yard.repo
    tip = refs.read(repo, branch(target))
    if tip is None:
        raise NotFound("target", target)
    for oid in first_parents(repo, since, tip):
        with Objects(repo) as odb:
            commit = odb.commit(oid)
        town = town_at(repo, commit.parents[0] if commit.parents else oid)
        ran = [
            run(yard, town, check, oid, base=oid, members=(f"verify/{oid}",), queue="verify")
            for check in checks(repo, town, commit.tree)
        ]
        yield Verified(oid, tuple(ran))
