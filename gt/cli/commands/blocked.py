"""`gt blocked`."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from gt.cli.app import new_app
from gt.cli.beads import complain
from gt.cli.context import Context
from gt.cli.jsonout import listing
from gt.cli.options import At
from gt.cli.view import View, looking
from gt.core.bead import Bead, Phase
from gt.core.ready import CONTAINERS, Cause, Waiting, order
from gt.core.when import format_time

app = new_app()


@app.command()
def blocked(ctx: typer.Context, at: At = None) -> int:
    """List open Beads that aren't ready, each with its reason and what would move it.

    Example:
      gt blocked
    """
    gt = Context.of(ctx)
    with looking(gt, at) as view:
        found = list(_blocked(view))
        if gt.json:
            gt.emit(listing("BlockedList", (_data(bead, why) for bead, why in found)))
        else:
            rows = [(bead.id, bead.spec.title, why.text, gt.spelt(why.hint or "")) for bead, why in found]
            gt.table(rows, header=("ID", "TITLE", "WHY", "HINT"), elastic=1)
        return complain(gt, view.snapshot)


def _blocked(view: View) -> Iterator[tuple[Bead, Waiting]]:
    for bead in sorted(view.snapshot.in_phase(Phase.OPEN), key=order):
        why = view.waiting(bead)
        if why is None and bead.spec.type in CONTAINERS:
            why = _container(bead, view)
        if why is not None:
            yield bead, why


def _container(bead: Bead, view: View) -> Waiting:
    """Why an epic or a convoy that nothing holds up isn't ready: it never is."""
    what = bead.spec.type
    if view.children(bead.id):
        return Waiting(
            Cause.CHILDREN, f"is the {what} of Beads that are all over", hint=f"gt close {bead.id}"
        )
    return Waiting(Cause.CHILDREN, f"is an empty {what}", hint=f"gt create TITLE --parent {bead.id}")


def _data(bead: Bead, why: Waiting) -> dict[str, object]:
    return {
        "bead": bead.id,
        "title": bead.spec.title,
        "cause": why.cause.value,
        "reason": why.text,
        "on": why.on,
        "until": None if why.until is None else format_time(why.until),
        "hint": why.hint,
    }
