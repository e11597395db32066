"""`gt approve`: a person vouches for a submission as it is, and for the protected files it would leave."""

from __future__ import annotations

from dataclasses import replace

from gt.core import moves
from gt.core.bead import Approval, Bead, Phase
from gt.core.values import dataclass
from gt.errors import Conflict, IllegalMove, NotFound
from gt.git import refs
from gt.git.repo import Repo
from gt.git.signing import sign
from gt.refinery.approvals import payload, signed_by, unlisted
from gt.refinery.candidate import Preview, preview
from gt.refinery.landing import last_look
from gt.refinery.pins import branch
from gt.store.amend import Amended, amend
from gt.store.ledger import Ledger, Message, Snapshot
from gt.store.settings import town_at


@dataclass(frozen=True, slots=True)
class Approved:
    """The Bead after the approval, the protected paths that were vouched for, and whose signature it carries."""

    amended: Amended
    protected: tuple[str, ...]
    signer: str | None


def approve(
    repo: Repo, ledger: Ledger, bead: str, *, commit: str | None = None, actor: str, now: int
) -> Approved:
    """Approve what is submitted for this Bead (whole id), merged into its target as it is now.

    `commit`, or the start of one, is what the person has seen; anything else submitted is refused. Signed by the
    user's key where the target asks for it. Raises IllegalMove if nothing is submitted, Conflict if it doesn't
    merge, Refused where a signature is wanted that can't be made, or that nobody on the target's list has made.
    """
    made: list[Preview] = []
    signed: list[str | None] = []

    def change(_snapshot: Snapshot, before: Bead) -> Bead:
        sub = before.status.submission
        if before.phase is not Phase.SUBMITTED or sub is None:
            raise IllegalMove(bead, f"is {before.phase}: there is nothing to approve", hint=f"gt show {bead}")
        if commit is not None and not sub.commit.startswith(commit):
            raise IllegalMove(
                bead, f"has {sub.commit[:12]} submitted, not {commit[:12]}", hint=f"gt diff {bead}"
            )
        made[:] = [_candidate(repo, bead, sub.base, sub.commit)]
        word = Approval(sub.commit, sub.base, made[0].digest, actor, now)
        given = next((each for each in before.status.approvals if _same(each, word)), None)
        if town_at(repo, made[0].tip).refinery.approvals == "signed":
            if given is None or signed_by(repo, made[0].tip, before, given) is None:
                word = _signed(repo, made[0].tip, before, word)
                given = None
            signed[:] = [signed_by(repo, made[0].tip, before, given or word)]
        return before if given is not None else moves.approve(before, word)

    message = Message(f"approve {bead}", "approve", actor, (bead,), now)
    with last_look(repo):
        amended = amend(ledger, bead, change, message, settle=True)
    return Approved(amended, made[0].protected, signed[0] if signed else None)


def _same(one: Approval, other: Approval) -> bool:
    """Whether both are the same person's word for the same."""
    return replace(one, at=0, signature=None) == replace(other, at=0, signature=None)


def _signed(repo: Repo, tip: str, bead: Bead, word: Approval) -> Approval:
    """The word with the user's signature, if that is one that the target's lists know."""
    made = replace(word, signature=sign(repo, payload(bead, word)))
    if signed_by(repo, tip, bead, made) is None:
        raise unlisted(repo, word.base, tip)
    return made


def _candidate(repo: Repo, bead: str, base: str, commit: str) -> Preview:
    tip = refs.read(repo, branch(base))
    if tip is None:
        raise NotFound("target", base)
    made = preview(repo, tip, commit, town_at(repo, tip))
    if made.clashes:
        raise Conflict(f"{bead} conflicts with {base} in {', '.join(made.conflicts)}", hint="gt merge")
    return made
