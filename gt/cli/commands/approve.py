"""`gt approve`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command()
def approve(
    ctx: typer.Context,
    bead: BeadId,
    commit: Annotated[
        str | None, typer.Option("--commit", metavar="COMMIT", help="Only if this is what is submitted.")
    ] = None,
) -> int:
    """Let a submission land that needs a person's word.

    The word is for this commit on this target, and for the protected files as they would be; if any of that
    changes, it has to be given again. Where the town wants signatures (`refinery.approvals: signed`),
    it is signed with the key that your git signs with.

    Example:
      gt diff gt-7k2m9qxa
      gt approve gt-7k2m9qxa
    """
    from gt.core.data import bead_data
    from gt.verbs.approve import approve as vouch

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        name = snapshot.resolve(bead)
    done = vouch(gt.repo, gt.ledger, name, commit=commit, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(bead_data(done.amended.bead, full=True, seconds=True))
        return 0
    gt.out(f"{name}: approved" if done.amended.changed else f"{name}: was approved already")
    if done.signer:
        gt.out(f"  signed by {done.signer}")
    for path in done.protected:
        gt.out(f"  changes {path}")
    return 0
