"""`gt revert`: what a Bead landed is taken back by a change of its own, which is gated and landed like any other.

Only the Bead's own part of its landing is taken back, on the target as it is now. Nothing is stored about it but a
link: whether a landing is reverted is worked out.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gt.core import moves, reverts
from gt.core.bead import Attempt, Bead, Created, Landed, Phase, Result, Spec, Status, Submission
from gt.core.draft import Origin, minted
from gt.core.edit import spec_digest
from gt.core.ids import mint_token, submission_ref
from gt.core.values import dataclass
from gt.errors import Busy, Conflict, IllegalMove, NotFound, Refused
from gt.git import mending, refs
from gt.git.committing import Committer, Draft
from gt.git.merge import is_ancestor
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.refinery.brought import Part, in_the_way, part_of, without
from gt.refinery.landed import derive
from gt.refinery.pins import seen
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from gt.store.settings import town_at
from gt.store.targets import shared_through, targets, tip

TITLE = 200
"""Characters of a title that is quoted in another."""

AGAIN = 'Revert "'
"""How the title of a revert begins; reverted itself, it says `Reapply`, as git does."""


def revert(
    repo: Repo, ledger: Ledger, bead: str, *, reason: str = "", title: str | None = None, origin: Origin
) -> Bead:
    """Submit the inverse of what this Bead (whole id) landed, for a new Bead; returns that.

    The commit is made in memory, signed where the user's git signs, and pinned before the ledger names it. Raises
    IllegalMove for what hasn't landed, Refused where it was reverted already or the landing isn't on the target here,
    and Conflict where what landed since is in the way; then nothing has changed.
    """
    with ledger.read() as snapshot:
        landing = _look(repo, snapshot, bead)
        _check_first(snapshot, repo, landing.bead)
    return _enrol(repo, ledger, landing, reason, title, origin, propose=False)


def propose_revert(
    repo: Repo, ledger: Ledger, bead: str, *, reason: str, title: str | None = None, origin: Origin
) -> Bead:
    """As `revert`, but as a proposal that comes with its commit: nothing is queued until a person accepts it.

    Where a revert of this Bead is proposed or under way already, it is that one that is returned, and nothing changes.
    """
    with ledger.read() as snapshot:
        landing = _look(repo, snapshot, bead)
        there = reverts.under_way(landing.bead, _reverts(repo, snapshot))
        if there is not None:
            return there
        _check_first(snapshot, repo, landing.bead)
    return _enrol(repo, ledger, landing, reason, title, origin, propose=True)


@dataclass(frozen=True, slots=True)
class _Landing:
    """What is to be taken back, and from where."""

    bead: Bead
    landed: Landed
    base: str
    tip: str


@dataclass(frozen=True, slots=True)
class _Inverse:
    """A commit that takes a landing back, on the target's tip."""

    commit: str
    said: str
    """What it says below its title, in prose."""


def _look(repo: Repo, snapshot: Snapshot, name: str) -> _Landing:
    """The landing of this Bead, if it is on its target here."""
    bead = _overlaid(repo, snapshot, [snapshot.get(name)])[0]
    landed, sub = bead.status.landed, bead.status.submission
    if bead.phase is not Phase.LANDED or landed is None:
        hint = f"gt withdraw {name}" if bead.phase is Phase.SUBMITTED else f"gt why {name}"
        raise IllegalMove(name, f"is {bead.phase}: only what has landed can be reverted", hint=hint)
    known = targets(repo)
    base = sub.base if sub else bead.spec.base or known[0]
    if base not in known:
        raise NotFound("target", base, hint=f"git config --add gt.target {shlex.quote(base)}")
    at = tip(repo, base)
    if at is None:
        raise NotFound("branch", base)
    _check_there(repo, name, landed, base, at)
    return _Landing(bead, landed, base, at)


def _check_there(repo: Repo, name: str, landed: Landed, base: str, at: str) -> None:
    """Raise Refused if the target here doesn't have the landing."""
    short = landed.commit[:12]
    with Objects(repo) as odb:
        here = odb.has(landed.commit)
    if here and is_ancestor(repo, landed.commit, at):
        return
    there = seen(repo, base).tip
    if not here or (there is not None and is_ancestor(repo, landed.commit, there)):
        raise Refused(
            f"{name} landed as {short}, which {base} doesn't have in this clone yet",
            hint="gt sync" if shared_through(repo) else "git fetch",
        )
    raise Refused(
        f"{name} landed as {short}, which is no longer on {base}: there is nothing to take back",
        hint=f"gt reopen {name}",
    )


def _check_first(snapshot: Snapshot, repo: Repo, bead: Bead) -> None:
    """Raise Refused if the landing was reverted, or is about to be."""
    known = _reverts(repo, snapshot)
    there = reverts.under_way(bead, known)
    if there is not None and there.phase is Phase.PROPOSED:
        raise Refused(f"a revert of {bead.id} is proposed already, {there.id}", hint=f"gt accept {there.id}")
    if there is not None:
        raise Refused(
            f"a revert of {bead.id} is under way already: {there.id} is {there.phase}",
            hint=f"gt why {there.id}",
        )
    done = reverts.undone_by(bead, known)
    if done is not None:
        raise Refused(
            f"{bead.id} was reverted already, by {done.id}; a revert of that brings it back",
            hint=f"gt revert {done.id}",
        )


def _reverts(repo: Repo, snapshot: Snapshot) -> reverts.Reverts:
    def linked(bead: str) -> Sequence[Bead]:
        return _overlaid(repo, snapshot, snapshot.linked_to(bead, f"link:{reverts.LINK}"))

    return linked


