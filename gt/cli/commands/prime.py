"""`gt prime`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.beads import meant_or_here
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import MaybeBead

app = new_app()


@app.command()
def prime(ctx: typer.Context, bead: MaybeBead = None) -> int:
    """Print what an agent is told that is given a Bead: the task, and what earlier attempts left.

    Without an id it is the Bead of the worktree one stands in.

    Example:
      gt prime 7k2m
    """
    from gt.drive.attempt_prompt import prime as prompt

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        found = snapshot.get(meant_or_here(gt, snapshot, bead))
        text = prompt(gt.repo, snapshot, found, gt.now)
    if gt.json:
        gt.emit(single("Prompt", {"bead": found.id, "text": text}))
    else:
        gt.out(text.removesuffix("\n"))
    return 0
