"""The Refinery's scheduler: which sets of changes to gate next, and what the verdicts so far decide.

`plan` is asked anew after every event and remembers nothing. It is parallel nested group testing, with vouching:

- Groups of what nothing is known of are each as likely red as green, and disjoint: so every run tells one bit.
- A red group is cut, not run again, unless a flake is more likely than that. After Sobel and Groll (1959): what is
  only in a larger red group than the one that explains it is again as good as unknown.
- What passes is good in itself; what passes on the tip lands. What passed elsewhere rides along with the next groups
  and lands with them.
- Where changes pass apart and fail together, the heads of the row are searched, several at once.
- Nobody goes back before the gate that failed has been seen to work since: by any run that passes, or else the target's.
- Slots that information has no use for are spent on guesses: trees that land most if they are green.

Every slot goes to whoever gains most by one more run. Runs that will end any moment are waited for: the next choice is
worth more than the moment.
"""

from __future__ import annotations

from gt.core.desk import Desk
from gt.core.dispatch import Dispatch
from gt.core.docket import Docket, GateRun
from gt.core.findings import TRIES, find
from gt.core.lineup import line_up
from gt.core.rates import believe
from gt.core.rulings import Hold, Ruling, convictions, holds, landing
from gt.core.suspicion import PROOF, certainty, suspects
from gt.core.values import dataclass

RED_TARGET = 0.05
"""How likely a target is red of itself, before that is tried."""
RED = "is red itself"
DOUBTS = 6
"""So many failures of gates that haven't passed since may well be the gates': before more is spent, the target is gated."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now. Rulings first: with any, there are no runs; carry them out and ask again."""

    rulings: tuple[Ruling, ...] = ()
    runs: tuple[GateRun, ...] = ()
    """The gate runs to start: no more than there are free slots, those of `cancel` included."""
    cancel: tuple[GateRun, ...] = ()
    """Runs under way that are of no use any more."""
    holds: tuple[Hold, ...] = ()
    """Who can't be gated now, and why."""
    trouble: str = ""
    """Why nothing can be gated, as a clause after the target's name: a person must act."""


def plan(docket: Docket, free: int) -> Plan:
    """What to decide and to gate next, with so many slots free. Total and deterministic."""
    found = find(docket)
    lineup = line_up(docket, found.landed, found.stalled)
    held = holds(docket, lineup)
    landed = landing(docket, found, lineup)
    if landed:
        return Plan((landed,), holds=held)
    rates = believe(docket, found)
    groups = suspects(found, rates, lineup)
    guilty = convictions(groups, found)
    sure = tuple(ruling for ruling in guilty if any(red.works for red in ruling.reds))
    if sure and found.is_green and not docket.red:
        return Plan(sure, holds=held)
    slots = Dispatch(docket, found, lineup, rates, free)
    desk = Desk(found, lineup, rates, groups, slots)
    if docket.red:
        desk.mend()
        return Plan(runs=tuple(slots.runs), cancel=tuple(slots.cancel), holds=held, trouble=RED)
    if len(found.row) >= TRIES:
        if found.landed in found.row:
            return Plan(cancel=tuple(slots.cancel), holds=held, trouble="has gates that can't be run")
        desk.control("the last runs could not be made: can the target's?")
    elif not found.is_green and certainty(found.control.doubts, rates.flake, RED_TARGET) >= PROOF:
        return Plan(cancel=tuple(slots.cancel), holds=held, trouble=RED)
    else:
        if not found.is_green and (guilty or found.control.reds):
            desk.control("is the target itself green? Nobody is rejected before that is known")
        elif guilty and found.unsure >= DOUBTS:
            desk.control(f"nothing has passed since {found.unsure} runs failed: do the gates work?")
        desk.work()
    return Plan(runs=tuple(slots.runs), cancel=tuple(slots.cancel), holds=held)
