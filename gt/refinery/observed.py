"""What others landed of what gt offered: told from what the target's commits do, never from what they say.

A submission that was offered has landed with the first first-parent commit of its target, after the one that it was
proven on, that contains the submitted commit, or to which merging it would add nothing: however it was merged, squashed
or rebased. Names prove nothing; but where one is called by its name, a person is asked before it is sent back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from gt.core.bead import Submission
from gt.git.lineage import Step, steps
from gt.git.merge import is_ancestor, merge_trees
from gt.git.objects import MissingObject
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.refinery.footprint import footprint
from gt.store.cachefile import keep, recall

NAMED = 200
"""Paths that a look at a target's history is narrowed to; where a submission has more, every commit is looked at."""


def find(repo: Repo, bead: str, sub: Submission, tip: str) -> Step | None:
    """The commit of the target at `tip` with which an offered submission landed; None: it hasn't, or nobody can tell."""
    if sub.offered is None or tip == sub.offered.tip:
        return None
    seen = repo.gt_dir / "cache" / "observed" / f"{bead}-{sub.token}-{sub.offered.tip[:12]}"
    since = recall(seen) or sub.offered.tip
    if since == tip:
        return None
    try:
        found = _landing(repo, sub.commit, sub.offered.tip, since, tip)
    except (GitFailed, MissingObject):
        return None
    if found is None:
        keep(seen, tip)
    return found


def mentioned(repo: Repo, bead: str, sub: Submission, tip: str) -> Step | None:
    """The last commit of the target since a submission was offered that has the Bead's id in its message, and changes what it changes."""
    assert sub.offered is not None
    word = re.compile(rf"(?<![\w-]){re.escape(bead)}(?![\w-])")
    line = _touching(repo, sub.offered.tip, sub.commit, sub.offered.tip, tip)
    return next((each for each in line if word.search(each.message)), None)


@lru_cache(maxsize=1024)
def _landing(repo: Repo, commit: str, offered_on: str, since: str, tip: str) -> Step | None:
    if is_ancestor(repo, commit, tip):
        return first_with(repo, steps(repo, offered_on, tip)[::-1], commit)
    line = _touching(repo, offered_on, commit, since, tip)
    return next((step for step in reversed(line) if _has_all(repo, step, commit)), None)


def _touching(repo: Repo, offered_on: str, commit: str, since: str, tip: str) -> tuple[Step, ...]:
    """The target's commits that change a path of those that a submission changes; all of them, where it has many."""
    paths = sorted(footprint(repo, offered_on, commit))
    return steps(repo, since, tip, paths=paths if len(paths) <= NAMED else ())


def first_with(repo: Repo, line: Sequence[Step], commit: str) -> Step | None:
    """The oldest of these steps (oldest first) that contains the commit."""
    low, high = 0, len(line)
    while low < high:
        middle = (low + high) // 2
        if is_ancestor(repo, commit, line[middle].oid):
            high = middle
        else:
            low = middle + 1
    return line[low] if low < len(line) else None


def _has_all(repo: Repo, step: Step, commit: str) -> bool:
    """Whether a commit of the target has all that a submission changes: merging it there would add nothing."""
    return merge_trees(repo, step.oid, commit, arena=repo.gt_dir / "arena").tree == step.tree
