"""`gt fail`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import MaybeBead
from gt.errors import Refused

app = new_app()


@app.command()
def fail(
    ctx: typer.Context,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", "-r", metavar="TEXT", help="Why, for whoever tries next; `-` reads it from stdin."
        ),
    ],
    bead: MaybeBead = None,
) -> int:
    """Give a Bead up, saying why: the attempt has failed.

    Without an id it is the Bead of the worktree one stands in. Inside an attempt it is queued, and takes effect
    when the agent exits.

    Example:
      gt fail -r "the API that this needs is gone"
    """
    gt = Context.of(ctx)
    said = gt.given(reason) or ""
    if not said.strip():
        raise Refused("a failure needs a reason")
    if gt.attempt:
        from gt.cli.outbox import queue

        return queue(gt, "fail", {"reason": said})
    from gt.cli.holding import held
    from gt.core.bead import Result
    from gt.verbs.end import end

    name, token = held(gt, bead)
    after = end(gt.repo, gt.ledger, name, token, Result.WORK_FAILED, said, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(bead_json(after))
    else:
        gt.out(f"{name} is {after.phase} again" if after.phase == "open" else f"{name} is {after.phase}")
    return 0
