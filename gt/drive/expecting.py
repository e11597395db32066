"""When what is submitted may have landed, as far as what gates took before tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from gt.core.bead import Result
from gt.core.expectation import badness, waits
from gt.core.slotting import slot_count
from gt.core.town import Town
from gt.core.world import Standing
from gt.drive.merge_view import View
from gt.git.lineage import steps
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.measured import machine, measured
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.told import members

LATELY = 50
"""Landings that tell how often changes are bad."""


def expected(repo: Repo, seen: View) -> Mapping[str, int]:
    """For each Bead that is due, in how many seconds it has landed, once a merge is at work; none where nothing is known."""
    found: dict[str, int] = {}
    due = [each for each in seen.queue.queued if each.standing is Standing.DUE]
    ran = tuple(outcomes.lately(repo)) if due else ()
    for name in dict.fromkeys(each.base for each in due):
        town, tip = seen.towns.get(name), seen.targets[name].tip
        run = _whole_run(town, ran) if town is not None else None
        if town is None or run is None or tip is None:
            continue
        line = [each.bead for each in due if each.base == name]
        slots = slot_count(town.refinery.slots, machine(), measured(ran))
        each = waits(range(1, len(line) + 1), run, slots, _badness(repo, seen, tip))
        found |= {bead: max(1, round(seconds)) for bead, seconds in zip(line, each, strict=True)}
    return found


def _whole_run(town: Town, ran: Sequence[Outcome]) -> float | None:
    """Seconds that all gates take that a candidate must pass; None: one of them never passed."""
    whole = 0.0
    for gate in town.gates:
        if gate.when == "before":
            took = [each.seconds for each in ran if each.gate == gate.name and each.verdict is Verdict.PASS]
            if not took:
                return None
            whole += median(took)
    return whole


def _badness(repo: Repo, seen: View, tip: str) -> float:
    judged = [each.result for bead in seen.beads.values() for each in bead.status.attempts]
    landed = sum(len(members(step.message)) for step in steps(repo, None, tip, limit=LATELY))
    return badness(sum(each in (Result.RED, Result.REJECTED) for each in judged), landed)
