"""Changing one Bead or several under the ledger's lock, the way nearly every verb does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gt.core.bead import Bead
from gt.core.page import Acknowledged, Page
from gt.core.values import dataclass
from gt.store.ledger import Changes, Ledger, Message, Snapshot


@dataclass(frozen=True, slots=True)
class Amended:
    """A Bead after a verb, and whether the verb changed it."""

    bead: Bead
    changed: bool


def amend(
    ledger: Ledger,
    bead: str,
    change: Callable[[Snapshot, Bead], Bead],
    message: Message,
    *,
    settle: bool = False,
) -> Amended:
    """Apply `change` to the Bead with this whole id, in one commit; no commit if it returns the Bead unchanged.

    `settle`: a person acted on the Bead, so its unacknowledged pages are acknowledged in their name by the same
    commit. Raises NotFound, Malformed, and whatever `change` raises; then nothing has changed.
    """
    (amended,) = amend_all(
        ledger,
        (bead,),
        lambda snapshot, before: {bead: change(snapshot, before[bead])},
        message,
        settle=settle,
    )
    return amended


def amend_all(
    ledger: Ledger,
    beads: Sequence[str],
    change: Callable[[Snapshot, Mapping[str, Bead]], Mapping[str, Bead]],
    message: Message,
    *,
    settle: bool = False,
) -> tuple[Amended, ...]:
    """As `amend`, for several Beads by their whole ids: all in one commit, or none.

    `change` is given the Beads as they are and returns each of them as it shall be. The answers are in the
    order asked for.
    """
    outcome: list[Amended] = []

    def changes(snapshot: Snapshot) -> Changes:
        before = {bead: snapshot.get(bead) for bead in beads}
        after = change(snapshot, before)
        outcome[:] = [Amended(after[bead], after[bead] != before[bead]) for bead in beads]
        pages: dict[str, Page] = {}
        for bead in beads if settle else ():
            pages |= _settled(snapshot, bead, message)
        return Changes({bead: made for bead, made in after.items() if made != before[bead]}, pages)

    with ledger.hold() as held:
        ledger.update(held, message, changes).close()
    return tuple(outcome)


def _settled(snapshot: Snapshot, bead: str, message: Message) -> dict[str, Page]:
    word = Acknowledged(message.actor, message.now)
    return {
        page.id: replace(page, acknowledged=word)
        for page in snapshot.pages()
        if page.subject == bead and not page.acknowledged
    }
