"""`gt plan`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.plans import plan_data, summary, uncalled
from gt.cli.text import Styled, one_line
from gt.core.plan import plan as planned
from gt.drive.observe import observe

app = new_app()


@app.command()
def plan(ctx: typer.Context) -> int:
    """Print what is to be done now, as the script a person could type.

    Reads and changes nothing. `gt reconcile`, `gt work` and `gt merge` carry it out; `gt run` all of it.

    Example:
      gt plan
      gt plan --json
    """
    gt = Context.of(ctx)
    now = gt.now
    found = planned(observe(gt.repo, gt.ledger, now))
    if gt.json:
        gt.emit(plan_data(found))
        return 0
    for action in found.actions:
        gt.out(Styled(f"# {action.by}: {one_line(action.reason)}", "dim"))
        gt.out(gt.spelt(action.command))
    for curb in uncalled(found):
        gt.out(Styled(f"# {curb.subject} {one_line(curb.text)}", "dim"))
    for call in found.calls:
        hint = f" ({one_line(gt.spelt(call.hint))})" if call.hint else ""
        gt.out(Styled(f"# needs you: {call.subject} {one_line(call.text)}{hint}", "dim"))
    gt.out(Styled(f"# {summary(gt, found, now)}", "dim"))
    return 0
