"""Convoys: Beads that are tracked together, by a Bead of that type which is their parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gt.core.bead import Bead, Phase
from gt.core.edit import edited
from gt.core.values import dataclass
from gt.errors import IllegalMove

TYPE = "convoy"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a Convoy is."""

    convoy: Bead
    below: tuple[tuple[int, Bead], ...]
    """All Beads below it with their depth, depth first."""
    work: tuple[Bead, ...]
    """Those of them that are work themselves: nothing is below them."""

    def count(self, phase: Phase) -> int:
        """How many of the work are in this phase."""
        return sum(bead.phase is phase for bead in self.work)

    @property
    def over(self) -> int:
        """How many of the work have landed, or are closed."""
        return sum(bead.phase.over for bead in self.work)


def progress(convoy: Bead, children: Callable[[str], Iterable[Bead]]) -> Progress:
    """How far a Convoy is; `children` are the Beads right below one."""
    below = tuple(_below(convoy.id, children))
    held = {bead.spec.parent for _, bead in below}
    return Progress(convoy, below, tuple(bead for _, bead in below if bead.id not in held))


def _below(top: str, children: Callable[[str], Iterable[Bead]]) -> Iterator[tuple[int, Bead]]:
    """Depth first; one below itself is given once."""
    seen = {top}
    stack = [(0, child) for child in reversed([*children(top)])]
    while stack:
        depth, at = stack.pop()
        if at.id in seen:
            continue
        seen.add(at.id)
        yield depth, at
        stack.extend((depth + 1, child) for child in reversed([*children(at.id)]))


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
