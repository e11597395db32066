"""`gt pages`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import listing
from gt.cli.plans import page_rows
from gt.core.data import page_data

app = new_app()


@app.command()
def pages(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", "-a", help="Those that were acknowledged, too.")] = False,
) -> int:
    """List the calls for a person that nobody has acknowledged, oldest first.

    Example:
      gt pages
      gt pages --all --json
    """
    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        found = [page for page in snapshot.pages() if every or not page.acknowledged]
    if gt.json:
        gt.emit(listing("PageList", map(page_data, found)))
    else:
        gt.table(page_rows(found, gt.now), header=("ID", "AGE", "STATE", "SUBJECT", "TEXT"))
    return 0
