"""`gt import`: Beads come from elsewhere, all that a file has in one commit."""

from __future__ import annotations

from collections.abc import Callable

from gt.core.arrival import Arrival
from gt.errors import Busy
from gt.store.ledger import Changes, Ledger, Message, Snapshot

Arrive = Callable[[Snapshot], Arrival]
"""What a file brings to a ledger; pure."""


def bring(ledger: Ledger, arrive: Arrive, name: str, *, actor: str, now: int) -> Arrival:
    """Write what `arrive` finds to be new; returns that. Where nothing is, there is no commit.

    `name` is what the commit calls the file. Nothing that is in the ledger is overwritten. Raises what `arrive`
    raises, and Busy when the ledger changed meanwhile; then nothing has changed.
    """
    with ledger.hold() as held:
        with ledger.read() as seen:
            tip, arrival = seen.tip, arrive(seen)
        if arrival.empty:
            return arrival

        def changes(snapshot: Snapshot) -> Changes:
            found = arrival if snapshot.tip == tip else arrive(snapshot)
            # The commit names these; and they are looked up again where they would be written.
            if found != arrival or any(snapshot.find(bead.id) for bead in arrival.beads):
                raise Busy("somebody else changed the ledger meanwhile")
            pages = {page.id: page for page in arrival.pages}
            return Changes({bead.id: bead for bead in arrival.beads}, pages, arrival.state)

        names = tuple(bead.id for bead in arrival.beads)
        beads = f"{len(names)} {'Bead' if len(names) == 1 else 'Beads'}"
        ledger.update(
            held, Message(f"import {beads} from {name}", "import", actor, names, now), changes
        ).close()
    return arrival


def foresee(ledger: Ledger, arrive: Arrive) -> Arrival:
    """What `bring` would do now; nothing is written."""
    with ledger.read() as snapshot:
        return arrive(snapshot)
