"""`gt convoy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json, meant, phase_cell, print_outcomes
from gt.cli.context import Context
from gt.cli.convoys import convoy_data
from gt.cli.exits import Code
from gt.cli.jsonout import listing, single
from gt.cli.options import BeadId, BeadIds
from gt.cli.text import Styled
from gt.cli.view import View, looking
from gt.core.bead import Bead, Phase
from gt.core.convoy import TYPE, Progress, progress
from gt.core.draft import Origin
from gt.errors import IllegalMove

if TYPE_CHECKING:
    from gt.cli.text import Cell

app = new_app("Track Beads together: how far they are, and one call when all are over")

MaybeBeads = Annotated[
    list[str] | None, typer.Argument(metavar="[BEAD...]", help="Ids of Beads, or the starts of them.")
]
WIDTH = 24
"""Columns of a bar."""


@app.command()
def create(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What they are about, in one line.")],
    beads: MaybeBeads = None,
) -> int:
    """Create a Convoy, put Beads into it, and print its id.

    Example:
      gt convoy create "Move to the new client" gt-7k2m9qxa gt-1q0d8r3v
    """
    from gt.cli import specs
    from gt.verbs.form import form

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        wanted = meant(snapshot, beads or ())
    spec = specs.checked({"title": title})
    made = form(gt.ledger, spec.title, wanted, Origin(gt.actor, gt.now, gt.digits, gt.uid))
    if gt.json:
        gt.emit(bead_json(made))
    else:
        gt.out(made.id)
    return Code.OK


@app.command()
def add(ctx: typer.Context, convoy: BeadId, beads: BeadIds) -> int:
    """Put Beads into a Convoy, all or none.

    A Bead is below one other at a time: an epic's are tracked by putting the epic in.

    Example:
      gt convoy add gt-7k2m9qxa gt-1q0d8r3v
    """
    from gt.verbs.gather import gather

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        place, wanted = snapshot.resolve(convoy), meant(snapshot, beads)
    print_outcomes(
        gt, gather(gt.ledger, place, wanted, actor=gt.actor, now=gt.now), "added", "is in it already"
    )
    return Code.OK


@app.command()
def show(ctx: typer.Context, convoy: BeadId) -> int:
    """Show how far a Convoy is: each of its Beads, at any depth, and what it waits for.

    Example:
      gt convoy show gt-7k2m9qxa
    """
    gt = Context.of(ctx)
    with looking(gt) as view:
        bead = view.over(view.snapshot.get(view.snapshot.resolve(convoy)))
        if bead.spec.type != TYPE:
            raise IllegalMove(
                bead.id, f"is no convoy but of the type {bead.spec.type}", hint="gt convoy list"
            )
        found = progress(bead, view.children)
        if gt.json:
            beads = [bead_json(each) for _, each in found.below]
            gt.emit(single("Convoy", {**convoy_data(found), "beads": beads}))
            return Code.OK
        gt.out(Styled(bead.spec.title, "bold"), f"  {bead.id}  ", phase_cell(bead))
        gt.out(_bar(found))
        gt.table([_row(view, depth, each) for depth, each in found.below])
    return Code.OK


@app.command("list")
def list_convoys(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", "-a", help="Those that are over, too.")] = False,
) -> int:
    """List the Convoys, and how far each is.

    Example:
      gt convoy list
    """
    gt = Context.of(ctx)
    with looking(gt) as view:
        beads = [bead for bead in view.snapshot.listing(type=TYPE) if every or not bead.phase.over]
        found = [progress(bead, view.children) for bead in beads]
    if gt.json:
        gt.emit(listing("ConvoyList", map(convoy_data, found)))
    else:
        gt.table(
            [(each.convoy.id, phase_cell(each.convoy), _bar(each), each.convoy.spec.title) for each in found]
        )
    return Code.OK


def _bar(found: Progress) -> str:
    over, count, landed = found.over, len(found.work), found.count(Phase.LANDED)
    full = WIDTH * over // count if count else 0
    closed = f", {over - landed} closed" if over > landed else ""
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {landed} of {count} landed{closed}"


def _row(view: View, depth: int, bead: Bead) -> tuple[Cell, ...]:
    why = view.waiting(bead) if bead.phase is Phase.OPEN else None
    return (f"{'  ' * depth}{bead.id}", phase_cell(bead), bead.spec.title, why.text if why else "")
