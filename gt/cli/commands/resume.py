"""`gt resume`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.core.data import paused_data

app = new_app()


@app.command()
def resume(ctx: typer.Context) -> int:
    """End the pause of a town, whoever began it.

    Example:
      gt resume
    """
    from gt.verbs.pause import resume as verb

    gt = Context.of(ctx)
    done = verb(gt.repo, gt.ledger, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(single("Pause", {"paused": paused_data(done.paused), "changed": done.changed}))
    elif done.changed:
        gt.out("resumed")
        gt.hint("gt run")
    else:
        gt.say("the town was not paused")
    return 0
