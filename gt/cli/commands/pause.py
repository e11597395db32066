"""`gt pause`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import duration, moment
from gt.core.data import paused_data
from gt.core.when import format_time

app = new_app()


@app.command()
def pause(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why, for those who wonder.")],
    length: Annotated[int | None, duration("--for", help="End by itself after so long.")] = None,
    until: Annotated[int | None, moment("--until", help="End by itself at this time.")] = None,
) -> int:
    """Pause the town: nothing is claimed, gated or landed until somebody resumes it.

    Live attempts go on, and what they submit is accepted and waits. A town that is paused already
    gets the new reason and the new end.

    Example:
      gt pause --reason "release day"
      gt pause --reason "CI is down" --for 2h
    """
    from gt.verbs.pause import pause as verb

    if length is not None and until is not None:
        raise typer.BadParameter("--for and --until: one of the two")
    gt = Context.of(ctx)
    now = gt.now
    end = until if length is None else now + length
    done = verb(gt.repo, gt.ledger, reason, end, actor=gt.actor, now=now)
    if gt.json:
        gt.emit(single("Pause", {"paused": paused_data(done.paused), "changed": done.changed}))
    else:
        gt.out(f"paused{f' until {format_time(end)}' if end is not None else ''}")
        gt.hint("gt resume")
    return 0
