"""`gt ack`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import listing
from gt.core.calls import calls
from gt.core.data import page_data
from gt.core.page import Page
from gt.drive.observe import observe
from gt.verbs.ack import ack as verb
from gt.verbs.page import call_for

app = new_app()


@app.command()
def ack(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="PAGE...", help="Ids of pages, or the starts of them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", "-a", help="All that nobody has acknowledged.")] = False,
) -> int:
    """Acknowledge pages: you have taken note.

    A page about a target that others moved: the move is accepted. One about an agent: it is given work again.

    Example:
      gt ack p-3f9
      gt ack --all
    """
    if bool(names) == every:
        raise typer.BadParameter("name pages, or give --all: one of the two")
    gt = Context.of(ctx)
    now = gt.now
    acked = verb(
        gt.ledger, names or None, actor=gt.actor, now=now, unwritten=_standing(gt, now) if names else ()
    )
    if gt.json:
        gt.emit(listing("PageList", map(page_data, acked.pages)))
    else:
        for page in acked.pages:
            gt.out(f"{page.id} {page.subject} {page.text}")
    return 0


def _standing(gt: Context, now: int) -> list[Page]:
    """The calls that stand and aren't written down: `gt status` and `gt why` name them by the id they will have."""
    world = observe(gt.repo, gt.ledger, now)
    return [
        call_for(call.subject, call.reason, call.epoch, call.text, now)
        for call in calls(world)
        if call.paged and call.page not in world.pages
    ]
