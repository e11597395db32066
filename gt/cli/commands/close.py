"""`gt close`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import meant, print_outcomes
from gt.cli.context import Context
from gt.cli.options import BeadIds
from gt.core.bead import CloseReason

app = new_app()


@app.command()
def close(
    ctx: typer.Context,
    beads: BeadIds,
    reason: Annotated[
        CloseReason, typer.Option("--reason", "-r", help="What needs a Bead closed as done may start.")
    ] = CloseReason.DONE,
    note: Annotated[str, typer.Option("--message", "-m", metavar="NOTE", help="Why, in your words.")] = "",
) -> int:
    """Close Beads without landing anything, all or none.

    A Bead with a child that is still open isn't closed, nor is one closed as done that needs
    another which isn't. Beads closed by the same command count as closed.

    Example:
      gt close gt-7k2m9qxa -m "done by hand"
      gt close 7k2m 1q0d --reason wontfix
    """
    from gt.verbs.close import close as verb

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        ids = meant(snapshot, beads)
    outcomes = verb(gt.ledger, ids, reason, note, actor=gt.actor, now=gt.now)
    print_outcomes(gt, outcomes, f"closed as {reason}", f"is closed as {reason} already")
    return 0
