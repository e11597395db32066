"""`gt submit`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import MaybeBead

app = new_app()


@app.command()
def submit(ctx: typer.Context, bead: MaybeBead = None) -> int:
    """Offer the committed work of a worktree for landing, which ends its lease.

    Without an id it is the Bead of the worktree one stands in. Inside an attempt the wish is queued: what the
    agent made is submitted when it exits.

    Example:
      gt submit
    """
    gt = Context.of(ctx)
    if gt.attempt:
        from gt.cli.outbox import queue

        return queue(gt, "submit", {})
    from gt.cli.holding import held
    from gt.verbs.submit import submit as verb

    name, token = held(gt, bead)
    after = verb(gt.repo, gt.ledger, name, token, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(bead_json(after))
    else:
        submission = after.status.submission
        gt.out(f"{name} submitted{f' as {submission.commit[:12]}' if submission else ''}")
    return 0
