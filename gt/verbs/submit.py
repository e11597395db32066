"""`gt submit`: the person who holds a Bead offers the commit of their worktree for landing."""

from __future__ import annotations

import shlex
from pathlib import Path

from gt.core.bead import Bead, Lease, Result
from gt.core.draft import Rules
from gt.core.ids import submission_ref
from gt.core.sayings import Heard
from gt.errors import Refused
from gt.fleet import roster
from gt.fleet.novelty import nothing_new
from gt.fleet.places import recorded
from gt.git import refs
from gt.git.repo import Repo, discover
from gt.git.run import git
from gt.git.syncing import make_durable
from gt.store.ending import Finding, conclude, held_by_person, offered
from gt.store.ledger import Ledger
from gt.store.targets import tip, town_of

SHOWN = 5
"""How many files a refusal names."""


def submit(
    repo: Repo,
    ledger: Ledger,
    bead: str,
    token: str | None,
    *,
    strategy: str | None = None,
    actor: str,
    now: int,
) -> Bead:
    """Offer what is committed in the worktree of their lease, which ends by it; the worktree stays.

    `strategy` says how it shall land (default: as the town does). `token` is that of the worktree they stand in, None if they named the Bead. Raises IllegalMove if it isn't leased
    under the token, Refused if it isn't theirs, something is uncommitted, or nothing differs from the target.
    """
    with ledger.read() as snapshot:
        before = snapshot.get(bead)
    lease = held_by_person(before, token, actor)
    commit = _commit(repo, before, lease)
    town = town_of(repo, before)
    offer = offered(before, lease, commit, strategy or town.refinery.strategy, actor, now)
    ref = submission_ref(bead, lease.token)
    there = refs.read(repo, ref)
    if there != commit:
        make_durable(repo, commit, (lease.basecommit,))
        refs.swap(repo, ref, commit, there, message="submit", actor=actor, now=now)
    count = int(git(repo, "rev-list", "--count", commit, f"^{lease.basecommit}").text)
    finding = Finding(Result.SUBMITTED, head=commit, commits=count, offer=offer)
    after, _ = conclude(
        ledger,
        bead,
        lease.token,
        finding,
        Heard(),
        limits=town.limits,
        rules=Rules(),
        verb="submit",
        actor=actor,
        now=now,
    )
    return after


def _commit(repo: Repo, bead: Bead, lease: Lease) -> str:
    """The commit of the worktree, if it is clean and has something new."""
    # Not where the lease says: git runs there, and what it runs is set by what it finds there.
    there = recorded(repo, bead.id, lease.token)
    if lease.clone != roster.known_clone(repo) or there is None or there.prunable:
        raise Refused(
            f"the worktree of {bead.id} is not here: {lease.worktree} on {lease.host}",
            hint=f"gt claim {bead.id}",
        )
    place = there.path
    _check_clean(place)
    commit = refs.read(discover(place), "HEAD")
    if commit is None:
        raise Refused(f"{place} has no commit")
    ends = {lease.basecommit: f"{lease.base} when it was claimed"}
    now = tip(repo, lease.base)
    if now is not None:
        ends[now] = lease.base
    why = nothing_new(repo, bead, commit, ends)
    if why is not None:
        raise Refused(f"there is nothing to submit: {commit[:12]} {why}")
    return commit


def _check_clean(place: Path) -> None:
    fields = git(place, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all").fields
    dirty = [field[3:] for field in fields]
    if dirty:
        names = ", ".join(dirty[:SHOWN]) + (f" and {len(dirty) - SHOWN} more" if len(dirty) > SHOWN else "")
        where = shlex.quote(str(place))
        raise Refused(f"not committed yet: {names}", hint=f"git -C {where} add -A && git -C {where} commit")
