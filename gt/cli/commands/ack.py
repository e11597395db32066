"""`gt ack`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import listing
from gt.core.data import page_data
from gt.verbs.ack import ack as verb

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
    acked = verb(gt.ledger, names or None, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(listing("PageList", map(page_data, acked.pages)))
    else:
        for page in acked.pages:
            gt.out(f"{page.id} {page.subject} {page.text}")
    return 0
