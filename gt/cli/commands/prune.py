"""`gt prune`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import BeadId
from gt.verbs.prune import prune as verb

app = new_app()


@app.command()
def prune(
    ctx: typer.Context,
    bead: BeadId,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The attempt's name: 3-k9f2.")],
) -> int:
    """Remove the worktree, branch and lock of an attempt that is over, once all it left is kept.

    Example:
      gt prune gt-7k2m9qxa 3-k9f2
    """
    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        wanted = snapshot.resolve(bead)
    changed = verb(gt.repo, gt.ledger, wanted, token, now=gt.now)
    if gt.json:
        gt.emit(single("Pruned", {"bead": wanted, "token": token, "changed": changed}))
    elif changed:
        gt.out(f"removed what attempt {token} of {wanted} left")
    else:
        gt.say(f"attempt {token} of {wanted} left nothing that could be removed")
    return 0
