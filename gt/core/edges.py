"""The table of legal moves, and what makes a function one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from gt.core.bead import Bead, Phase
from gt.core.values import dataclass
from gt.errors import IllegalMove

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Edge:
    """One row of the table of legal moves."""

    name: str
    leaves: tuple[Phase, ...]
    enters: tuple[Phase, ...]
    actor: str
    guard: str


TABLE: dict[str, Edge] = {}
"""By name; filled as the module of the moves is read, which has it as `MOVES`."""


def edge(
    leaves: tuple[Phase, ...], enters: tuple[Phase, ...], actor: str, guard: str
) -> Callable[[Callable[Concatenate[Bead, P], Bead]], Callable[Concatenate[Bead, P], Bead]]:
    """Put a function into the table under its name; called in a phase that it doesn't leave, it raises IllegalMove."""

    def register(move: Callable[Concatenate[Bead, P], Bead]) -> Callable[Concatenate[Bead, P], Bead]:
        name = move.__name__
        TABLE[name] = Edge(name, leaves, enters, actor, guard)

        def checked(bead: Bead, /, *args: P.args, **kwargs: P.kwargs) -> Bead:
            if bead.phase not in leaves:
                raise IllegalMove(bead.id, _not_from(name, bead), hint=_instead(bead))
            return move(bead, *args, **kwargs)

        checked.__name__ = name
        checked.__doc__ = move.__doc__
        return checked

    return register


def _not_from(name: str, bead: Bead) -> str:
    status = bead.status
    if status.lease:
        return f"is leased by {status.lease.actor} under {status.lease.token}: can't {name}"
    if status.closed:
        return f"is closed ({status.closed.reason}): can't {name}"
    return f"is {bead.phase}: can't {name}"


def _instead(bead: Bead) -> str:
    return {
        Phase.PROPOSED: f"gt accept {bead.id}",
        Phase.OPEN: f"gt why {bead.id}",
        Phase.LEASED: f"gt {'stop' if _by_attempt(bead) else 'release'} {bead.id}",
        Phase.SUBMITTED: f"gt withdraw {bead.id}",
        Phase.LANDED: f"gt reopen {bead.id}",
        Phase.CLOSED: f"gt reopen {bead.id}",
        Phase.STUCK: f"gt retry {bead.id}",
    }[bead.phase]


def _by_attempt(bead: Bead) -> bool:
    """Whether an attempt of gt work holds it, and no person."""
    return bead.status.lease is not None and bead.status.lease.lock
