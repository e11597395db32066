"""`gt ask`, `gt fail`, `gt release`: the person who holds a Bead ends their own lease."""

from __future__ import annotations

from gt.core.bead import Bead, Result
from gt.core.draft import Rules
from gt.core.sayings import Heard
from gt.errors import Refused
from gt.fleet import keep
from gt.git.repo import Repo
from gt.store.ending import Finding, conclude, held_by_person
from gt.store.ledger import Ledger
from gt.store.targets import town_of

_VERBS = {Result.ASKED: "ask", Result.WORK_FAILED: "fail", Result.RELEASED: "release"}
_SILENT = {Result.ASKED: "a question needs some text", Result.WORK_FAILED: "a failure needs a reason"}
"""What is wrong with saying nothing, where something has to be said."""


def end(
    repo: Repo,
    ledger: Ledger,
    bead: str,
    token: str | None,
    result: Result,
    words: str,
    *,
    actor: str,
    now: int,
) -> Bead:
    """End the lease as ASKED (stuck until somebody answers), WORK_FAILED (one attempt spent) or RELEASED (free).

    `token` is that of the worktree they stand in, None if they named the Bead. What they left is pinned, their
    worktree stays. Raises IllegalMove if it isn't leased under the token, Refused if it isn't theirs or nothing is
    said where something must be.
    """
    if result in _SILENT and not words.strip():
        raise Refused(_SILENT[result])
    with ledger.read() as snapshot:
        before = snapshot.get(bead)
    lease = held_by_person(before, token, actor)
    after, _ = conclude(
        ledger,
        bead,
        lease.token,
        Finding(result, words, keep.secure(repo, before, lease, now).head),
        Heard(),
        limits=town_of(repo, before).limits,
        rules=Rules(),
        verb=_VERBS[result],
        actor=actor,
        now=now,
    )
    return after
