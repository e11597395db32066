"""`gt promote --approve`: a person vouches for a commit, for one stage."""

from __future__ import annotations

from dataclasses import replace

from gt.core.state import Word
from gt.core.values import dataclass
from gt.errors import Refused
from gt.git import refs
from gt.git.repo import Repo
from gt.git.signing import sign
from gt.refinery.approvals import unlisted
from gt.refinery.landing import last_look
from gt.refinery.pins import branch
from gt.refinery.stages import Found
from gt.refinery.words import counts, payload, signed_by
from gt.store.ledger import Changes, Ledger, Message, Snapshot


@dataclass(frozen=True, slots=True)
class Vouched:
    """What was vouched for, whose signature that carries, and whether it is news."""

    word: Word
    signer: str | None
    changed: bool


def vouch(repo: Repo, ledger: Ledger, found: Found, commit: str | None, *, actor: str, now: int) -> Vouched:
    """Say that a commit may go to this stage: the newest that has baked, or the one that `commit` (or its start) names.

    The word is for this stage and this commit; it takes the place of one for another. Signed by the user's key where
    the target asks for it. Raises Refused for a stage that no person need vouch for, for a commit that isn't ahead of it,
    and where a signature is wanted that can't be made, or that nobody on the target's list has made.
    """
    stage = found.stage
    if not found.spec.approve:
        raise Refused(
            f"{stage.branch} takes commits without a person's word", hint=f"gt promote {stage.branch}"
        )
    made: list[Vouched] = []

    def change(snapshot: Snapshot) -> Changes:
        state = snapshot.state()
        given = state.approved.get(stage.branch)
        chosen = _chosen(found, given, commit)
        word = _word(repo, found, chosen, given, actor, now)
        tip = refs.read(repo, branch(stage.target)) or ""
        made[:] = [Vouched(word, signed_by(repo, tip, stage.branch, word), word != given)]
        if word == given:
            return Changes()
        return Changes(state=replace(state, approved={**state.approved, stage.branch: word}))

    subject = f"approve a commit for {stage.branch}"
    with last_look(repo), ledger.hold() as held:
        ledger.update(held, Message(subject, "promote", actor, (), now), change).close()
    return made[0]


def _chosen(found: Found, given: Word | None, wanted: str | None) -> str:
    branch = found.stage.branch
    at = found.stage.tip or ""
    if given is not None and given.commit == at and (at.startswith(wanted) if wanted else not found.ahead):
        return at  # it is there already, by this very word
    if wanted is not None:
        fitting = [oid for oid in found.ahead if oid.startswith(wanted)]
        if len(fitting) != 1:
            if found.stage.decision.cause == "paused":
                raise Refused(f"{branch} {found.stage.decision.why}", hint="gt resume")
            raise Refused(
                f"{wanted[:12]} is no commit that {found.stage.source} has ahead of {branch}",
                hint=f"git log --no-walk {' '.join(found.ahead[:9])}" if found.ahead else "gt status",
            )
        return fitting[0]
    if not found.ripe:
        why = found.stage.decision.why or f"has all that {found.stage.source} has"
        raise Refused(f"there is nothing to approve: {branch} {why}", hint="gt status")
    return found.ripe[0]


def _word(repo: Repo, found: Found, commit: str, given: Word | None, actor: str, now: int) -> Word:
    """The word, with a signature where one is asked for; the one that was given already, if it counts."""
    branch_, target = found.stage.branch, found.stage.target
    tip = refs.read(repo, branch(target)) or ""
    same = given is not None and (given.commit, given.by) == (commit, actor)
    if given is not None and same and counts(repo, found.town, tip, branch_, given):
        return given
    word = Word(commit, actor, now)
    if found.town.refinery.approvals == "any":
        return word
    signed = replace(word, signature=sign(repo, payload(branch_, word)))
    if signed_by(repo, tip, branch_, signed) is None:
        raise unlisted(repo, target, tip)
    return signed
