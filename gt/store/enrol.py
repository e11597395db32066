"""Bringing new Beads into the ledger: all drafts of a call in one commit, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gt.core.bead import Bead, Phase
from gt.core.draft import Draft, Origin, Rules, made, minted
from gt.errors import Busy
from gt.store.ledger import Changes, Ledger, Message, Snapshot


def enrol(
    ledger: Ledger,
    drafts: Sequence[Draft],
    origin: Origin,
    rules: Rules,
    *,
    phase: Phase,
    verb: str,
    also: Callable[[Snapshot, tuple[Bead, ...]], Iterable[Bead]] = lambda _, __: (),
) -> tuple[Bead, ...]:
    """Write the drafts as Beads in this phase; returns them in the order of the drafts.

    `also` is given the new ones, and returns others that are changed by the same commit.
    Raises Refused for a draft that names what doesn't exist, or that could never start; then nothing has changed.
    """
    outcome: list[tuple[Bead, ...]] = []
    with ledger.hold() as held:
        with ledger.read() as now:
            names = minted(len(drafts), now.meta().prefix, origin.digits, now)

        def changes(snapshot: Snapshot) -> Changes:
            if any(snapshot.find(name) for name in names):
                raise Busy("a new id was taken meanwhile")
            beads = made(drafts, names, snapshot, origin, rules, phase)
            outcome[:] = [beads]
            return Changes({bead.id: bead for bead in (*beads, *also(snapshot, beads))})

        message = Message(_subject(verb, names, drafts), verb, origin.actor, names, origin.now)
        ledger.update(held, message, changes).close()
    return outcome[0]


def _subject(verb: str, names: Sequence[str], drafts: Sequence[Draft]) -> str:
    if len(names) == 1:
        return f"{verb} {names[0]}: {drafts[0].spec.title}"
    return f"{verb} {len(names)} Beads: {drafts[0].spec.title}, ..."
