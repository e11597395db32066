"""`gt join`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single

app = new_app()


@app.command()
def join(
    ctx: typer.Context,
    remote: Annotated[str, typer.Argument(metavar="REMOTE", help="The remote whose town is joined.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> int:
    """Bring this clone's town into a remote's that was begun apart: all Beads of both, for good.

    Two towns that share a ledger already need no joining: `gt sync` brings them together.

    Example:
      gt join origin --yes
    """
    from gt.verbs.join import join as verb

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        count = sum(snapshot.counts().values())
    beads = f"{count} Bead{'' if count == 1 else 's'}"
    gt.confirm(f"join the town of {remote} with the {beads} of this one? It can't be undone", yes=yes)
    report = verb(gt.ledger, remote, actor=gt.actor, now=gt.now)
    if gt.json:
        data = {
            "remote": report.remote,
            "tip": report.tip,
            "sent": report.sent,
            "received": report.received,
            "renamed": [{"from": old, "to": new} for old, new in report.account.renamed],
            "lost": [{"bead": bead, "field": field} for bead, field in report.account.lost],
        }
        gt.emit(single("JoinReport", data))
        return 0
    gt.out(f"joined the town of {report.remote} with {beads}")
    for old, new in report.account.renamed:
        gt.out(f"two Beads had the id {old}: one of them is {new} now")
    for bead, field in report.account.lost:
        gt.out(f"both had {field} of {bead}: the later edit stands, the other is kept with the Bead")
    return 0
