"""`gt dismiss`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli import specs
from gt.cli.app import new_app
from gt.cli.beads import print_outcomes
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def dismiss(
    ctx: typer.Context,
    bead: BeadId,
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD]...", help="Only what was lost of these fields.")
    ] = None,
    take: Annotated[
        bool, typer.Option("--take", help="Put the lost value back in place of the other.")
    ] = False,
) -> int:
    """Let go of edits that lost against another when two clones were merged, or take them back.

    `gt show` tells what was lost, `gt list --conflicts` which Beads lost something. Nothing is gone by it:
    `gt log --patch` has both values.

    Example:
      gt dismiss gt-7k2m9qxa
      gt dismiss 7k2m title --take
    """
    from gt.core.lost import lost_of, taken
    from gt.verbs.dismiss import dismiss as verb

    gt = Context.of(ctx)
    named = tuple(fields or ())
    with gt.ledger.read() as snapshot:
        name = snapshot.resolve(bead)
        before = snapshot.get(name)
    wanted = [taken(before, lost_of(before, named)).spec] if take else []
    outcome = verb(gt.ledger, name, named, specs.rules_for(gt, wanted), take=take, actor=gt.actor, now=gt.now)
    print_outcomes(gt, [outcome], "taken back" if take else "dismissed", "has no such edit to look at")
    return 0
