"""`gt page`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.options import Text
from gt.core.data import page_data
from gt.drive.observe import observe
from gt.verbs.page import call_for
from gt.verbs.page import page as verb

app = new_app()


@app.command()
def page(
    ctx: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="A Bead's id, target:NAME, agent:NAME or town.")
    ],
    reason: Annotated[str, typer.Argument(metavar="REASON", help="A word for why.")],
    epoch: Annotated[
        str,
        typer.Option(
            "--epoch", metavar="TEXT", help="What makes a second call about the same thing a new one."
        ),
    ] = "",
    message: Text = None,
) -> int:
    """Call a person once: write the page down and send it, unless it was sent already.

    It is sent by `page.command` of the target's .gt/town.yaml, which gets it as JSON on its standard input.

    Example:
      gt page town disk-full -m 'has 1% of its disk left'
    """
    gt = Context.of(ctx)
    now = gt.now
    world = observe(gt.repo, gt.ledger, now)
    call = call_for(subject, reason, epoch, message or reason, now)
    paged = verb(gt.ledger, call, world.pager_of(subject), environ=gt.environ, actor=gt.actor, now=now)
    if gt.json:
        gt.emit(page_data(paged.page))
    else:
        gt.out(paged.page.id)
    return 0
