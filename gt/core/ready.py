"""When a Bead is ready, and what it waits for otherwise: said here once, for ready, claim, plan and why.

docs/ready.md has the same in prose, with a scenario for each clause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from gt.core.bead import Attempt, Bead, CloseReason, Phase
from gt.core.state import TownState
from gt.core.values import dataclass
from gt.core.when import format_time

CONTAINERS = frozenset({"epic", "convoy"})
"""Types that hold other Beads and are no work themselves: they are closed as done when all they hold is over."""

ABSENT = "which is not in this ledger"
"""Said of a Bead that another names; `wait_of` says it otherwise where only its file can't be read."""

FOR_PEOPLE = CONTAINERS | {"decision"}
"""Types that are never given to an agent."""

Look = Callable[[str], Bead | None]
"""A Bead by its whole id, with what is derived (a landing not yet recorded) already laid over; None: there is none."""


class Cause(StrEnum):
    """Why a Bead is not ready."""

    PHASE = "phase"
    PAUSED = "paused"
    HOLD = "hold"
    NEED = "need"
    DANGLING = "dangling"
    DEFER = "defer"
    WAKE = "wake"
    CHILDREN = "children"
    PARENT = "parent"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The one reason a Bead is not ready."""

    cause: Cause
    text: str
    """A clause that goes after the Bead's id: `waits for gt-..., which is open`."""
    on: str | None = None
    """The Bead it waits for."""
    until: int | None = None
    """When it ends by itself."""
    hint: str | None = None
    """The command that would move it."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A landing that a Bead needs, and that its base hasn't got in this clone."""

    need: str
    commit: str
    base: str
    taken: bool
    """Whether it is known here that it landed there: then others took it away."""
    hint: str | None = None
    """What may bring it here, where it isn't; None: it is."""

    @property
    def waiting(self) -> Waiting:
        """What the Bead waits for, then."""
        if self.taken:
            text = f"needs {self.need}, whose landing {self.base} doesn't have any more"
            return Waiting(Cause.NEED, text, on=self.need, hint=f"gt reopen {self.need}")
        text = f"needs {self.need}, whose landing {self.commit[:12]} is not in {self.base} here"
        hint = self.hint or f"git branch --all --contains {self.commit[:12]}"
        return Waiting(Cause.NEED, text, on=self.need, hint=hint)


def needs_of(bead: Bead, look: Look) -> Iterator[str]:
    """What a Bead needs, then what those above it need: that holds all below them, unless they are over."""
    seen: set[str] = set()
    at: Bead | None = bead
    while at is not None and at.id not in seen and not at.phase.over:
        seen.add(at.id)
        yield from sorted(at.spec.needs)
        at = look(at.spec.parent) if at.spec.parent else None


def satisfied(need: Bead) -> bool:
    """Whether what needs this Bead may start: it has landed, or was closed as done."""
    closed = need.status.closed
    return need.phase is Phase.LANDED or (closed is not None and closed.reason is CloseReason.DONE)


def waiting(
    bead: Bead, look: Look, children: Callable[[str], tuple[Bead, ...]], now: int, state: TownState
) -> Waiting | None:
    """What the Bead waits for, or None when it is ready.

    `children` lists the Beads whose parent is the given id. The causes are asked in the order in which a
    person can do something about them; the town's pause comes first.
    """
    if bead.phase is not Phase.OPEN:
        return Waiting(Cause.PHASE, f"is {bead.phase}")
    paused = state.paused
    if paused and state.is_paused(now):
        return Waiting(
            Cause.PAUSED,
            f"waits: {paused.told}",
            hint="gt resume",
            until=paused.until,
        )
    return (
        _own(bead, look, now) or _inherited(bead, look, now) or _contained(bead, children) or _wake(bead, now)
    )


def _own(bead: Bead, look: Look, now: int) -> Waiting | None:
    """Hold, needs and deferral: what a parent hands down to all below it."""
    if bead.spec.hold:
        return Waiting(Cause.HOLD, "is held by a person", hint=f"gt edit {bead.id} --no-hold")
    for name in sorted(bead.spec.needs):
        need = look(name)
        if need is None:
            return Waiting(
                Cause.DANGLING,
                f"needs {name}, {ABSENT}",
                on=name,
                hint=f"gt dep rm {bead.id} {name}",
            )
        if not satisfied(need):
            return _unmet(bead, need)
    if bead.spec.defer is not None and bead.spec.defer > now:
        return Waiting(
            Cause.DEFER, f"is deferred until {format_time(bead.spec.defer)}", until=bead.spec.defer
        )
    return None


def _unmet(bead: Bead, need: Bead) -> Waiting:
    closed = need.status.closed
    if closed:
        return Waiting(
            Cause.NEED,
            f"needs {need.id}, which was closed as {closed.reason}",
            on=need.id,
            hint=f"gt dep rm {bead.id} {need.id}",
        )
    return Waiting(
        Cause.NEED, f"needs {need.id}, which is {need.phase}", on=need.id, hint=f"gt why {need.id}"
    )


def _inherited(bead: Bead, look: Look, now: int) -> Waiting | None:
    """What holds an ancestor holds all below it."""
    seen = {bead.id}
    above = bead.spec.parent
    while above is not None:
        if above in seen:
            return Waiting(Cause.CYCLE, f"is below itself, by {above}", on=above, hint="gt dep cycles")
        seen.add(above)
        parent = look(above)
        if parent is None:
            return Waiting(
                Cause.DANGLING,
                f"has the parent {above}, {ABSENT}",
                on=above,
                hint=f"gt edit {bead.id} --parent ''",
            )
        if parent.phase is Phase.PROPOSED:
            return Waiting(
                Cause.PARENT,
                f"has the parent {above}, which is only proposed",
                on=above,
                hint=f"gt accept {above}",
            )
        held = None if parent.phase.over else _own(parent, look, now)
        if held:
            return Waiting(
                Cause.PARENT,
                f"has the parent {above}, which {held.text}",
                on=above,
                until=held.until,
                hint=held.hint,
            )
        above = parent.spec.parent
    return None


def _contained(bead: Bead, children: Callable[[str], tuple[Bead, ...]]) -> Waiting | None:
    """A Bead comes after its children; proposals are inert, as children too."""
    live = sorted(
        child.id for child in children(bead.id) if not child.phase.over and child.phase is not Phase.PROPOSED
    )
    if not live:
        return None
    more = f" and {len(live) - 1} more" if len(live) > 1 else ""
    return Waiting(
        Cause.CHILDREN, f"waits for its child {live[0]}{more}", on=live[0], hint=f"gt why {live[0]}"
    )


def _wake(bead: Bead, now: int) -> Waiting | None:
    wake = bead.status.wake
    if wake is None or wake <= now:
        return None
    last = f": {ended(bead.status.attempts[-1])}" if bead.status.attempts else ""
    text = f"backs off until {format_time(wake)}{last}"
    return Waiting(Cause.WAKE, text, until=wake, hint=f"gt retry {bead.id}")


def ended(attempt: Attempt) -> str:
    """How an attempt ended, as a clause."""
    why = next(iter(attempt.reason.splitlines()), "")
    return f"attempt {attempt.token} ended as {attempt.result}" + (f": {why}" if why else "")


def order(bead: Bead) -> tuple[int, int, str]:
    """The order in which ready Beads are worked: priority, then age, then id."""
    return bead.spec.priority, bead.created.at, bead.id
