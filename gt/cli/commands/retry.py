"""`gt retry`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import print_outcomes
from gt.cli.context import Context
from gt.cli.options import MaybeBead

app = new_app()


@app.command()
def retry(
    ctx: typer.Context,
    bead: MaybeBead = None,
    attempts: Annotated[
        int | None,
        typer.Option(
            "--attempts", min=1, metavar="COUNT", help="At least so many more (default: the town's)."
        ),
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="Instead of a Bead: this agent.")
    ] = None,
) -> int:
    """Give a Bead another go, now: one that is stuck, or waits before its next attempt.

    With --agent: give that agent work again, now, after you have put right why it failed (a key, a network). None of
    its failures outside its task counts any more, its page is acknowledged, and the Beads that they made wait don't.

    Example:
      gt retry 7k2m --attempts 1
      gt retry --agent claude
    """
    from gt.cli.holding import one_of
    from gt.verbs.retry import retry as verb

    if (bead is None) == (agent is None):
        raise typer.BadParameter("name a Bead, or give --agent: one of the two")
    gt = Context.of(ctx)
    if agent is not None:
        if attempts is not None:
            raise typer.BadParameter("--attempts is for a Bead")
        return _readmit(gt, agent)
    assert bead is not None
    outcome = verb(gt.repo, gt.ledger, one_of(gt, bead), attempts, actor=gt.actor, now=gt.now)
    print_outcomes(gt, [outcome], "is open again", "is open, and waits for no time")
    return 0


def _readmit(gt: Context, agent: str) -> int:
    from gt.cli.beads import bead_json
    from gt.cli.jsonout import single
    from gt.drive.observe import look_at_targets
    from gt.store.claimable import Homes
    from gt.verbs.readmit import readmit

    homes = Homes(*look_at_targets(gt.repo))
    found = readmit(gt.ledger, agent, homes, actor=gt.actor, now=gt.now)
    if gt.json:
        beads = [bead_json(bead) for bead in found.beads]
        gt.emit(single("Readmitted", {"agent": agent, "failures": found.failures, "beads": beads}))
    elif found.changed:
        gt.out(f"{agent} is given work again: {found.failures} failures count no more")
        for bead in found.beads:
            gt.out(f"{bead.id} waits no longer")
    else:
        gt.say(f"{agent} is fit: nothing changed")
    return 0
