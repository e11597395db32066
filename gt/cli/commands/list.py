"""`gt list`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import complain, print_beads
from gt.cli.context import Context
from gt.cli.options import At, Limit
from gt.cli.view import looking
from gt.core.bead import Phase
from gt.core.ready import order
from gt.store.snapshot import LIVE

app = new_app()


@app.command("list")
def list_beads(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", "-a", help="What has ended, too.")] = False,
    phase: Annotated[
        list[Phase] | None, typer.Option("--phase", metavar="PHASE", help="In this phase; may be repeated.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--type", "-t", metavar="TYPE", help="Of this type.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", "-l", metavar="LABEL", help="With this label; repeated: with any of them."),
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="That ask for this agent.")
    ] = None,
    parent: Annotated[
        str | None, typer.Option("--parent", metavar="BEAD", help="Children of this Bead.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            metavar="TEXT",
            help="With this in id, title, body, notes, or an id it had before an import.",
        ),
    ] = None,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="That lost an edit when two clones' were merged.")
    ] = False,
    limit: Limit = None,
    at: At = None,
) -> int:
    """List Beads that have not ended, most urgent first.

    Example:
      gt list --label auth
      gt list --all --phase landed --json
    """
    gt = Context.of(ctx)
    with looking(gt, at) as view:
        snapshot = view.snapshot
        wanted = tuple(phase or (() if every else LIVE))
        enough = limit
        if limit is not None:
            # Those that have landed, though the ledger doesn't say so yet, may drop out again.
            enough = None if conflicts or len(label or ()) > 1 else limit + snapshot.counts()[Phase.SUBMITTED]
        found = snapshot.listing(
            phases=_asked(wanted),
            type=kind,
            label=label[0] if label and len(label) == 1 else None,
            agent=agent,
            parent=snapshot.resolve(parent) if parent else None,
            text=text,
            limit=enough,
        )
        beads = [bead for bead in map(view.over, found) if not wanted or bead.phase in wanted]
        if label:
            beads = [bead for bead in beads if not bead.spec.labels.isdisjoint(label)]
        if conflicts:
            beads = [bead for bead in beads if bead.conflicts]
        print_beads(gt, sorted(beads, key=order)[:limit], view.now)
        return complain(gt, snapshot)


def _asked(wanted: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """The phases to look in: what has landed may be recorded as submitted still."""
    return (*wanted, Phase.SUBMITTED) if Phase.LANDED in wanted and Phase.SUBMITTED not in wanted else wanted
