"""The branches on a target's remote by which submissions are offered: pushed, and taken away when they are over.

Each is at the submitted commit, which gt keeps under a pin of its own: nothing is lost with a branch. One that others
have moved is theirs.
"""

from __future__ import annotations

from collections.abc import Callable

from gt.core.bead import Bead, Phase, Submission
from gt.core.ids import is_id, submission_ref, work_branch
from gt.errors import GtError
from gt.git import refs
from gt.git.remote import Denied, Overtaken, Update, ask, listing, push
from gt.git.repo import Repo
from gt.refinery import pins, upstream
from gt.store.settings import town_at

PREFIX = "refs/heads/gt/"

PATIENCE = 30.0
"""Seconds that a person who takes something back waits for the remote."""


def name(bead: str, token: str) -> str:
    """What the branch of a submission is called on the remote."""
    return work_branch(bead, token)


def put(repo: Repo, remote: str, bead: str, sub: Submission) -> None:
    """Push the submitted commit as its branch; fine where that is there.

    Raises Denied, also where the branch has something else, and Unreachable: then nobody knows whether it is there.
    """
    branch = name(bead, sub.token)
    try:
        push(repo, remote, [Update(f"refs/heads/{branch}", sub.commit, None)])
    except Overtaken:
        if _at(repo, remote, branch) != sub.commit:
            raise Denied(f"{branch} of {remote} has something that gt didn't push") from None


def look_first(repo: Repo, sub: Submission | None, tell: Callable[[str], None]) -> None:
    """Before an offered submission is taken back: look where its target is, for others may have landed it by now.

    Where that can't be done `tell` hears it, and what was known before counts.
    """
    if sub is None or sub.offered is None:
        return
    try:
        remote = town_at(repo, refs.read(repo, pins.branch(sub.base))).refinery.push
        if remote is not None:
            upstream.look(repo, remote, [sub.base], patience=PATIENCE)
    except GtError as error:
        tell(f"whether others have landed it isn't known: {error.message}")


def retract(repo: Repo, bead: str, sub: Submission) -> str:
    """Take the branch of a submission that was offered away; returns what a person should know of it, as a sentence."""
    if sub.offered is None:
        return ""
    where = f" ({sub.offered.url})" if sub.offered.url else ""
    branch = name(bead, sub.token)
    try:
        remote = town_at(repo, refs.read(repo, pins.branch(sub.base))).refinery.push
        if remote is None:
            return f"{bead} was offered{where}, by settings that are gone: close that where it is"
        there = _at(repo, remote, branch)
        if there == sub.commit:
            push(repo, remote, [Update(f"refs/heads/{branch}", None, there)], patience=PATIENCE)
    except GtError as error:
        return f"{branch} could not be deleted{where}: {error.message}"
    if there not in (None, sub.commit):
        return f"{branch} of {remote} stays, for others have moved it{where}"
    return f"{branch} is gone from {remote}; if what was opened for it{where} is open still, close it there"


def sweep(repo: Repo, remote: str, find: Callable[[str], Bead | None]) -> None:
    """Delete the branches whose submissions are over: landed, rejected, or taken back.

    Only those at the commit that was submitted, and is kept here. Raises Unreachable, Denied and Overtaken.
    """
    gone = []
    for ref, oid in listing(repo, remote, PREFIX).items():
        bead, _, token = ref.removeprefix(PREFIX).partition("/")
        found = find(bead) if is_id(bead) else None
        if found is None or not _is_over(found, token):
            continue
        if refs.read(repo, submission_ref(bead, token)) == oid:
            gone.append(Update(ref, None, oid))
    push(repo, remote, gone, atomic=False)


def _at(repo: Repo, remote: str, branch: str) -> str | None:
    ref = f"refs/heads/{branch}"
    return ask(repo, remote, ref, patience=PATIENCE).get(ref)


def _is_over(bead: Bead, token: str) -> bool:
    sub = bead.status.submission
    if sub is not None and sub.token == token:
        return bead.phase is Phase.LANDED
    lease = bead.status.lease
    return bead.attempt(token) is not None and (lease is None or lease.token != token)
