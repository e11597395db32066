"""Whether gates work: one that fails may be broken for everybody, until a run that began later has passed it."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from gt.core.docket import Ids
from gt.core.town import Town
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.running import shown


@dataclass(slots=True)
class Health:
    """What the runs tell of the gates, by name and command: with another command it is another gate."""

    _passed: defaultdict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    """When each run began that passed, sorted."""
    _doubted: set[str] = field(default_factory=set)

    def heed(self, outcome: Outcome) -> None:
        """Take note of a run that came to an end."""
        if outcome.verdict is Verdict.PASS:
            insort(self._passed[outcome.gate, outcome.command], outcome.began)

    def works(self, reds: Iterable[Outcome], town: Town) -> bool:
        """Whether the gates of these failures were seen to work since; else they are doubted from now on.

        Of a gate that isn't the town's no other run could tell: it is the change's own.
        """
        now = time.time()
        # What began in the future began before a clock was set back: nobody can tell what began after it.
        broken = {
            red.gate for red in reds if _is_own(red, town) and self._later(red) == 0 and red.began <= now
        }
        self._doubted |= broken
        return not broken

    def spell(self, red: Outcome, town: Town) -> str:
        """Names the failures of this gate with no pass of it between them; empty for a gate that isn't the town's."""
        return f"{red.gate}, {self._later(red)} passes later" if _is_own(red, town) else ""

    def _later(self, red: Outcome) -> int:
        """How many runs passed that began later."""
        begun = self._passed[red.gate, red.command]
        return len(begun) - bisect_left(begun, red.began)

    def ask_anew(self) -> None:
        """Doubt nothing, before all that counts is told again."""
        self._doubted.clear()

    @property
    def doubted(self) -> Ids:
        """The gates of which only a new run tells anything: something failed by them, and nothing has passed since."""
        return frozenset(self._doubted)


def _is_own(run: Outcome, town: Town) -> bool:
    return any((gate.name, shown(gate.run)) == (run.gate, run.command) for gate in town.gates)
