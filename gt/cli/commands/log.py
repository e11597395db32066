"""`gt log`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import listing
from gt.cli.options import Limit, MaybeBead
from gt.cli.text import relative
from gt.core.when import format_time

app = new_app()


@app.command()
def log(ctx: typer.Context, bead: MaybeBead = None, limit: Limit = None) -> int:
    """Show what happened, to one Bead or to all: who did what when, latest first.

    Example:
      gt log -n 20
      gt log gt-7k2m9qxa --json
    """
    from gt.store import history

    gt = Context.of(ctx)
    name = None
    if bead is not None:
        with gt.ledger.read() as snapshot:
            name = snapshot.resolve(bead)
    events = history.log(gt.repo, name, limit)
    if gt.json:
        gt.emit(
            listing(
                "EventList",
                (
                    {
                        "commit": event.commit,
                        "at": format_time(event.at),
                        "verb": event.verb,
                        "actor": event.actor,
                        "beads": event.beads,
                        "subject": event.subject,
                    }
                    for event in events
                ),
            )
        )
    else:
        now = gt.now
        rows = [(event.commit[:12], relative(event.at, now), event.actor, event.subject) for event in events]
        gt.table(rows, header=("COMMIT", "WHEN", "WHO", "WHAT"))
    return 0
