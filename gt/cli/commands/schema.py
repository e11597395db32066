"""`gt schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import listing

app = new_app()

_WRITTEN = {
    "town": "the settings, .gt/town.yaml",
    "formula": "a formula, .gt/formulas/NAME.yaml",
    "bead": "a Bead, in the ledger and as JSON",
    "page": "a page, in the ledger and as it is sent",
}


@app.command()
def schema(
    ctx: typer.Context,
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="As the list has it, or a `kind` of gt's JSON.")
    ] = None,
) -> int:
    """Print the JSON Schema of a file that you write, or of what a command prints with --json; or list them.

    An editor completes and checks .gt/town.yaml by it: the YAML extension of VS Code, and all else that
    uses yaml-language-server, take it from a line at the top of the file, or from their settings.

    Example:
      gt schema
      gt schema town >.gt/town.schema.json
      gt schema QueueList
    """
    from gt.store import schemas

    gt = Context.of(ctx)
    if kind is not None:
        gt.emit(schemas.schema(kind), readable=True)
        return 0
    rows = [(name, _WRITTEN.get(name) or schemas.printed_by(name)) for name in schemas.kinds()]
    if gt.json:
        gt.emit(listing("SchemaList", ({"name": name, "about": about} for name, about in rows)))
    else:
        gt.table(rows)
    return 0
