"""`gt landed`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def landed(
    ctx: typer.Context,
    bead: BeadId,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The submission's token.")],
) -> int:
    """Record that a submission is on its target.

    Looks at the target itself; `gt merge` and `gt reconcile` do this by themselves.

    Example:
      gt landed gt-7k2m9qxa 1-k9f2
    """
    from gt.core.data import bead_data
    from gt.verbs.landed import landed as record

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        name = snapshot.resolve(bead)
    done = record(gt.repo, gt.ledger, name, token, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(bead_data(done.bead, full=True, seconds=True))
    else:
        where = done.bead.status.landed
        gt.out(f"{name}: landed{f' as {where.commit[:12]}' if where else ''}")
    return 0
