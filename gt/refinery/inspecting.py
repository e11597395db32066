"""What can be told of one submission from outside a merge: whether its gates run, and with whom it was red. Only looks."""

from __future__ import annotations

from collections.abc import Collection

from gt import lock
from gt.git import refs
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.outcomes import Verdict
from gt.refinery.pins import branch, candidate_ref
from gt.refinery.places import FIRST_TRY, slot_lock, slot_numbers
from gt.refinery.train import CANDIDATE_OF


def gated_with(repo: Repo, name: str) -> tuple[str, ...] | None:
    """Who else is in the candidate with this submission that a gate runs on now; None: it is in none.

    Submissions are named as kept outcomes name them: `bead/token/commit`.
    """
    for number in slot_numbers(repo):
        if number < FIRST_TRY and lock.is_free(slot_lock(repo, number)) is False:
            aboard = _aboard(repo, refs.read(repo, candidate_ref(number)))
            if name in aboard:
                return tuple(each for each in aboard if each != name)
    return None


def _aboard(repo: Repo, head: str | None) -> tuple[str, ...]:
    """The submissions in a candidate, in landing order."""
    found: list[str] = []
    with Objects(repo) as odb:
        while head is not None:
            made = odb.commit(head)
            if not made.message.startswith(CANDIDATE_OF):
                break
            found.append(made.message.removeprefix(CANDIDATE_OF).strip())
            head = next(iter(made.parents), None)
    return tuple(reversed(found))


def red_with(
    repo: Repo, name: str, target: str, waiting: Collection[str], waived: Collection[str] = ()
) -> tuple[str, tuple[str, ...]] | None:
    """The gate that was red last on a tree with this submission, and who else was in it; None: it wasn't red, or passed since.

    Of the smallest such tree on the target's tip whose members all wait (`waiting`): who has landed or was sent back
    since tells that it is settled. What gates say that a person `waived` counts for nothing.
    """
    tip = refs.read(repo, branch(target))
    mine = [
        each
        for each in outcomes.everything(repo)
        if each.base == tip
        and name in each.members
        and each.gate not in waived
        and not outcomes.is_aside(each)
    ]
    cleared = {each.gate for each in mine if each.verdict is Verdict.PASS}
    red = [
        each
        for each in mine
        if each.verdict is Verdict.FAIL and each.gate not in cleared and set(each.members) <= {*waiting}
    ]
    if not red:
        return None
    least = min(red, key=lambda each: (len(each.members), -each.at))
    return least.gate, tuple(sorted(each for each in least.members if each != name))
