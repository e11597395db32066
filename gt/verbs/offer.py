"""`gt submit --branch`: a person offers a branch of their own for landing, for a Bead that is open or made for it."""

from __future__ import annotations

import shlex

from gt.core import moves
from gt.core.bead import Attempt, Bead, Created, Phase, Result, Spec, Status, Submission
from gt.core.draft import Origin, minted
from gt.core.edit import spec_digest
from gt.core.ids import mint_token, submission_ref
from gt.core.values import dataclass
from gt.errors import Busy, IllegalMove, NotFound, Refused
from gt.fleet.novelty import nothing_new
from gt.git import refs
from gt.git.lineage import merge_bases, steps
from gt.git.repo import Repo
from gt.git.run import git
from gt.git.syncing import make_durable
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from gt.store.settings import town_at
from gt.store.targets import targets, tip

TITLE = 200
"""Characters of a commit's subject that make a title."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered: a commit of a branch, for a target."""

    branch: str
    commit: str
    base: str
    basecommit: str
    """Where the branch left the target."""
    strategy: str
    """How it shall land."""
    count: int
    """How many commits it has that the target hasn't."""
    subject: str


def offered_by(repo: Repo, branch: str, base: str | None, strategy: str | None = None) -> Offer:
    """Look at a branch (its short name) that is to land on a target (default: the first), as the town does by default.

    Raises NotFound without either, Refused for a target itself, and for histories that have nothing in common.
    """
    known = targets(repo)
    base = base or known[0]
    if base not in known:
        raise NotFound("target", base, hint=f"git config --add gt.target {shlex.quote(base)}")
    at = tip(repo, base)
    if at is None:
        raise NotFound("branch", base)
    if branch in known:
        raise Refused(f"{branch} is a target: work lands there by itself", hint="gt merge")
    commit = refs.read(repo, f"refs/heads/{branch}") if _is_name(branch) else None
    if commit is None:
        raise NotFound("branch", branch, hint="git branch --list")
    common = merge_bases(repo, at, commit)
    if not common:
        raise Refused(f"{branch} and {base} have no commit in common")
    count = int(git(repo, "rev-list", "--count", commit, f"^{at}").text)
    subject = steps(repo, None, commit, limit=1)[0].subject
    how = strategy or town_at(repo, at).refinery.strategy
    return Offer(branch, commit, base, common[0], how, count, subject)


def offer(
    repo: Repo, ledger: Ledger, what: Offer, bead: str | None, title: str | None, origin: Origin
) -> Bead:
    """Submit it for the open Bead with this whole id, or (None) for a new one; returns the Bead.

    `title` is that of a new Bead (default: the subject of the branch's last commit). The commit is pinned before
    the ledger names it. Raises IllegalMove if the Bead isn't open or is to land elsewhere, and Refused where the
    branch has nothing new, or waits to land already.
    """
    with ledger.read() as snapshot:
        before = snapshot.get(bead) if bead else _new(snapshot, what, title, origin)
        _check_alone(snapshot, before, what)
    _check_new(repo, before, what)
    token = mint_token(before.next_ordinal, origin.digits)
    ref = submission_ref(before.id, token)
    make_durable(repo, what.commit, (what.basecommit,))
    refs.swap(repo, ref, what.commit, None, message="submit", actor=origin.actor, now=origin.now)
    outcome: list[Bead] = []

    def change(snapshot: Snapshot) -> Changes:
        found = snapshot.find(before.id)
        if bead is None and found is not None:
            raise Busy("a new id was taken meanwhile")
        _check_alone(snapshot, before, what)
        outcome[:] = [_offered(found or before, what, token, origin)]
        return Changes({before.id: outcome[0]})

    subject = f"submit {before.id}: {before.spec.title}"
    message = Message(subject, "submit", origin.actor, (before.id,), origin.now)
    with ledger.hold() as held:
        ledger.update(held, message, change).close()
    return outcome[0]


def _is_name(branch: str) -> bool:
    return not refs.BAD_NAME.search(f"refs/heads/{branch}")


def _new(snapshot: Snapshot, what: Offer, title: str | None, origin: Origin) -> Bead:
    (name,) = minted(1, snapshot.meta().prefix, origin.digits, snapshot)
    spec = Spec(title or what.subject[:TITLE] or what.branch, base=what.base)
    return Bead(name, origin.uid(), Created(origin.now, origin.actor), spec, Status(Phase.OPEN))


def _check_alone(snapshot: Snapshot, bead: Bead, what: Offer) -> None:
    """Raise Refused where another Bead has this very commit submitted: one of the two could only change nothing."""
    for other in snapshot.live():
        sub = other.status.submission
        waits = other.phase is Phase.SUBMITTED and other.id != bead.id
        if waits and sub is not None and (sub.commit, sub.base) == (what.commit, what.base):
            raise Refused(f"{what.branch} is submitted already, for {other.id}", hint=f"gt show {other.id}")


def _check_new(repo: Repo, bead: Bead, what: Offer) -> None:
    if bead.spec.base is not None and bead.spec.base != what.base:
        raise IllegalMove(
            bead.id, f"is to land on {bead.spec.base}, not on {what.base}", hint=f"gt show {bead.id}"
        )
    ends = {what.basecommit: f"{what.base} where {what.branch} left it"}
    now = tip(repo, what.base)
    if now is not None:
        ends[now] = what.base
    if what.count == 0 and what.commit != now:
        # A merge of it would bring nothing, whatever became of its change since.
        raise Refused(
            f"there is nothing to submit: {what.base} has {what.commit[:12]} already; what was reverted since comes"
            f" back by a revert of the revert, or by new commits",
            hint=f"git log --first-parent {shlex.quote(what.base)}",
        )
    why = nothing_new(repo, bead, what.commit, ends)
    if why is not None:
        raise Refused(f"there is nothing to submit: {what.commit[:12]} {why}")


def _offered(bead: Bead, what: Offer, token: str, origin: Origin) -> Bead:
    submission = Submission(
        token=token,
        commit=what.commit,
        branch=what.branch,
        base=what.base,
        basecommit=what.basecommit,
        spec=spec_digest(bead.spec),
        strategy=what.strategy,
        at=origin.now,
        by=origin.actor,
    )
    attempt = Attempt(
        token, "", origin.now, origin.now, Result.SUBMITTED, head=what.commit, commits=what.count
    )
    return moves.offer(bead, submission, attempt)
