"""Marks: what gt remembers of a stage. One commit for each promotion, dated, kept by a ref and never on the stage itself.

A mark's first parent is the commit that was promoted, its second the mark before. `refs/gt/next/<stage>` is moved to
the new mark before the stage moves, `refs/gt/landing/<stage>` after: so a kill between any two of the three moves
leaves no doubt whether a move of the stage was gt's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gt.core.values import dataclass
from gt.git import refs
from gt.git.merge import is_ancestor, trailers
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.refinery import pins

STAGE = "Gt-Stage"
"""The trailer by which a mark is known."""

FROM, NOWHERE = "Gt-From", "nowhere"
"""The trailer that says where the stage was, and what it says where there was none."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A promotion."""

    oid: str
    commit: str
    """What was promoted."""
    previous: str | None
    at: int
    """When, in seconds since the epoch."""
    since: str | None = None
    """Where the stage was, or NOWHERE; None: the mark doesn't say."""


@dataclass(frozen=True, slots=True)
class Post:
    """Where a stage is, and what gt knows of it. Where it is pushed, the remote's word counts."""

    branch: str
    tip: str | None
    own: Mark | None
    """The last promotion that reached it."""
    here: str | None
    """The branch in this repository: the tip, unless the stage is pushed. Then it follows where it can."""
    there: str | None = None
    """Where the remote has it, as it was seen last."""
    said: str | None = None
    """What the remote has in the mark's place, as it was seen last."""


def make(repo: Repo, post: Post, commit: str, proofs: Sequence[str], actor: str, now: int) -> str:
    """Write the mark of a stage's promotion to a commit, durably; no ref names it yet.

    `proofs` say which gates passed, as trailers of landings do.
    """
    stage, previous = post.branch, post.own.oid if post.own else None
    lines = (
        f"{STAGE}: {stage}",
        f"{FROM}: {post.tip or NOWHERE}",
        *(f"Gt-Gate: {proof}" for proof in proofs),
    )
    message = f"promote {stage} to {commit[:12]}\n\n" + "".join(f"{line}\n" for line in lines)
    with Objects(repo) as odb:
        tree = odb.commit(commit).tree
        odb.include(tree, (tree,))
        parents = (commit,) if previous is None else (commit, previous)
        oid = odb.add_commit(tree, parents, message, actor, now)
        odb.flush()
    return oid


def standing(repo: Repo, oid: str | None) -> Iterator[Mark]:
    """As `chain`, but those whose commit was taken back from the stage since: a later promotion began without it."""
    floors: list[str] = []
    after: str | None = None
    for mark in chain(repo, oid):
        if after is not None and after != mark.commit:
            floors.append(after)
        after = mark.since
        if all(floor != NOWHERE and is_ancestor(repo, mark.commit, floor) for floor in floors):
            yield mark


def chain(repo: Repo, oid: str | None) -> Iterator[Mark]:
    """The mark and those before it, the newest first. What is no mark ends it: a landing of what was a target once."""
    with Objects(repo) as odb:
        while oid is not None and (mark := _read(odb, oid)):
            yield mark
            oid = mark.previous


def _read(odb: Objects, oid: str) -> Mark | None:
    found = odb.commit(oid)
    said = dict(trailers(found.message))
    if not found.parents or STAGE not in said:
        return None
    promoted, *before = found.parents
    return Mark(oid, promoted, before[0] if before else None, found.commit_time, said.get(FROM))


def post(repo: Repo, branch: str, remote: str | None) -> Post:
    """Where a stage is; `remote`: the one that it is pushed to. Asks nobody."""
    here = refs.read(repo, pins.branch(branch))
    own = _mark(repo, pins.landing_ref(branch))
    coming = _mark(repo, pins.next_ref(branch))
    if remote is None:
        return Post(branch, here, _arrived(repo, own, coming, here), here)
    there, heard = refs.read(repo, pins.there_ref(branch)), refs.read(repo, pins.said_ref(branch))
    # What the remote has never heard of is pushed there from where it is here.
    tip, said = here if there is None and heard is None else there, _mark(repo, pins.said_ref(branch))
    if said is not None and _is_newer(repo, said, own) and not _half_sent(repo, said, coming, tip):
        own = said
    return Post(branch, tip, _arrived(repo, own, coming, tip), here, there, heard)


def _mark(repo: Repo, ref: str) -> Mark | None:
    return next(chain(repo, refs.read(repo, ref)), None)


def _arrived(repo: Repo, own: Mark | None, coming: Mark | None, tip: str | None) -> Mark | None:
    """The last mark whose commit has reached the stage; a kill may have come before it was noted down."""
    if coming is None or tip is None or coming.previous != (own.oid if own else None):
        return own
    return coming if coming.commit == tip or is_ancestor(repo, coming.commit, tip) else own


def _is_newer(repo: Repo, said: Mark, own: Mark | None) -> bool:
    return own is None or (said.oid != own.oid and not is_ancestor(repo, said.oid, own.oid))


def _half_sent(repo: Repo, said: Mark, coming: Mark | None, tip: str | None) -> bool:
    """Whether a push of ours came to half its end: it brought the mark, and left the stage where it was."""
    if coming is None or coming.oid != said.oid or said.commit == tip:
        return False
    return tip is None or not is_ancestor(repo, said.commit, tip)
