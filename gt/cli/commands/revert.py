"""`gt revert`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli import specs
from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import BeadId

app = new_app()


@app.command(exit_zero=True)
def revert(
    ctx: typer.Context,
    bead: BeadId,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Why, for whoever reads the commit.")
    ] = "",
    title: Annotated[
        str | None, typer.Option("--title", metavar="TITLE", help='Of the new Bead; default: Revert "...".')
    ] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Only propose it: `gt accept` submits it.")
    ] = False,
) -> int:
    """Take back what a Bead landed: submit the inverse change, for a Bead of its own.

    It is gated and landed like any other change. Of a landing that several share only this Bead's
    part is taken back. The Bead itself stays landed; `gt reopen` begins it anew. To bring back
    what was reverted, revert the revert.

    Example:
      gt revert 7k2m -r "it breaks the login"
      gt revert gt-7k2m9qxa --propose
    """
    from gt.cli.delivered import tell as told
    from gt.cli.holding import hands
    from gt.core.bead import Phase
    from gt.core.draft import Origin
    from gt.drive.handing_in import hand_in_revert

    gt = Context.of(ctx)
    if title is not None:
        specs.checked({"title": title})
    with gt.ledger.read() as snapshot:
        name = snapshot.resolve(bead)
    origin = Origin(gt.actor, gt.now, gt.digits, gt.uid)
    done = hand_in_revert(hands(gt), name, reason=reason, title=title, propose=propose, origin=origin)
    code = told(gt, done.bead.id, done.delivery)
    if gt.json:
        gt.emit(bead_json(done.bead))
    else:
        gt.out(f"{done.bead.id} {done.bead.phase}, to revert {name}")
        if done.bead.phase is Phase.PROPOSED:
            gt.hint(f"gt accept {done.bead.id}")
        else:
            _tell_dependents(gt, name)
    return code


def _tell_dependents(gt: Context, bead: str) -> None:
    """Says which Beads go on as if what they need were still there."""
    with gt.ledger.read() as snapshot:
        going = [each.id for each in snapshot.needed_by(bead) if not each.phase.over]
    if going:
        gt.say(f"{', '.join(going)} need {bead}, and won't wait for it unless it is reopened")
