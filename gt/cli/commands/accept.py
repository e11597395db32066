"""`gt accept`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.beads import meant, print_outcomes
from gt.cli.context import Context
from gt.cli.options import BeadIds

app = new_app()


@app.command()
def accept(ctx: typer.Context, beads: BeadIds) -> int:
    """Make proposals work: open them, all or none.

    One that comes with its work, such as a proposed revert, is submitted.

    Example:
      gt accept gt-7k2m9qxa gt-1q0d8r3v
    """
    from gt.verbs.accept import accept as verb

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        ids = meant(snapshot, beads)
    print_outcomes(gt, verb(gt.ledger, ids, actor=gt.actor, now=gt.now), "accepted", "is accepted already")
    return 0
