"""`gt reopen`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.beads import meant, print_outcomes
from gt.cli.context import Context
from gt.cli.options import BeadIds

app = new_app()


@app.command()
def reopen(ctx: typer.Context, beads: BeadIds) -> int:
    """Open Beads that have ended, all or none; work starts over from the target.

    What has landed stays landed.

    Example:
      gt reopen gt-7k2m9qxa
    """
    from gt.core.town import Limits
    from gt.errors import NotFound
    from gt.store.targets import town_of
    from gt.verbs.reopen import reopen as verb

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        ids = meant(snapshot, beads)
        limits: dict[str, Limits] = {}
        for name in ids:
            try:
                limits[name] = town_of(gt.repo, snapshot.get(name)).limits
            except NotFound:
                limits[name] = Limits()
    outcomes = verb(gt.ledger, ids, limits, actor=gt.actor, now=gt.now)
    print_outcomes(gt, outcomes, "reopened", "is open already")
    return 0
