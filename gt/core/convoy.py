"""Convoys: Beads that are tracked together, by a Bead of that type which is their parent."""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Bead
from gt.core.edit import edited
from gt.errors import IllegalMove

TYPE = "convoy"


def check_open(convoy: Bead) -> None:
    """Raise IllegalMove unless this is a Convoy that Beads may be put into."""
    if convoy.spec.type != TYPE:
        raise IllegalMove(
            convoy.id, f"is no convoy but of the type {convoy.spec.type}", hint="gt convoy list"
        )
    if convoy.phase.over:
        raise IllegalMove(convoy.id, f"is {convoy.phase}", hint=f"gt reopen {convoy.id}")


def gathered(bead: Bead, convoy: str, now: int) -> Bead:
    """The Bead with this Convoy as its parent. Raises IllegalMove if it has another."""
    parent = bead.spec.parent
    if parent not in (None, convoy):
        raise IllegalMove(bead.id, f"is below {parent}: gather that one", hint=f"gt show {parent}")
    return edited(bead, replace(bead.spec, parent=convoy), now)
