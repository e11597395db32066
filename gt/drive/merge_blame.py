"""What a rejection says: the red run that convicts, and why this change is to blame for it."""

from __future__ import annotations

from gt.core.rulings import Reject, RejectPair
from gt.git.objects import Objects
from gt.refinery import evidence
from gt.refinery.gateruns import GateRuns
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.proving import Candidate
from gt.refinery.train import Member
from gt.refinery.yard import Yard


def convicting(
    yard: Yard, runs: GateRuns, ruling: Reject | RejectPair, member: Member, target: str, tip: str
) -> str:
    """The red run that convicts a submission, told in full; of two that don't go together also where each is green."""
    blame = _blame(ruling, target)
    for red in reversed(ruling.reds):
        it = runs.of(red.base, red.members)
        failed = _failed(yard, it) if it is not None else None
        if it is not None and failed is not None:
            more = _apart(yard, runs, ruling, member, target, tip) if isinstance(ruling, RejectPair) else ()
            return evidence.of_red(member, it.train, failed, blame, more)
    return f"a gate is red; {blame}"


def _apart(
    yard: Yard, runs: GateRuns, ruling: RejectPair, member: Member, target: str, tip: str
) -> list[str]:
    alone = runs.of(ruling.green.base, ruling.green.members)
    with Objects(yard.repo) as odb:
        tree = odb.commit(tip).tree
    without = [f"green without {_partners(ruling)}: tree {alone.tree}"] if alone is not None else []
    return [*without, f"green without {member.bead}: tree {tree}, of {target} at {tip[:12]}"]


def _failed(yard: Yard, it: Candidate) -> Outcome | None:
    now = yard.clock()
    held = (test for test in it.tests if not test.excused)
    found = [each for test in held for each in test.known(yard.repo, now)]
    return next((each for each in reversed(found) if each.verdict is Verdict.FAIL), None)


def _blame(ruling: Reject | RejectPair, target: str) -> str:
    """Why this change is to blame, as a clause."""
    if isinstance(ruling, RejectPair):
        it = "it" if len(ruling.among) == 1 else "all of them"
        return f"it was green without {_partners(ruling)}, and is red with {it} on {target}"
    again = "" if len(ruling.reds) < 2 else f" ({len(ruling.reds)} runs were red)"
    return f"all else in it is on {target}, which is green{again}"


def _partners(ruling: RejectPair) -> str:
    """What it doesn't go together with, by the Beads: one, unless no run has told which."""
    *names, last = sorted(name.partition("/")[0] for name in ruling.among)
    return f"{', '.join(names)} and {last}" if names else last
