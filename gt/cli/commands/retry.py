"""`gt retry`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import print_outcomes
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def retry(
    ctx: typer.Context,
    bead: BeadId,
    attempts: Annotated[
        int | None,
        typer.Option(
            "--attempts", min=1, metavar="COUNT", help="At least so many more (default: the town's)."
        ),
    ] = None,
) -> int:
    """Give a Bead another go, now: one that is stuck, or waits before its next attempt.

    Example:
      gt retry 7k2m --attempts 1
    """
    from gt.cli.holding import one_of
    from gt.verbs.retry import retry as verb

    gt = Context.of(ctx)
    outcome = verb(gt.repo, gt.ledger, one_of(gt, bead), attempts, actor=gt.actor, now=gt.now)
    print_outcomes(gt, [outcome], "is open again", "is open, and waits for no time")
    return 0
