"""Who turned a target red: the trees of its first-parent line, what is known of a gate on each, and where to look next.

All of it is read from the kept outcomes, so a search that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gt.core.bisect import Search, Stop, search
from gt.core.town import Gate, Town
from gt.core.values import dataclass
from gt.git.lineage import Step, steps
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.gates import Check, along
from gt.refinery.landed import made_by_gt
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.pins import Tips
from gt.refinery.told import members

BACK = 200
"""How many commits of a target a search goes back."""
INSIDE = 64
"""How many commits below a train merge it looks at."""
STUCK = 2
"""Runs in a row that could not be made, after which a search leaves a tree out."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of commits as one gate sees it, newest first; where it sees no difference, the oldest of them."""

    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    stops: tuple[Stop, ...]

    def look(self, slots: int = 1, running: frozenset[str] = frozenset()) -> Search:
        """Where to run next; `running` are the keys under which gates run at this moment."""
        return search(self.stops, slots, [at for at, check in enumerate(self.checks) if check.key in running])


@dataclass(frozen=True, slots=True)
class Culprit:
    """The commit that turned a target red."""

    step: Step
    beads: tuple[str, ...]
    """What landed with it; none if gt didn't land it."""


@dataclass(frozen=True, slots=True)
class Inquest:
    """What is known of who turned a gate red."""

    row: Row | None = None
    """Where the search goes on; None: it is over."""
    culprit: Culprit | None = None
    suspects: tuple[Step, ...] = ()
    """It is one of these, and no run tells which."""
    length: int = 0
    """How many commits it looked at."""


def inquire(repo: Repo, at: Tips, town: Town, gate: Gate, now: int) -> Inquest:
    """Who turned the tip of this target red for a gate, as far as the kept outcomes tell."""
    assert at.tip is not None
    line = steps(repo, None, at.tip, limit=BACK)
    row, began = _row(repo, town, gate, line, now)
    found = row.look()
    if not found.over:
        return Inquest(row=row, length=len(line))
    if found.culprit is None:
        return Inquest(suspects=tuple(row.steps[each] for each in found.suspects), length=len(line))
    step = row.steps[found.culprit]
    own = step.oid in made_by_gt(repo, at, step.parents[0] if step.parents else None)
    beads = tuple(bead for bead, _, _ in members(step.message)) if own else ()
    whole = Inquest(culprit=Culprit(step, beads), length=len(line))
    if len(beads) < 2 or len(step.parents) < 2:
        return whole
    return _aboard(repo, town, gate, whole, row.steps[found.culprit + 1], began, now)


def _aboard(
    repo: Repo, town: Town, gate: Gate, whole: Inquest, before: Step, began: int, now: int
) -> Inquest:
    """Which of those that landed under one merge it was: their trees lie one on another, like a target's."""
    assert whole.culprit is not None
    top = whole.culprit.step
    inner = steps(repo, top.parents[0], top.parents[1], limit=INSIDE)
    row, _ = _row(repo, town, gate, (*inner, before), now, began)
    found = row.look()
    if not found.over:
        return Inquest(row=row, length=whole.length)
    if found.culprit is None:
        return whole
    step = row.steps[found.culprit]
    place = next((at for at, each in enumerate(inner) if each.oid == step.oid), None)
    if place is None:
        return whole
    named = next(filter(None, (members(each.message) for each in inner[place::-1])), ())
    return Inquest(culprit=Culprit(step, tuple(bead for bead, _, _ in named)), length=whole.length)


def _row(
    repo: Repo, town: Town, gate: Gate, line: Sequence[Step], now: int, began: int | None = None
) -> tuple[Row, int]:
    """The row of these commits, and since when the newest is red."""
    found: list[tuple[Step, Check]] = []
    for step, check in zip(line, along(repo, town, gate, [step.tree for step in line]), strict=True):
        if found and found[-1][1].key == check.key:
            found.pop()
        found.append((step, check))
    seen = [outcomes.by_itself(outcomes.kept(repo, check.key, now, outcomes.EVER)) for _, check in found]
    since = _began(seen) if began is None else began
    stops = tuple(_stop(each, since) for each in seen)
    return Row(tuple(step for step, _ in found), tuple(check for _, check in found), stops), since


def _began(seen: Iterable[tuple[Outcome, ...]]) -> int:
    """When the first failure was of those that go on to this day, from the newest tree back."""
    since = outcomes.EVER
    for each in seen:
        last = outcomes.latest(each)
        if last is not None and last.verdict is Verdict.PASS:
            break
        for outcome in reversed(each):
            if outcome.verdict is Verdict.PASS:
                break
            if outcome.verdict is Verdict.FAIL:
                since = min(since, outcome.at)
    return since


def _stop(seen: Sequence[Outcome], since: int) -> Stop:
    late = [each for each in seen if each.at >= since]
    return Stop(
        passes=sum(1 for each in late if each.verdict is Verdict.PASS),
        fails=sum(1 for each in late if each.verdict is Verdict.FAIL),
        before=any(each.verdict is Verdict.PASS and each.at < since for each in seen),
        stuck=outcomes.stalled(late) >= STUCK,
    )
