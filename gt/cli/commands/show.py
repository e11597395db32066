"""`gt show`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json, meant_or_here
from gt.cli.context import Context
from gt.cli.options import At, MaybeBead
from gt.cli.view import looking

app = new_app()


@app.command()
def show(ctx: typer.Context, bead: MaybeBead = None, at: At = None) -> int:
    """Show a Bead: what is wanted, what it waits for, what has been tried.

    Without an id it is the Bead of the worktree one stands in.

    Example:
      gt show 7k2m
      gt show gt-7k2m9qxa --json
      gt show 7k2m --at "2h ago"
    """
    gt = Context.of(ctx)
    with looking(gt, at) as view:
        found = view.over(view.snapshot.get(meant_or_here(gt, view.snapshot, bead)))
        if gt.json:
            gt.emit(bead_json(found))
        else:
            from gt.cli.portrait import portrait

            for line in portrait(found, view):
                gt.out(*line)
    return 0
