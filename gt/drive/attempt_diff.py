"""What an attempt changed: two ends for `git diff`."""

from __future__ import annotations

from pathlib import Path

from gt.core.bead import Bead, Lease, Phase
from gt.core.values import dataclass
from gt.drive.attempt_logs import token_of
from gt.errors import NotFound, Refused
from gt.fleet import roster
from gt.fleet.places import recorded
from gt.git.merge import merge_base
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.store.targets import targets, tip


@dataclass(frozen=True, slots=True)
class Ends:
    """Between what to compare."""

    where: Repo | Path
    """A Path: the worktree, as it is now, is the second end."""
    old: str
    new: str | None


def ends_of(repo: Repo, bead: Bead, token: str | None) -> Ends:
    """The ends of an attempt's change: of the live one what its worktree has now, of one that is over its commit.

    Raises NotFound if there is no such attempt, or it left nothing here.
    """
    wanted = token_of(bead, token)
    submission = bead.status.submission
    if submission is not None and bead.phase is Phase.PROPOSED and submission.token == wanted:
        return Ends(repo, submission.basecommit, _here(repo, bead, wanted, submission.commit))
    lease = bead.status.lease
    if lease is not None and lease.token == wanted:
        return _live(repo, bead, lease)
    attempt = bead.attempt(wanted)
    head = attempt.head if attempt else None
    if head is None:
        raise NotFound("change", f"attempt {wanted} at {bead.id} left none", hint=f"gt logs {bead.id}")
    _here(repo, bead, wanted, head)
    if submission is not None and submission.token == wanted:
        return Ends(repo, submission.basecommit, head)
    target = tip(repo, bead.spec.base or targets(repo)[0])
    base = merge_base(repo, target, head) if target else None
    return Ends(repo, base or f"{head}^", head)


def _here(repo: Repo, bead: Bead, token: str, commit: str) -> str:
    with Objects(repo) as odb:
        if not odb.has(commit):
            raise NotFound(
                "commit", f"{commit[:12]} of attempt {token} at {bead.id} on this clone", hint="gt sync"
            )
    return commit


def _live(repo: Repo, bead: Bead, lease: Lease) -> Ends:
    there = recorded(repo, bead.id, lease.token)
    if there is not None and (there.path / ".git").is_dir():
        # A git that looks at it would run what its config says.
        raise Refused(
            f"{bead.id} is worked on in a private clone: its diff can be seen once the attempt is over",
            hint=f"gt logs {bead.id} --follow",
        )
    if lease.clone != roster.known_clone(repo) or there is None or there.prunable:
        where = f"{lease.worktree} of {bead.id} on this clone (it is on {lease.host})"
        raise NotFound("worktree", where)
    return Ends(there.path, lease.basecommit, None)
