"""`gt kill`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import BeadId

app = new_app()


@app.command()
def kill(
    ctx: typer.Context,
    bead: BeadId,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The token of the attempt.")],
) -> int:
    """Kill what still runs of an attempt whose lease is over.

    Example:
      gt kill gt-7k2m9qxa 3-k9f2
    """
    from gt.cli.holding import one_of
    from gt.verbs.kill import kill as verb

    gt = Context.of(ctx)
    killed = verb(gt.repo, gt.ledger, one_of(gt, bead), token, now=gt.now)
    if gt.json:
        gt.emit(single("Killed", {"bead": killed.bead.id, "token": token, "processes": killed.processes}))
    else:
        gt.out(f"{killed.processes} processes of {killed.bead.id} {token} killed")
    return 0
