"""`gt claim`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import MaybeBead, Offline, duration

app = new_app()


@app.command()
def claim(
    ctx: typer.Context,
    bead: MaybeBead = None,
    lasts: Annotated[
        int | None,
        duration("--for", help="How long it is yours (default: a day); again, to make it last longer."),
    ] = None,
    offline: Offline = False,
) -> int:
    """Take a Bead yourself: make a branch and a worktree for it, and print where that is.

    Without an id it is the most urgent one that is ready. Work there, commit, then `gt submit`. The worktree is
    yours: gt never removes it. In a town of several machines the claim counts once the town's remote has accepted it.

    Example:
      gt claim 7k2m --for 3d
    """
    from gt.cli.delivered import tentative
    from gt.cli.holding import hands, one_of
    from gt.drive.attempt_claim import take

    gt = Context.of(ctx)
    taken = take(hands(gt), one_of(gt, bead) if bead else None, lasts, offline=offline)
    if offline:
        tentative(gt, taken.bead.id)
    if gt.json:
        gt.emit(bead_json(taken.bead))
    else:
        gt.out(str(taken.worktree))
        if not taken.changed:
            gt.say(f"{taken.bead.id} is yours already")
    return 0
