"""What was done here, brought to the town's remote: only there it counts for the other machines."""

from __future__ import annotations

from contextlib import suppress

from gt.core.ids import submission_ref, wip_ref
from gt.core.values import dataclass
from gt.drive.hands import Hands
from gt.errors import GtError
from gt.git import refs
from gt.store.targets import shared_through


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the end of an attempt at the town's remote."""

    remote: str
    kept: str = ""
    """Why it is only in this clone as yet; empty: it isn't."""
    refused: str = ""
    """Why it doesn't count, as a clause after the Bead's id; empty: it does. The work is kept."""
    pin: str = ""
    """The ref that keeps the work of what was refused."""


def deliver(hands: Hands, bead: str, token: str) -> Delivery | None:
    """Send what this clone says of this attempt, the work first; None in a town of one machine.

    What can't be sent now is sent by the next sync, and isn't lost: it is told, never raised.
    """
    with suppress(GtError):  # a town whose settings can't be read says so wherever it is asked to work
        if shared_through(hands.repo) is None:
            return None
        from gt.store.hub import hub_of

        hub = hub_of(hands.ledger, hands.actor, hands.clock())
        assert hub is not None
        with hands.ledger.read() as snapshot:
            mine = snapshot.get(bead).attempt(token)
        try:
            report = hub.sync()
        except GtError as error:
            return Delivery(hub.name, kept=error.message)
        with hands.ledger.read() as snapshot:
            there = snapshot.get(bead).attempt(token)
        why = next((each.why for each in report.account.refused if each.bead == bead), "")
        if not why or (there is not None and mine is not None and there.result is mine.result):
            return Delivery(hub.name)
        return Delivery(hub.name, refused=why, pin=_keep(hands, bead, token))
    return None


def _keep(hands: Hands, bead: str, token: str) -> str:
    """Pin what was submitted as work that wasn't taken; returns the ref, empty if there is none."""
    ref = wip_ref(bead, token)
    work = refs.read(hands.repo, submission_ref(bead, token))
    there = refs.read(hands.repo, ref)
    if work is not None and there is None:
        refs.swap(hands.repo, ref, work, None, message="not taken", actor=hands.actor, now=hands.clock())
    return ref if work or there else ""
