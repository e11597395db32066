"""What stops all landing on a target: it was moved by others, it can't be proven, or its queue used up its gate runs.

Derived from the target, gt's own pins and the kept outcomes; nothing of it is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import takewhile

from gt.core.bead import Bead, Result, Submission
from gt.core.state import Acceptance
from gt.core.town import Town
from gt.core.values import dataclass
from gt.git.lineage import between
from gt.git.merge import changed_paths, is_ancestor, is_ancestor_here, trailers
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.accepted import asked, is_accepted, is_given_up
from gt.refinery.gates import checks
from gt.refinery.message import BYPASS
from gt.refinery.pins import Tips
from gt.refinery.protected import guard


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing lands on a target; `why` is a clause after the target's name."""

    cause: str
    why: str
    epoch: str = ""
    """What makes it another trouble than the last of its cause, if not the target's tip."""
    settled: bool = True
    """Whether all is known of it that gt can find out."""


def queue_name(submissions: Iterable[Submission]) -> str:
    """A name for a queue as it is: it has its gate runs for itself."""
    return hashlib.sha256(
        "\n".join(sorted(sub.commit + sub.token for sub in submissions)).encode()
    ).hexdigest()[:16]


SURE = 2
"""Failures in a row on the target's own tree that stop landing: one may be a flake."""

EACH = 4
"""Runs of each gate that one more submission gives its queue: to be found among others takes a few, at worst."""


def allowance(town: Town, count: int) -> int:
    """How many gate runs a queue of so many submissions may have on one tip."""
    gates = sum(1 for gate in town.gates if gate.when == "before")
    return max(town.refinery.budget, 2 * (gates + 1)) + EACH * gates * max(0, count - 1)


def baseline(repo: Repo, at: Tips, word: Acceptance | None) -> str | None:
    """The last commit of a target that gt made or a person acknowledged; None if gt never landed on it."""
    assert at.tip is not None
    own = at.own
    if at.coming is not None and at.coming != own and is_ancestor(repo, at.coming, at.tip):
        own = at.coming
    if word is None or word.commit == own or not is_ancestor_here(repo, word.commit, at.tip):
        return own
    if own is not None and not is_ancestor(repo, own, at.tip):
        return word.commit if is_given_up(repo, word, own) else own
    return own if own is not None and is_ancestor(repo, word.commit, own) else word.commit


def is_own(repo: Repo, at: Tips, word: Acceptance | None) -> bool:
    """Whether the tip is as gt left it or a person accepted it; where it is as gt left it, told without a process."""
    if at.tip is None or at.tip in (at.own, at.coming):
        return at.tip is not None
    return is_accepted(repo, word, at.tip, at.own)


def lost(repo: Repo, at: Tips, word: Acceptance | None) -> Trouble | None:
    """What is wrong with a target from which others took what gt landed; None where nobody did, or a person accepted it."""
    assert at.tip is not None
    since = None if is_own(repo, at, word) else baseline(repo, at, word)
    if since is None or is_ancestor(repo, since, at.tip):
        return None
    why = f"was moved by others, and {since[:12]}, which gt landed, is no longer on it"
    return Trouble("moved", why, epoch=asked(repo, at.tip, since))


def moved(repo: Repo, at: Tips, word: Acceptance | None, town: Town, beads: Iterable[Bead]) -> Trouble | None:
    """What is wrong with how others moved a target; None if nothing is, or nobody did.

    `beads` are those whose attempts haven't landed: none of their commits may be among what came.
    """
    assert at.tip is not None
    beads = tuple(beads)
    if is_own(repo, at, word):
        return None
    gone = lost(repo, at, word)
    if gone is not None:
        return gone
    since = baseline(repo, at, word)
    unlanded = {commit: bead.id for bead in beads for commit in _work(bead)}
    known = (
        [since] if since is not None else sorted({s.basecommit for b in beads if (s := b.status.submission)})
    )
    came = between(repo, known, at.tip) & unlanded.keys() if unlanded and known else frozenset()
    if since is None:
        # Where gt never landed, what an attempt made is there by others, whatever it was made on.
        failed = {commit for bead in beads for commit in _failed(bead)}
        came |= {commit for commit in failed if is_ancestor_here(repo, commit, at.tip)}
    if came:
        first = min(came)
        return Trouble("moved", f"was moved by others, and has {first[:12]}, a commit of {unlanded[first]}")
    if since is None:
        return None
    if town.refinery.land is not None:
        # Others decide there what comes onto the target.
        return None
    touched = guard(repo, town.refinery.protected, since).touched(changed_paths(repo, since, at.tip))
    if touched:
        more = f" and {len(touched) - 3} more" if len(touched) > 3 else ""
        return Trouble(
            "moved", f"was moved by others, who changed protected paths: {', '.join(touched[:3])}{more}"
        )
    return None


def _failed(bead: Bead) -> Iterator[str]:
    """What attempts came to since one was last submitted: that one may have landed, seen from another clone."""
    for attempt in takewhile(
        lambda each: each.result is not Result.SUBMITTED, reversed(bead.status.attempts)
    ):
        if attempt.head is not None and attempt.commits > 0:
            yield attempt.head


def is_foreign(repo: Repo, at: Tips, word: Acceptance | None) -> bool:
    """Whether the tip has commits that gt did not make: it is adopted only after a green control run."""
    return not is_own(repo, at, word) and baseline(repo, at, word) is not None


def unprovable(repo: Repo, town: Town, tip: str, now: int) -> Trouble | None:
    """Whether a gate could not be run on the target's own tree again and again."""
    for check in checks(repo, town, _tree(repo, tip)):
        seen = outcomes.by_itself(outcomes.kept(repo, check.key, now))
        if outcomes.stalled(seen) >= outcomes.TRIES:
            why = f"can't be proven: gate {check.gate.name} could not be run: {seen[-1].why}"
            return Trouble("could-not-run", why)
    return None


def _work(bead: Bead) -> Iterable[str]:
    """The commits of a Bead's attempts that are work, and haven't landed."""
    sub = bead.status.submission
    if sub is not None and sub.commit != sub.basecommit:
        yield sub.commit
    for attempt in bead.status.attempts:
        if attempt.head is not None and attempt.commits > 0:
            yield attempt.head


def _tree(repo: Repo, commit: str) -> str:
    from gt.git.objects import Objects

    with Objects(repo) as odb:
        return odb.commit(commit).tree


def is_bypassed(repo: Repo, at: Tips) -> bool:
    """Whether the tip is a landing of gt's that a person made without proof."""
    assert at.tip is not None
    if at.tip not in (at.own, at.coming):
        return False
    from gt.git.objects import Objects

    with Objects(repo) as odb:
        said = trailers(odb.commit(at.tip).message)
    return any(key == BYPASS for key, _ in said)
