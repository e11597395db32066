"""`gt stop`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def stop(ctx: typer.Context, bead: BeadId) -> int:
    """Stop a live attempt; what it did is kept, and it doesn't count against the Bead.

    Example:
      gt stop 7k2m
    """
    from gt.cli.holding import hands, one_of
    from gt.drive.attempt_stop import stop_attempt

    gt = Context.of(ctx)
    after = stop_attempt(hands(gt), one_of(gt, bead))
    if gt.json:
        gt.emit(bead_json(after))
    else:
        gt.out(f"{after.id} stopped")
        if after.phase == "open":
            gt.hint(f"gt edit {after.id} --hold")
    return 0
