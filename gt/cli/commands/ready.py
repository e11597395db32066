"""`gt ready`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import complain, print_beads
from gt.cli.context import Context
from gt.cli.options import At
from gt.cli.view import View, looking
from gt.core.bead import Bead
from gt.core.ready import CONTAINERS

app = new_app()


@app.command()
def ready(
    ctx: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, metavar="COUNT", help="At most so many; 0 is all of them.")
    ] = 50,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", "-l", metavar="LABEL", help="With this label; repeated: with any of them."),
    ] = None,
    parent: Annotated[
        str | None, typer.Option("--parent", metavar="BEAD", help="Below this Bead, at any depth.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="That ask for this agent.")
    ] = None,
    at: At = None,
) -> int:
    """List what can be worked on now, most urgent first.

    Example:
      gt ready
      gt ready --label auth --limit 0 --json
    """
    gt = Context.of(ctx)
    with looking(gt, at) as view:
        snapshot = view.snapshot
        above = snapshot.resolve(parent) if parent else None
        found = (
            bead
            for bead in _ready(view)
            if (not label or not bead.spec.labels.isdisjoint(label))
            and (agent is None or agent == bead.spec.agent)
            and (above is None or view.below(bead, above))
        )
        beads = list(islice(found, limit + 1 if limit else None))
        more = bool(limit) and len(beads) > limit
        print_beads(gt, beads[:limit] if more else beads, view.now)
        if more and not gt.json:
            gt.say(f"only the first {limit}; all of them: {gt.spelt('gt ready --limit 0')}")
        paused = view.state.paused
        if paused and view.paused and not beads and not gt.json:
            gt.say(f"nothing is ready: {paused.told}")
        return complain(gt, snapshot)


def _ready(view: View) -> Iterator[Bead]:
    for bead in view.snapshot.candidates(view.now, view.landings):
        if bead.spec.type not in CONTAINERS and view.waiting(bead) is None:
            yield bead
