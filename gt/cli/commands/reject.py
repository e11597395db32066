"""`gt reject`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def reject(
    ctx: typer.Context,
    bead: BeadId,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; the next attempt is told.")
    ],
    token: Annotated[
        str | None, typer.Option("--token", metavar="TOKEN", help="Only if this is what is submitted.")
    ] = None,
) -> int:
    """Send a submission back: the next attempt is told why.

    It costs the Bead one of its attempts. What was submitted stays pinned, and the next attempt starts from there.

    Example:
      gt reject gt-7k2m9qxa -r "keep the old behaviour for guests"
    """
    from gt.core.data import bead_data
    from gt.verbs.reject import reject as send_back

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        name = snapshot.resolve(bead)
    done = send_back(gt.repo, gt.ledger, name, reason, token=token, actor=gt.actor, now=gt.now, tell=gt.say)
    if gt.json:
        gt.emit(bead_data(done.bead, full=True, seconds=True))
    else:
        gt.out(f"{name}: rejected, now {done.bead.phase}")
    return 0
