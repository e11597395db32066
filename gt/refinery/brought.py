"""What one Bead brought to its target: of a landing that several share only its own part, and how to take it back.

A landing is laid as gt/refinery/commits.py says: on its line each change ends with the commit that names it.
"""

from __future__ import annotations

from collections.abc import Iterable

from gt.core.bead import Submission
from gt.core.values import dataclass
from gt.git.lineage import Step, merge_bases, steps
from gt.git.merge import Merged, is_ancestor, trailers
from gt.git.objects import Objects
from gt.git.picking import undone
from gt.git.repo import Repo
from gt.refinery.told import in_train, members

OTHERS = 10
"""How many landings a conflict names."""


@dataclass(frozen=True, slots=True)
class Part:
    """A change of a target, as the way from one commit to another."""

    before: str
    after: str
    landing: str
    """The first-parent commit of the target that brought it."""
    train: str | None = None
    """The last commit of the train it came with, below the landing; None: it came alone."""

    def command(self, repo: Repo) -> str:
        """What a person types to take it back by hand."""
        with Objects(repo) as odb:
            parents = odb.commit(self.after).parents
        if parents[:1] != (self.before,):
            return f"git revert --no-edit {self.before[:12]}..{self.after[:12]}"
        mainline = "-m 1 " if len(parents) > 1 else ""
        return f"git revert --no-edit {mainline}{self.after[:12]}"


def part_of(repo: Repo, bead: str, sub: Submission | None, landing: str) -> Part:
    """What this Bead's submission changed of its target by this landing, a first-parent commit of it.

    Where others made the commit, it is what was submitted if the commit contains that, or they were asked to land it;
    else all the commit changed.
    Raises MissingObject and GitFailed.
    """
    with Objects(repo) as odb:
        top = odb.commit(landing)
    named = members(top.message)
    me = (bead, sub.token, sub.commit) if sub is not None else None
    if me is None or me not in named:
        return _of_others(repo, sub, landing, top.parents[0])
    if len(named) > 1 and len(top.parents) > 1:
        found = in_train(repo, me, top.parents[0], top.parents[1])
        if found is not None:
            return Part(found[0], found[1].oid, landing, top.parents[1])
    return Part(top.parents[0], landing, landing)


def without(repo: Repo, part: Part, tip: str) -> Merged:
    """What the target at `tip` would be without it. Its objects are durable; raises MissingObject and GitFailed."""
    return undone(repo, tip, part.before, part.after, arena=repo.gt_dir / "arena")


def in_the_way(repo: Repo, part: Part, tip: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The changes of these paths that came after it, newest first: commit and title each, and the Beads it names."""
    files = tuple(paths)
    later = list(steps(repo, part.landing, tip, paths=files, limit=OTHERS))
    if part.train is not None and part.train != part.after:
        later += steps(repo, part.after, part.train, paths=files, limit=OTHERS)
    return tuple(_told(step) for step in later[:OTHERS])


def _of_others(repo: Repo, sub: Submission | None, landing: str, outer: str) -> Part:
    if sub is not None and sub.offered is not None:
        # They may have made several commits of it.
        bases = merge_bases(repo, sub.offered.tip, sub.commit)
        if bases and bases[0] != sub.commit:
            return Part(bases[0], sub.commit, landing)
    if sub is not None and is_ancestor(repo, sub.commit, landing):
        # A plain fast-forward has no commit of its own: then it left the target where the work began.
        left = outer if landing != sub.commit else sub.basecommit
        bases = merge_bases(repo, left, sub.commit)
        if bases and bases[0] != sub.commit:
            return Part(bases[0], sub.commit, landing)
    return Part(outer, landing, landing)


def _told(step: Step) -> str:
    named = [value for key, value in trailers(step.message) if key == "Gt-Bead"]
    beads = ", ".join(bead for bead in named if bead not in step.subject)
    return f"{step.oid[:12]} {step.subject}{f' [{beads}]' if beads else ''}"
