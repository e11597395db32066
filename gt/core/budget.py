"""What the attempts at a Bead may cost in its life, in US dollars. Derived from what they reported.

What an attempt costs is known when it is over, so those under way may go beyond a budget; none begins once it is spent.
"""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Bead
from gt.core.town import Limits


def spent(bead: Bead) -> float:
    """What its attempts have cost, as far as they said."""
    return sum(attempt.usage.get("usd", 0.0) for attempt in bead.status.attempts)


def allowed(bead: Bead, limits: Limits) -> float | None:
    """What its attempts may cost in its life; None: whatever it takes."""
    return bead.spec.usd if bead.spec.usd is not None else limits.usd_per_bead


def exhausted(bead: Bead, limits: Limits) -> str | None:
    """That its budget is spent, as a clause after its id; None while some of it is left."""
    most = allowed(bead, limits)
    used = spent(bead)
    if most is None or used < most:
        return None
    return f"has cost {used:.2f} dollars, and may cost {most:.2f}"


def granted(bead: Bead, limits: Limits) -> Bead:
    """The Bead with as much again to spend, if its budget is spent; a person's word."""
    most = allowed(bead, limits)
    if most is None or spent(bead) < most:
        return bead
    more = limits.usd_per_bead or most
    return replace(bead, spec=replace(bead.spec, usd=round(spent(bead) + more, 2)))
