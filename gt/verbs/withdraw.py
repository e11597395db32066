"""`gt withdraw`: a person takes a submission back before it lands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gt.core import moves
from gt.core.bead import Bead, Submission
from gt.core.edit import edited
from gt.core.town import Limits
from gt.core.wording import fit
from gt.git.repo import Repo
from gt.refinery.branches import look_first, retract
from gt.refinery.landed import unlanded
from gt.refinery.landing import last_look
from gt.store.amend import Amended, amend
from gt.store.fitting import fitted
from gt.store.ledger import Ledger, Message, Snapshot


def withdraw(
    repo: Repo,
    ledger: Ledger,
    bead: str,
    *,
    token: str | None = None,
    reason: str = "",
    hold: bool = False,
    actor: str,
    now: int,
    tell: Callable[[str], None] = lambda _: None,
) -> Amended:
    """Take the submission of this Bead (whole id) back; `token` (default: whichever it is) fences it.

    It costs no attempt, what was submitted stays pinned, and the Bead's pages are settled. `hold`: nobody takes the
    Bead until a person lets go of it. Waits for a landing under way; raises IllegalMove if the target has it. Where others
    were asked to land it, their branch is taken away then, and `tell` hears what became of that.
    """
    why = f"withdrawn by {actor}" + (f": {reason}" if reason.strip() else "")

    offered: list[Submission] = []

    def change(snapshot: Snapshot, before: Bead) -> Bead:
        unlanded(repo, before, snapshot.state().acknowledged)
        sub = before.status.submission
        offered[:] = [sub] if sub is not None and sub.offered is not None else []
        wanted = token or (sub.token if sub else "")
        # Nothing of it is counted, so whatever the town's limits are, they have no say.
        after = fitted(moves.withdraw(before, wanted, fit(why), Limits(), now))
        return edited(after, replace(after.spec, hold=True), now) if hold else after

    message = Message(f"withdraw {bead}", "withdraw", actor, (bead,), now)
    with ledger.read() as snapshot:
        look_first(repo, snapshot.get(bead).status.submission, tell)
    with last_look(repo):
        done = amend(ledger, bead, change, message, settle=True)
    for sub in offered:
        tell(retract(repo, bead, sub))
    return done
