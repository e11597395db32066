"""`gt reject`: a submission isn't taken, and the next attempt is told why."""

from __future__ import annotations

from collections.abc import Callable

from gt.core import moves
from gt.core.bead import Bead, Result, Submission
from gt.core.town import Limits
from gt.core.wording import fit
from gt.errors import Malformed
from gt.git import refs
from gt.git.repo import Repo
from gt.refinery.branches import look_first, retract
from gt.refinery.landed import unlanded
from gt.refinery.landing import last_look
from gt.refinery.pins import branch
from gt.store.amend import Amended, amend
from gt.store.fitting import fitted
from gt.store.ledger import Ledger, Message, Snapshot
from gt.store.settings import town_at


def reject(
    repo: Repo,
    ledger: Ledger,
    bead: str,
    reason: str,
    *,
    token: str | None = None,
    result: Result = Result.REJECTED,
    actor: str,
    now: int,
    tell: Callable[[str], None] = lambda _: None,
) -> Amended:
    """Send the submission of this Bead (whole id) back; `token` (default: whichever it is) fences it.

    A person's word settles the Bead's pages. Waits for a landing under way. Raises IllegalMove if the target has it. Where
    others were asked to land it, their branch is taken away then, and `tell` hears what became of that.
    """
    offered: list[Submission] = []

    def change(snapshot: Snapshot, before: Bead) -> Bead:
        unlanded(repo, before, snapshot.state().acknowledged)
        sub = before.status.submission
        offered[:] = [sub] if sub is not None and sub.offered is not None else []
        wanted = token or (sub.token if sub else "")
        limits = _limits(repo, sub.base) if sub else Limits()
        return fitted(moves.reject(before, wanted, result, fit(reason), limits, now))

    message = Message(f"reject {bead}: {result}", "reject", actor, (bead,), now)
    if result is Result.REJECTED:  # else a merge says so, which has looked
        with ledger.read() as snapshot:
            look_first(repo, snapshot.get(bead).status.submission, tell)
    with last_look(repo):
        done = amend(ledger, bead, change, message, settle=result is Result.REJECTED)
    for sub in offered:
        tell(retract(repo, bead, sub))
    return done


def _limits(repo: Repo, base: str) -> Limits:
    try:
        return town_at(repo, refs.read(repo, branch(base))).limits
    except Malformed:
        return Limits()
