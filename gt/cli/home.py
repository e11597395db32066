"""What `gt` alone says: how the town is, in a few lines, and what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gt.cli.context import Context
from gt.cli.text import Styled, one_line
from gt.errors import GtError

if TYPE_CHECKING:
    from gt.core.plan import Plan

SHOWN = 3
"""Calls for a person that are named."""


def home(gt: Context) -> bool:
    """Print it; False, with nothing printed, where there is no town to speak of."""
    try:
        if not gt.ledger.exists():
            return False
    except GtError:
        return False
    from gt.cli.plans import summary
    from gt.drive.status import status

    now = gt.now
    found = status(gt.repo, gt.ledger, now)
    counts = [f"{count} {phase}" for phase, count in found.phases.items() if count]
    gt.out(Styled(gt.repo.name, "bold"), f": {', '.join(counts) or 'no Beads yet'}")
    for call in found.plan.calls[:SHOWN]:
        gt.out(f"{call.subject} {one_line(call.text)}")
    if len(found.plan.calls) > SHOWN:
        gt.out(f"and {len(found.plan.calls) - SHOWN} more")
    gt.out(summary(gt, found.plan, now))
    gt.hint(_next(found.plan, any(found.phases.values())))
    return True


def _next(plan: Plan, begun: bool) -> str:
    """The command that goes on from here."""
    from gt.core.plan import Next

    if not begun:
        return 'gt create "What is to be done"'
    if plan.next is Next.DUE:
        return "gt run"
    if plan.next is Next.RECONCILE:
        return "gt reconcile"
    if plan.next is Next.HUMAN:
        return next((call.hint for call in plan.calls if call.hint), "gt status")
    return "gt status"
