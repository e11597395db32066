"""`gt withdraw`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def withdraw(
    ctx: typer.Context,
    bead: BeadId,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Why, for whoever takes the Bead next.")
    ] = "",
    hold: Annotated[
        bool, typer.Option("--hold", help="Put the Bead on hold, so that no new attempt begins.")
    ] = False,
    token: Annotated[
        str | None, typer.Option("--token", metavar="TOKEN", help="Only if this is what is submitted.")
    ] = None,
) -> int:
    """Take a submission back before it lands; it costs no attempt.

    What was submitted stays pinned. The Bead is open again: without --hold the next attempt may
    begin at once, from what was withdrawn.

    Example:
      gt withdraw gt-7k2m9qxa --hold
      gt withdraw 7k2m -r "wait for the new API"
    """
    from gt.verbs.withdraw import withdraw as verb

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        name = snapshot.resolve(bead)
    done = verb(
        gt.repo, gt.ledger, name, token=token, reason=reason, hold=hold, actor=gt.actor, now=gt.now, tell=gt.say
    )  # fmt: skip
    if gt.json:
        gt.emit(bead_json(done.bead))
    else:
        gt.out(f"{name}: withdrawn, now {'on hold' if done.bead.spec.hold else done.bead.phase}")
    return 0
