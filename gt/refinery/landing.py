"""Landing a proven candidate: the last look, then one compare-and-swap of the target.

Every first-parent commit of a landing is the Refinery's own, and its tree a gated tree. The ledger isn't written here:
that the target has it is enough, and is found again by its trailers.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from gt import lock
from gt.core.bead import Bead, Landed, Phase, Submission
from gt.core.ready import satisfied
from gt.core.town import Town
from gt.git import refs
from gt.git.committing import Committer
from gt.git.repo import Repo
from gt.git.worktree import checked_out
from gt.lock import Held
from gt.refinery import pins
from gt.refinery.approvals import approved, needs_approval
from gt.refinery.checkout import InTheWay, Record, bring_forward
from gt.refinery.commits import Unlayable, lay
from gt.refinery.train import Member, Yardmaster
from gt.refinery.trial import Green
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class NotNow:
    """It wasn't landed, and the target is as it was: look again."""

    why: str


def last_look(repo: Repo) -> AbstractContextManager[Held]:
    """The lock from a landing's last look to its swap; taken by all that may take a submission back."""
    return lock.hold(repo.gt_dir / "landing.lock")


def land(yard: Yard, ledger: Ledger, merging: Held, bead: Bead, green: Green, town: Town) -> Landed | NotNow:
    """Land a candidate that is green on `green.made.tip`; `merging` is the merge lock.

    Raises Busy when another git holds the target's lock or works in the worktree it is checked out in.
    """
    sub = bead.status.submission
    assert sub is not None
    with last_look(yard.repo):
        now = yard.clock()
        with ledger.read() as snapshot:
            found = snapshot.find(bead.id)
            objection = _objection(yard.repo, found, sub, green, town)
            paused = snapshot.state().paused
            unmet = [need for need in (found or bead).spec.needs if not _met(snapshot.find(need))]
        if paused and (paused.until is None or paused.until > now):
            objection = "the town was paused"
        if objection or unmet or found is None:
            return NotNow(objection or f"needs {', '.join(unmet)}")
        if refs.read(yard.repo, pins.branch(sub.base)) != green.made.tip:
            return NotNow(f"{sub.base} moved")
        try:
            commit = _commit(yard, found, sub, green, town, now)
        except Unlayable as error:
            return NotNow(error.why)
        return _swapped(yard, merging, sub, green, commit, now)


def _met(need: Bead | None) -> bool:
    return need is not None and satisfied(need)


def _objection(repo: Repo, found: Bead | None, sub: Submission, green: Green, town: Town) -> str | None:
    """What in the ledger, as it is now, speaks against landing."""
    if found is None or found.phase is not Phase.SUBMITTED or found.status.submission is None:
        return "is no longer submitted"
    there = found.status.submission
    if (there.token, there.commit, there.base) != (sub.token, sub.commit, sub.base):
        return f"has another submission, {there.token}"
    if found.spec.hold:
        return "is on hold"
    if needs_approval(found, town, green.made) and not approved(repo, found, there, green.made, town):
        return "isn't approved"
    return None


def _commit(yard: Yard, bead: Bead, sub: Submission, green: Green, town: Town, now: int) -> str:
    train = Yardmaster(yard.repo).train(green.made.tip, [Member(bead.id, sub)])
    proofs = {car.tree: green.proofs for car in train.cars}
    return lay(yard.repo, train, {bead.id: bead}, town, proofs, Committer(yard.repo, yard.actor, now)).head


def _swapped(
    yard: Yard, merging: Held, sub: Submission, green: Green, commit: str, now: int
) -> Landed | NotNow:
    repo, made, why = yard.repo, green.made, f"gt merge: {sub.commit[:12]}"
    assert made.tree is not None
    put = partial(pins.put, repo, why=why, actor=yard.actor, now=now)
    put(pins.next_ref(sub.base), commit)

    def swap(seen_from: Repo) -> None:
        refs.swap(seen_from, pins.branch(sub.base), commit, made.tip, message=why, actor=yard.actor, now=now)

    try:
        found = checked_out(repo, sub.base)
        if len(found) > 1:
            return NotNow(f"{sub.base} is checked out more than once")
        if not found:
            swap(repo)
        else:
            there = found[0]
            record = Record(str(there.git_dir), str(there.path), pins.branch(sub.base), made.tip, commit)
            bring_forward(repo, there, record, merging, swap)
    except refs.RaceLost:
        return NotNow(f"{sub.base} moved")
    except InTheWay as error:
        return NotNow(error.message)
    put(pins.landing_ref(sub.base), commit)
    return Landed(commit, made.tree, now)
