"""A submission built on another that landed as other commits, squashed or rebased: moved onto those.

By its history it would bring what is below it once more: what it changes of that would conflict, or be lost. So what it
changes of the submission below is carried over to the landing that has that one.
"""

from __future__ import annotations

from contextlib import suppress

from gt.git.lineage import Step, between, fork_points, steps
from gt.git.merge import is_ancestor, merge_trees
from gt.git.objects import MissingObject, Objects
from gt.git.picking import carried
from gt.git.remembered import Remembered
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.refinery.told import Triple, around, members

WHO = "gt <gt>"
"""Who signs what is only made to be merged: no clock and no person may change its id."""

_moved: Remembered[tuple[Repo, str, str], str] = Remembered(4096)


def restacked(repo: Repo, tip: str, commit: str) -> str:
    """What is to be merged for a commit into a target's tip: itself, unless what it is built on landed there otherwise.

    Else it is durable, and has the landing as its parent. Raises GitFailed where a commit is missing.
    """
    return _moved.or_make((repo, tip, commit), lambda: _restacked(repo, tip, commit))


def below(repo: Repo, tip: str, commit: str) -> tuple[Step, str] | None:
    """The last landing on a target of something that a commit is built on and the target has only otherwise; and that."""
    under = between(repo, [tip], commit) - {commit}
    forks = fork_points(repo, tip, commit) if under else ()
    if len(forks) != 1:
        return None
    for step in steps(repo, forks[0], tip):
        for triple in members(step.message):
            if triple[2] in under and brings(repo, step, triple):
                return step, triple[2]
    return None


def brings(repo: Repo, step: Step, triple: Triple) -> bool:
    """Whether a commit has what it says was submitted, as a landing by gt has it: by its history, or file by file.

    What others moved the target to is below what gt has landed since, and no pin tells it from gt's own.
    """
    with suppress(GitFailed, MissingObject):  # what isn't here at all is in nothing
        if is_ancestor(repo, triple[2], step.oid):
            return True
        before, after = around(repo, step, triple)
        theirs = restacked(repo, before, triple[2])
        return merge_trees(repo, before, theirs, arena=repo.gt_dir / "arena").tree == after.tree
    return False


def _restacked(repo: Repo, tip: str, commit: str) -> str:
    found = below(repo, tip, commit)
    if found is None:
        return commit
    landing, old = found
    made = carried(repo, landing.oid, old, commit, arena=repo.gt_dir / "arena")
    if made.tree is None:  # it stands against what landed with that one: told as any conflict is
        return commit
    with Objects(repo) as odb:
        moved = odb.add_commit(made.tree, (landing.oid,), f"{commit} on {landing.oid}", WHO, 0)
        odb.flush()
    return moved
