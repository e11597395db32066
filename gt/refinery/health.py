"""Whether gates work: one that fails may be broken for everybody, until a run that began later has passed it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from gt.core.docket import Ids
from gt.core.town import Town
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.running import shown


@dataclass(slots=True)
class Health:
    """What the runs tell of the gates, by name and command: with another command it is another gate."""

    _passed: dict[tuple[str, str], float] = field(default_factory=dict)
    """When the last run began that passed."""
    _doubted: set[str] = field(default_factory=set)

    def heed(self, outcome: Outcome) -> None:
        """Take note of a run that came to an end."""
        if outcome.verdict is Verdict.PASS:
            which = (outcome.gate, outcome.command)
            self._passed[which] = max(outcome.began, self._passed.get(which, 0.0))

    def works(self, reds: Iterable[Outcome], town: Town) -> bool:
        """Whether the gates of these failures were seen to work since; else they are doubted from now on.

        Of a gate that isn't the town's no other run could tell: it is the change's own.
        """
        own = {(gate.name, shown(gate.run)) for gate in town.gates}
        now = time.time()
        broken = {
            red.gate
            for red in reds
            # What ended in the future ended before a clock was set back: nobody can tell what began after it.
            if (which := (red.gate, red.command)) in own and self._passed.get(which, -1.0) < red.ended <= now
        }
        self._doubted |= broken
        return not broken

    def ask_anew(self) -> None:
        """Doubt nothing, before all that counts is told again."""
        self._doubted.clear()

    @property
    def doubted(self) -> Ids:
        """The gates of which only a new run tells anything: something failed by them, and nothing has passed since."""
        return frozenset(self._doubted)
