"""What the demonstration promises to show, and whether a town's Beads show that it happened. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gt.core.bead import Attempt, Bead, Phase, Result
from gt.core.values import dataclass

Beads = Mapping[str, Bead]
"""The demonstration's Beads by title."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One promise, and what shows that it was kept; an empty `shown` says that it wasn't."""

    promise: str
    shown: str


def scenes(beads: Iterable[Bead], verbs: Iterable[str]) -> tuple[Scene, ...]:
    """Every promise of the demonstration, checked against the Beads as the town left them.

    `verbs` are those of the ledger's commits, oldest first.
    """
    by_title = {bead.spec.title: bead for bead in beads}
    checked = tuple(Scene(promise, check(by_title)) for promise, check in _SCENES)
    return (Scene("agents worked in parallel", _parallel(verbs)), *checked)


def _parallel(verbs: Iterable[str]) -> str:
    """Every claim and every end of an attempt is a commit of its own, so their order tells who overlapped."""
    running = most = begun = 0
    for verb in verbs:
        if verb == "claim":
            begun += 1
            running += 1
            most = max(most, running)
        elif verb in ("work", "expire"):
            running -= 1
    return f"up to {most} at once, {begun} in all" if most > 1 else ""


def _after_its_need(beads: Beads) -> str:
    need, bead = beads["Add slugify"], beads["Add a command line"]
    if not need.status.landed or bead.phase is not Phase.LANDED:
        return ""
    first = bead.status.attempts[0]
    return f"{bead.id} began after {need.id} had landed" if first.start >= need.status.landed.at else ""


def _conflict(beads: Beads) -> str:
    for bead in (beads["Split at tabs"], beads["Split at commas"]):
        redone = _ended(bead, Result.OVERTAKEN)
        if redone and bead.phase is Phase.LANDED:
            return f"{bead.id}: attempt {redone.token} conflicted, {bead.status.attempts[-1].token} landed"
    return ""


def _red(beads: Beads) -> str:
    bead = beads["Add shorten"]
    red = _ended(bead, Result.RED)
    landed = bead.phase is Phase.LANDED
    return (
        f"{bead.id}: {red.token} was red, {bead.status.attempts[-1].token} read the log and landed"
        if red and landed
        else ""
    )


def _deadline(beads: Beads) -> str:
    bead = beads["Add sort"]
    late = _ended(bead, Result.DEADLINE)
    return f"{bead.id}: {late.token} was stopped after {late.end - late.start}s" if late else ""


def _stuck(beads: Beads) -> str:
    bead = beads["Translate the words"]
    return f"{bead.id}: {len(bead.status.attempts)} attempts spent" if bead.phase is Phase.STUCK else ""


def _proposal(beads: Beads) -> str:
    found = [bead for bead in beads.values() if bead.phase is Phase.PROPOSED]
    return f"{found[0].id}: {found[0].spec.title}" if found and not found[0].status.attempts else ""


def _protected(beads: Beads) -> str:
    bead = beads["Run CI for pull requests"]
    return f"{bead.id} is submitted and waits for a person" if bead.phase is Phase.SUBMITTED else ""


def _ended(bead: Bead, result: Result) -> Attempt | None:
    return next((a for a in bead.status.attempts if a.result is result), None)


_SCENES: tuple[tuple[str, Callable[[Beads], str]], ...] = (
    ("a dependent started only once its need had landed", _after_its_need),
    ("of two attempts that conflict, the second was redone", _conflict),
    ("a red change came back with the gate's log, and landed", _red),
    ("an agent that hangs was stopped at its deadline", _deadline),
    ("attempts end: what can't be done is stuck, with a page", _stuck),
    ("a proposal of an agent stays inert", _proposal),
    ("a change to a protected path is held for approval", _protected),
)
