"""`gt claim`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import MaybeBead, duration

app = new_app()


@app.command()
def claim(
    ctx: typer.Context,
    bead: MaybeBead = None,
    lasts: Annotated[
        int | None,
        duration("--for", help="How long it is yours (default: a day); again, to make it last longer."),
    ] = None,
) -> int:
    """Take a Bead yourself: make a branch and a worktree for it, and print where that is.

    Without an id it is the most urgent one that is ready. Work there, commit, then `gt submit`. The worktree is
    yours: gt never removes it.

    Example:
      gt claim 7k2m --for 3d
    """
    from gt.cli.holding import hands, one_of
    from gt.drive.attempt_claim import take

    gt = Context.of(ctx)
    taken = take(hands(gt), one_of(gt, bead) if bead else None, lasts)
    if gt.json:
        gt.emit(bead_json(taken.bead))
    else:
        gt.out(str(taken.worktree))
        if not taken.changed:
            gt.say(f"{taken.bead.id} is yours already")
    return 0