def _overlaid(repo: Repo, snapshot: Snapshot, beads: Sequence[Bead]) -> list[Bead]:
    """The Beads, landed if their targets have them."""
    found: Mapping[str, Landed] = {}
    if any(bead.phase is Phase.SUBMITTED for bead in beads):
        found = derive(repo, beads, targets(repo), snapshot.state().acknowledged)
    return [
        replace(bead, status=replace(bead.status, phase=Phase.LANDED, landed=found[bead.id]))
        if bead.id in found
        else bead
        for bead in beads
    ]


def _enrol(
    repo: Repo,
    ledger: Ledger,
    landing: _Landing,
    reason: str,
    title: str | None,
    origin: Origin,
    *,
    propose: bool,
) -> Bead:
    """Make the commit, pin it, and write the new Bead."""
    called = title or _title(landing.bead)
    made = _inverse(repo, landing, called, reason, origin)
    with ledger.read() as snapshot:
        (name,) = minted(1, snapshot.meta().prefix, origin.digits, snapshot)
    new = _new(repo, name, landing, called, made, origin, propose=propose)
    sub = new.status.submission
    assert sub is not None
    ref = submission_ref(new.id, sub.token)
    refs.swap(repo, ref, made.commit, None, message="revert", actor=origin.actor, now=origin.now)
    mending.mend_tail(repo)

    def change(snapshot: Snapshot) -> Changes:
        if snapshot.find(new.id) is not None:
            raise Busy("a new id was taken meanwhile")
        current = _overlaid(repo, snapshot, [snapshot.get(landing.bead.id)])[0]
        if current.status.landed != landing.landed:
            raise Busy(f"{current.id} was moved meanwhile")
        _check_first(snapshot, repo, current)
        return Changes({new.id: new})

    what = "propose to revert" if propose else "revert"
    subject = f"{what} {landing.bead.id}: {new.id}"
    message = Message(subject, "revert", origin.actor, (new.id,), origin.now)
    with ledger.hold() as held:
        ledger.update(held, message, change).close()
    return new


def _title(bead: Bead) -> str:
    title = bead.spec.title
    if bead.spec.links.get(reverts.LINK) and title.startswith(AGAIN) and title.endswith('"'):
        return f'Reapply "{title.removeprefix(AGAIN)}'
    return f'{AGAIN}{title[:TITLE]}"'


def _inverse(repo: Repo, landing: _Landing, title: str, reason: str, origin: Origin) -> _Inverse:
    part = part_of(repo, landing.bead.id, landing.bead.status.submission, landing.landed.commit)
    said = _prose(landing, part, reason)
    done = without(repo, part, landing.tip)
    if done.tree is None:
        raise _clash(repo, landing, part, done.conflicts, title)
    with Objects(repo) as odb:
        before = odb.commit(landing.tip).tree
    if done.tree == before:
        raise Refused(
            f"{landing.base} has nothing left of what {landing.bead.id} landed as {landing.landed.commit[:12]}",
            hint=f"git log --first-parent {landing.landed.commit[:12]}..{shlex.quote(landing.base)}",
        )
    draft = Draft(done.tree, (landing.tip,), f"{title}\n\n{said}", origin.actor, origin.now)
    try:
        return _Inverse(Committer(repo, origin.actor, origin.now).make(draft), said)
    except GitFailed as error:
        raise Refused(f"the revert can't be committed: {error.message}", hint=error.hint) from error


def _prose(landing: _Landing, part: Part, reason: str) -> str:
    bead, own, whole = landing.bead, part.after[:12], landing.landed.commit
    by = f"as {whole}" if part.after == whole else f"with {whole}, where it is {own}"
    text = f"Takes back what {bead.id} brought to {landing.base}: it landed {by}."
    return "\n\n".join(each for each in (reason.strip(), text) if each) + "\n"


def _clash(repo: Repo, landing: _Landing, part: Part, paths: Sequence[str], title: str) -> Conflict:
    """What stands in the way, and the Bead to make so that somebody takes it back by hand."""
    bead = landing.bead
    files = ", ".join(paths)
    lines = [
        f"{bead.id} can't be reverted by itself: it conflicts with {landing.base} at {landing.tip[:12]} in {files}",
        *(f"on the other side: {each}" for each in in_the_way(repo, part, landing.tip, paths)),
    ]
    todo = f"Take back what {bead.id} landed: {part.command(repo)}, then resolve {files}."
    link = f"{reverts.LINK}:{bead.id}"
    words = ("gt", "create", title, "--type", "bug", "--base", landing.base, "--link", link, "--body", todo)
    return Conflict("\n".join(lines), hint=shlex.join(words))


def _new(
    repo: Repo,
    name: str,
    landing: _Landing,
    title: str,
    made: _Inverse,
    origin: Origin,
    *,
    propose: bool,
) -> Bead:
    bead = landing.bead
    spec = Spec(
        title,
        type="bug",
        priority=bead.spec.priority,
        body=made.said,
        base=landing.base,
        links={reverts.LINK: frozenset({bead.id})},
    )
    sub = Submission(
        token=mint_token(1, origin.digits),
        commit=made.commit,
        branch=f"revert/{bead.id}",
        base=landing.base,
        basecommit=landing.tip,
        spec=spec_digest(spec),
        strategy=town_at(repo, landing.tip).refinery.strategy,
        at=origin.now,
        by=origin.actor,
    )
    status = Status(Phase.PROPOSED if propose else Phase.OPEN, submission=sub if propose else None)
    new = Bead(name, origin.uid(), Created(origin.now, origin.actor), spec, status)
    if propose:
        return new
    attempt = Attempt(sub.token, "", origin.now, origin.now, Result.SUBMITTED, head=sub.commit, commits=1)
    return moves.offer(new, sub, attempt)
