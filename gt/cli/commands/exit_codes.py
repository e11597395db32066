"""`gt exit-codes`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code

app = new_app()


@app.command()
def exit_codes(ctx: typer.Context) -> int:
    """List the exit codes and what each tells the caller.

    Example:
      gt exit-codes
    """
    gt = Context.of(ctx)
    if gt.json:
        from gt.cli.jsonout import listing

        gt.emit(listing("ExitCodeList", [{"code": int(code), "meaning": code.meaning} for code in Code]))
    else:
        gt.table([(str(int(code)), code.meaning) for code in Code])
    return 0
