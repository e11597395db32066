"""`gt logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import meant_or_here
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import MaybeBead

app = new_app()


@app.command()
def logs(
    ctx: typer.Context,
    bead: MaybeBead = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the attempt ends.")] = False,
    attempt: Annotated[
        str | None, typer.Option("--attempt", metavar="TOKEN", help="Another attempt than the last.")
    ] = None,
) -> int:
    """Show what an attempt's agent printed.

    Example:
      gt logs 7k2m -f
      gt logs 7k2m --attempt 1-k9f2
    """
    from gt.drive.attempt_logs import read_log, token_of

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        found = snapshot.get(meant_or_here(gt, snapshot, bead))
    token = token_of(found, attempt)
    pieces = read_log(gt.repo, found, token, follow=follow)
    if gt.json:
        gt.emit(single("Log", {"bead": found.id, "token": token, "text": "".join(pieces)}))
        return 0
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            gt.out(line.removesuffix("\r"))
        gt.flush()
    if rest:
        gt.out(rest)
    return 0
