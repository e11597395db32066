"""`gt export`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import complain
from gt.cli.context import Context
from gt.cli.files import write_whole
from gt.cli.jsonout import dumps
from gt.errors import Refused

app = new_app()


@app.command()
def export(
    ctx: typer.Context,
    out: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write into this file, all or nothing."),
    ] = None,
) -> int:
    """Print the whole ledger as JSON, a line for each Bead.

    The first line says whose ledger it is, the next how the town is; pages come last. Nothing of a
    Bead is left out, and the same ledger always gives the same lines: `gt import` makes equal Beads
    of them.

    Example:
      gt export -o beads.jsonl
      gt export | gt -C ../other-repository import -
    """
    from gt.interop.ours import exported

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        lines = (dumps(data) for data in exported(snapshot))
        if out in (None, "-"):
            for line in lines:
                gt.out(line)
        else:
            assert out is not None
            try:
                write_whole(
                    Path(os.path.realpath(gt.cwd / out)), (f"{line}\n" for line in lines), gt.digits(8)
                )
            except OSError as error:
                raise Refused(f"{out}: {error.strerror}") from None
        return complain(gt, snapshot)
