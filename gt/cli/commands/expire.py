"""`gt expire`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def expire(
    ctx: typer.Context,
    bead: BeadId,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The token of the lease.")],
) -> int:
    """End the lease of a holder that is dead, or past its end; keep what the attempt left.

    Example:
      gt expire gt-7k2m9qxa 3-k9f2
    """
    from gt.cli.holding import one_of
    from gt.verbs.expire import expire as verb

    gt = Context.of(ctx)
    outcome = verb(gt.repo, gt.ledger, one_of(gt, bead), token, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(bead_json(outcome.bead))
    elif outcome.attempt is not None:
        gt.out(f"{outcome.bead.id} {token} {outcome.attempt.result}")
    else:
        gt.say(f"{outcome.bead.id}: no such lease, or its holder lives")
    return 0
