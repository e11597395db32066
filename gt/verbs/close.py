"""`gt close`: a Bead ends without landing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt.core import moves
from gt.core.bead import Bead, Closed, CloseReason, Phase
from gt.core.ready import satisfied
from gt.errors import IllegalMove
from gt.store.amend import Amended, amend_all
from gt.store.ledger import Ledger, Message, Snapshot


def close(
    ledger: Ledger, beads: Sequence[str], reason: CloseReason, note: str, *, actor: str, now: int
) -> tuple[Amended, ...]:
    """Close these Beads, all or none; those closed for the same reason already stay as they are.

    A Bead isn't closed over the head of a child, nor as done while what it needs isn't; Beads closed by the same
    call count as closed. Raises IllegalMove.
    """
    closed = Closed(reason, note, now, actor)

    def change(snapshot: Snapshot, before: Mapping[str, Bead]) -> dict[str, Bead]:
        after = {
            name: bead if _is_so(bead, reason) else moves.close(bead, closed) for name, bead in before.items()
        }
        for name, bead in after.items():
            if bead is not before[name]:
                _check(bead, after, snapshot, reason)
        return after

    message = Message(f"close {', '.join(beads)} as {reason}", "close", actor, tuple(beads), now)
    return amend_all(ledger, beads, change, message, settle=True)


def _is_so(bead: Bead, reason: CloseReason) -> bool:
    return bead.status.closed is not None and bead.status.closed.reason is reason


def _check(bead: Bead, after: Mapping[str, Bead], snapshot: Snapshot, reason: CloseReason) -> None:
    for child in snapshot.children(bead.id):
        now = after.get(child.id, child)
        if not now.phase.over and now.phase is not Phase.PROPOSED:
            raise IllegalMove(
                bead.id, f"can't be closed: its child {child.id} is {now.phase}", hint=f"gt show {child.id}"
            )
    if reason is not CloseReason.DONE:
        return
    for name in sorted(bead.spec.needs):
        need = after.get(name) or snapshot.find(name)
        if need is None or not satisfied(need):
            state = f"is {need.phase}" if need else "is not in this ledger"
            raise IllegalMove(
                bead.id,
                f"can't be closed as done: it needs {name}, which {state}",
                hint=f"gt dep rm {bead.id} {name}",
            )
