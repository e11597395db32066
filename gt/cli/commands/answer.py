"""`gt answer`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import print_outcomes
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def answer(
    ctx: typer.Context,
    bead: BeadId,
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help="The answer; `-` reads it from stdin.")],
) -> int:
    """Answer the question of an attempt: the Bead goes on, and the next attempt is told.

    Example:
      gt answer 7k2m "the second one, and drop the first"
    """
    from gt.cli.holding import one_of
    from gt.verbs.answer import answer as verb

    gt = Context.of(ctx)
    said = gt.stdin.read() if text == ["-"] else " ".join(text)
    outcome = verb(gt.repo, gt.ledger, one_of(gt, bead), said, actor=gt.actor, now=gt.now)
    print_outcomes(gt, [outcome], "answered", "has this answer already")
    return 0
