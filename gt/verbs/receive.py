"""`gt receive`: a branch of an attempt that was pushed here is what that attempt submits."""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Bead, Phase, Result
from gt.core.draft import Rules
from gt.core.ids import submission_ref, work_branch
from gt.core.sayings import Heard
from gt.errors import Refused
from gt.fleet import roster
from gt.fleet.novelty import nothing_new
from gt.git import refs
from gt.git.lineage import merge_bases
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.run import git
from gt.git.syncing import make_durable
from gt.store.ending import Finding, conclude, held_under, offered
from gt.store.ledger import Ledger
from gt.store.targets import targets, tip, town_of


def receive(repo: Repo, ledger: Ledger, bead: str, token: str, now: int) -> Bead | None:
    """Submit the commit that the attempt's branch is at, in the name of who holds the Bead, and end the lease by it.

    None where nothing is to be done: the branch isn't there, the attempt is this clone's own, or is submitted already.
    The commit is pinned before the ledger names it. Raises IllegalMove where the token is stale, Refused where the commit
    can't land.
    """
    commit = refs.read(repo, f"refs/heads/{work_branch(bead, token)}")
    with ledger.read() as snapshot:
        before = snapshot.find(bead)
    if commit is None or before is None:
        return None
    sub = before.status.submission
    if sub is not None and (sub.token, sub.commit) == (token, commit):
        if before.phase is Phase.SUBMITTED:
            _pin(repo, bead, token, commit, sub.basecommit, sub.by, now)
        return None
    lease = held_under(before, token)
    if lease.clone == roster.known_clone(repo):
        return None
    why = unfit(repo, before, lease.base, commit)
    if why:
        raise Refused(why, hint=f"gt show {bead}")
    at = tip(repo, lease.base)
    assert at is not None
    # Not what the lease says: that was pushed, and may name anything.
    lease = replace(lease, basecommit=merge_bases(repo, at, commit)[0])
    _pin(repo, bead, token, commit, lease.basecommit, lease.actor, now)
    count = int(git(repo, "rev-list", "--count", commit, f"^{at}").text)
    town = town_of(repo, before)
    offer = offered(before, lease, commit, town.refinery.strategy, lease.actor, now)
    after, _ = conclude(
        ledger,
        bead,
        token,
        Finding(Result.SUBMITTED, head=commit, commits=count, offer=offer),
        Heard(),
        limits=town.limits,
        rules=Rules(),
        verb="submit",
        actor=lease.actor,
        now=now,
    )
    return after


def unfit(repo: Repo, bead: Bead, base: str, commit: str) -> str:
    """Why a commit can't be submitted for a Bead that is to land on a target; a sentence, empty if it can.

    Raises what reading the commit raises.
    """
    if base not in targets(repo):
        return f"{bead.id} is to land on {base}, which is no target here"
    at = tip(repo, base)
    if at is None:
        return f"{base} has no commit here"
    with Objects(repo) as odb:
        odb.commit(commit)
    if not merge_bases(repo, at, commit):
        return f"{commit[:12]} and {base} have no commit in common"
    why = nothing_new(repo, bead, commit, {at: base})
    return f"there is nothing to submit: {commit[:12]} {why}" if why else ""


def _pin(repo: Repo, bead: str, token: str, commit: str, known: str, actor: str, now: int) -> None:
    ref = submission_ref(bead, token)
    there = refs.read(repo, ref)
    if there != commit:
        make_durable(repo, commit, (known,))
        refs.swap(repo, ref, commit, there, message="pushed", actor=actor, now=now)
