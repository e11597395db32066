"""`gt landed`: the ledger takes note of a landing that the target already has."""

from __future__ import annotations

from collections.abc import Mapping

from gt.core import moves
from gt.core.bead import Bead, Phase
from gt.errors import IllegalMove
from gt.git.repo import Repo
from gt.refinery.landed import derive
from gt.store.amend import Amended, amend, amend_all
from gt.store.ledger import Ledger, Message, Snapshot

NAMED = 3
"""How many Beads the subject of a commit names."""


def landed(repo: Repo, ledger: Ledger, bead: str, token: str, *, actor: str, now: int) -> Amended:
    """Record that the submission of this Bead (whole id) under this token has landed.

    Looks at the target itself; unchanged if it is recorded already. Raises IllegalMove if the target doesn't have
    it, or the Bead has another submission.
    """

    def change(snapshot: Snapshot, before: Bead) -> Bead:
        sub = before.status.submission
        if sub is None or sub.token != token:
            raise IllegalMove(bead, f"has nothing submitted under {token}", hint=f"gt show {bead}")
        after = _recorded(repo, snapshot, {bead: before})[bead]
        if after.phase is Phase.SUBMITTED:
            raise IllegalMove(bead, f"is not on {sub.base}", hint="gt queue")
        return after

    message = Message(f"land {bead} under {token}", "landed", actor, (bead,), now)
    return amend(ledger, bead, change, message)


def landed_together(
    repo: Repo, ledger: Ledger, tokens: Mapping[str, str], *, actor: str, now: int
) -> tuple[Amended, ...]:
    """As `landed`, for several Beads with their tokens, in one commit; what can't be recorded stays as it is."""
    names = tuple(tokens)
    if not names:
        return ()

    def change(snapshot: Snapshot, before: Mapping[str, Bead]) -> dict[str, Bead]:
        meant = {
            name: bead
            for name, bead in before.items()
            if bead.status.submission and bead.status.submission.token == tokens[name]
        }
        return {**before, **_recorded(repo, snapshot, meant)}

    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    subject = f"land {', '.join(names[:NAMED])}{more}"
    return amend_all(ledger, names, change, Message(subject, "landed", actor, names, now))


def _recorded(repo: Repo, snapshot: Snapshot, beads: Mapping[str, Bead]) -> dict[str, Bead]:
    """These Beads, landed where their targets have what they submitted."""
    bases = {bead.status.submission.base for bead in beads.values() if bead.status.submission}
    found = derive(repo, beads.values(), bases, snapshot.state().acknowledged)
    return {name: moves.land(bead, found[name]) if name in found else bead for name, bead in beads.items()}
