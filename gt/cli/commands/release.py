"""`gt release`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import MaybeBead

app = new_app()


@app.command()
def release(
    ctx: typer.Context,
    bead: MaybeBead = None,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Why, for whoever takes it next.")
    ] = "",
) -> int:
    """Give back a Bead that you claimed; it costs nothing, and your worktree stays.

    Without an id it is the Bead of the worktree one stands in.

    Example:
      gt release 7k2m
    """
    from gt.cli.holding import held
    from gt.core.bead import Result
    from gt.verbs.end import end

    gt = Context.of(ctx)
    name, token = held(gt, bead)
    after = end(gt.repo, gt.ledger, name, token, Result.RELEASED, reason, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(bead_json(after))
    else:
        gt.out(f"{name} released")
    return 0
