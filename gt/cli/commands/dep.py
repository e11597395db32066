"""`gt dep`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import complain, phase_cell, print_outcomes
from gt.cli.context import Context
from gt.cli.jsonout import listing
from gt.cli.options import BeadId
from gt.cli.text import Cell, one_line
from gt.cli.view import View
from gt.core import graph
from gt.core.bead import Bead

app = new_app("Say what a Bead needs before it can start")

Needed = Annotated[
    list[str], typer.Argument(metavar="NEED...", help="What it needs: ids, or the starts of them.")
]


@app.command()
def add(ctx: typer.Context, bead: BeadId, needs: Needed) -> int:
    """Make a Bead wait until others have landed, or are closed as done.

    Example:
      gt dep add gt-7k2m9qxa gt-1q0d8r3v
    """
    from gt.verbs.dep import add as verb

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        name = snapshot.resolve(bead)
        wanted = tuple(snapshot.resolve(need) for need in needs)
    outcome = verb(gt.ledger, name, wanted, actor=gt.actor, now=gt.now)
    print_outcomes(gt, [outcome], f"needs {', '.join(wanted)}", "needs that already")
    return 0


@app.command()
def rm(ctx: typer.Context, bead: BeadId, needs: Needed) -> int:
    """Let a Bead no longer wait for others.

    Example:
      gt dep rm gt-7k2m9qxa gt-1q0d8r3v
    """
    from gt.verbs.dep import remove as verb

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        name, prefix = snapshot.resolve(bead), snapshot.meta().prefix
    outcome = verb(gt.ledger, name, needs, prefix, actor=gt.actor, now=gt.now)
    print_outcomes(gt, [outcome], f"doesn't need {', '.join(needs)} any more", "doesn't need that")
    return 0


@app.command()
def tree(
    ctx: typer.Context,
    bead: BeadId,
    reverse: Annotated[bool, typer.Option("--reverse", help="What waits for it, instead.")] = False,
) -> int:
    """Show all that a Bead waits for: what it needs and what it holds, at any depth.

    Example:
      gt dep tree gt-7k2m9qxa
    """
    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        view = View(gt.repo, snapshot, gt.now)

        def below(name: str) -> Iterable[str]:
            found = snapshot.find(name)
            if reverse:
                above = found.spec.parent if found else None
                return {*(each.id for each in snapshot.needed_by(name)), *([above] if above else ())}
            return {*(found.spec.needs if found else ()), *(each.id for each in snapshot.children(name))}

        lines = [
            (depth, name, view.look(name), again)
            for depth, name, again in graph.tree([snapshot.resolve(bead)], below)
        ]
    if gt.json:
        gt.emit(listing("TreeList", (_data(*line) for line in lines)))
    else:
        for depth, name, found, again in lines:
            gt.out("  " * depth, name, *_described(found), " (see above)" if again else "")
    return 0


@app.command()
def cycles(ctx: typer.Context) -> int:
    """List Beads that wait for one another, so that none can start.

    gt refuses to make such a cycle; two people's edits can make one together.

    Example:
      gt dep cycles
    """
    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        live = {bead.id: bead for bead in snapshot.live()}
        families: dict[str, list[str]] = {}
        for bead in live.values():
            if bead.spec.parent:
                families.setdefault(bead.spec.parent, []).append(bead.id)
        found = graph.cycles(
            live,
            lambda name: live[name].spec.needs if name in live else (),
            lambda name: live[name].spec.parent if name in live else None,
            lambda name: families.get(name, ()),
        )
        if gt.json:
            gt.emit(listing("CycleList", ({"beads": list(cycle[:-1])} for cycle in found)))
        else:
            for cycle in found:
                gt.out(" -> ".join(cycle))
            if not found:
                gt.say("no cycles")
        return complain(gt, snapshot)


def _described(bead: Bead | None) -> tuple[Cell, ...]:
    return (
        ("  not in this ledger",)
        if bead is None
        else ("  ", phase_cell(bead), f"  {one_line(bead.spec.title)}")
    )


def _data(depth: int, name: str, bead: Bead | None, again: bool) -> dict[str, object]:
    return {
        "depth": depth,
        "id": name,
        "phase": bead.phase.value if bead else None,
        "title": bead.spec.title if bead else None,
        "again": again,
    }
