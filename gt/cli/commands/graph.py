"""`gt graph`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import complain, phase_cell
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import At, MaybeBead
from gt.cli.text import Cell, Styled, one_line
from gt.cli.view import View, looking
from gt.core.bead import Bead, Phase
from gt.core.network import Network, network, outline
from gt.core.ready import CONTAINERS

app = new_app()


class Format(StrEnum):
    """What the graph is printed as."""

    TEXT = "text"
    DOT = "dot"
    MERMAID = "mermaid"
    SVG = "svg"


@app.command()
def graph(
    ctx: typer.Context,
    bead: MaybeBead = None,
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="text; dot, for Graphviz; mermaid, for Markdown; svg, for a browser.",
        ),
    ] = Format.TEXT,
    every: Annotated[bool, typer.Option("--all", "-a", help="What has ended, too.")] = False,
    at: At = None,
) -> int:
    """Show what waits for what: needs, parents, what is ready now, and the longest chain.

    As text, each Bead stands above what waits for it; those on the critical path, the longest chain
    of Beads that must come one after another, have a star. With a BEAD: all that it waits for and
    all that waits for it.

    Example:
      gt graph
      gt graph gt-7k2m9qxa --format mermaid
      gt graph --all --format svg > town.svg
    """
    gt = Context.of(ctx)
    with looking(gt, at) as view:
        around = view.snapshot.resolve(bead) if bead else None
        beads = {each.id: each for each in _chosen(view, around, every)}
        open_to_work = (
            each.id
            for each in beads.values()
            if each.phase is Phase.OPEN and each.spec.type not in CONTAINERS and view.waiting(each) is None
        )
        net = network(beads.values(), set(open_to_work))
        if gt.json:
            gt.emit(single("Graph", _data(net)))
        elif form is Format.TEXT:
            _print(gt, net)
        else:
            gt.out(_drawn(net, form).removesuffix("\n"))
        return complain(gt, view.snapshot)


def _chosen(view: View, around: str | None, every: bool) -> Iterator[Bead]:
    """The Beads to show: the live ones, or all; around one: it, and what it hangs together with."""
    if around is None:
        found = view.snapshot.every() if every else view.snapshot.live()
        over = map(view.over, found)
        return (bead for bead in over if every or not bead.phase.over)
    parents, needs = view.snapshot.edges()
    earlier: dict[str, list[str]] = {name: list(needed) for name, needed in needs.items()}
    for child, parent in parents.items():
        earlier.setdefault(parent, []).append(child)
    later: dict[str, list[str]] = {}
    for name, before in earlier.items():
        for each in before:
            later.setdefault(each, []).append(name)
    # Both directions apart: what else needs the same is neither waited for nor waiting.
    names = sorted({*_reached(around, earlier), *_reached(around, later)})
    shown = (view.look(name) for name in names)
    return (each for each in shown if each and (every or each.id == around or not each.phase.over))


def _reached(start: str, edges: dict[str, list[str]]) -> set[str]:
    found = {start}
    left = [start]
    while left:
        new = [each for each in edges.get(left.pop(), ()) if each not in found]
        found.update(new)
        left += new
    return found


def _drawn(net: Network, form: Format) -> str:
    """The network in one of the formats of others."""
    if form is Format.DOT:
        from gt.report.dot import dot

        return dot(net)
    if form is Format.MERMAID:
        from gt.report.mermaid import mermaid

        return mermaid(net)
    from gt.report.svg import svg

    return svg(net)


def _print(gt: Context, net: Network) -> None:
    """The network as a tree: below each Bead what waits for it."""
    rows = [_row(net, *line) for line in outline(net)]
    gt.table(rows, header=("BEAD", "STATE", "TITLE"))
    if net.critical:
        many = "1 Bead" if len(net.critical) == 1 else f"{len(net.critical)} Beads"
        gt.say(f"critical path, {many}: {' -> '.join(net.critical)}")
    if net.beads:
        gt.say(f"ready now: {len(net.ready)} of {len(net.beads)}")


def _row(net: Network, depth: int, name: str, again: bool) -> tuple[Cell, ...]:
    star = "* " if name in net.critical else "  "
    bead, state = net.beads[name], net.state(name)
    cell: Cell = Styled(state, "bold") if state == "ready" else phase_cell(bead)
    if state == "waiting":
        cell = state
    return (
        f"{star}{'  ' * depth}{name}",
        cell,
        "(see above)" if again else one_line(bead.spec.title),
    )


def _data(net: Network) -> dict[str, object]:
    return {
        "beads": [_bead_data(net, name) for name in sorted(net.beads)],
        "edges": [{"before": e.before, "after": e.after, "kind": e.kind.value} for e in net.edges],
        "critical": list(net.critical),
    }


def _bead_data(net: Network, name: str) -> dict[str, object]:
    bead = net.beads[name]
    return {
        "id": name,
        "title": bead.spec.title,
        "type": bead.spec.type,
        "state": net.state(name),
        "steps": net.steps[name],
        "critical": name in net.critical,
    }
