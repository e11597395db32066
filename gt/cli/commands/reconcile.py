"""`gt reconcile`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.failure import tell
from gt.cli.plans import CODES, hands_of, plan_data, summary
from gt.cli.text import one_line
from gt.drive.reconcile import reconcile as drive

app = new_app()


@app.command(exit_zero=True)
def reconcile(ctx: typer.Context) -> int:
    """Put right what can be put right without starting work: one pass over the town.

    Ends leases of the dead, records landings, closes finished epics, sends pages, tidies up. Exits with 10 if it
    changed something, 12 if work or merge is due, 11 if the town waits, 20 if it needs you, 0 if it is at rest.

    Example:
      gt reconcile --exit-zero
    """
    gt = Context.of(ctx)
    outcome = drive(hands_of(gt))
    for action, error in outcome.failed:
        tell(gt, error.kind, f"{one_line(action.command)}: {error.message}", error.hint)
    if gt.json:
        gt.emit(plan_data(outcome.plan))
    else:
        for action in outcome.done:
            gt.out(gt.spelt(action.command))
        gt.say(summary(gt, outcome.plan, outcome.world.now))
    if outcome.done:
        return Code.PROGRESS
    if outcome.failed:
        return outcome.failed[0][1].exit_code
    return CODES[outcome.plan.next]
