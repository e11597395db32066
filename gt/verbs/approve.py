"""`gt approve`: a person vouches for a submission as it is, and for the protected files it would leave."""

from __future__ import annotations

from dataclasses import dataclass

from gt.core import moves
from gt.core.bead import Approval, Bead, Phase
from gt.errors import Conflict, IllegalMove, NotFound
from gt.git import refs
from gt.git.repo import Repo
from gt.refinery.candidate import Preview, preview
from gt.refinery.landing import last_look
from gt.refinery.pins import branch
from gt.store.amend import Amended, amend
from gt.store.ledger import Ledger, Message, Snapshot
from gt.store.settings import town_at


@dataclass(frozen=True, slots=True)
class Approved:
    """The Bead after the approval, and the protected paths that were vouched for."""

    amended: Amended
    protected: tuple[str, ...]


def approve(
    repo: Repo, ledger: Ledger, bead: str, *, commit: str | None = None, actor: str, now: int
) -> Approved:
    """Approve what is submitted for this Bead (whole id), merged into its target as it is now.

    `commit`, or the start of one, is what the person has seen; anything else submitted is refused. Raises
    IllegalMove if nothing is submitted, Conflict if it doesn't merge.
    """
    made: list[Preview] = []

    def change(_snapshot: Snapshot, before: Bead) -> Bead:
        sub = before.status.submission
        if before.phase is not Phase.SUBMITTED or sub is None:
            raise IllegalMove(bead, f"is {before.phase}: there is nothing to approve", hint=f"gt show {bead}")
        if commit is not None and not sub.commit.startswith(commit):
            raise IllegalMove(
                bead, f"has {sub.commit[:12]} submitted, not {commit[:12]}", hint=f"gt diff {bead}"
            )
        made[:] = [_candidate(repo, bead, sub.base, sub.commit)]
        return moves.approve(before, Approval(sub.commit, sub.base, made[0].digest, actor, now))

    message = Message(f"approve {bead}", "approve", actor, (bead,), now)
    with last_look(repo):
        amended = amend(ledger, bead, change, message, settle=True)
    return Approved(amended, made[0].protected)


def _candidate(repo: Repo, bead: str, base: str, commit: str) -> Preview:
    tip = refs.read(repo, branch(base))
    if tip is None:
        raise NotFound("target", base)
    made = preview(repo, tip, commit, town_at(repo, tip))
    if made.tree is None:
        raise Conflict(f"{bead} conflicts with {base} in {', '.join(made.conflicts)}", hint="gt merge")
    return made
