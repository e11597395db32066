"""`gt board`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json, complain
from gt.cli.columns import Card, Column, show
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import At, Limit
from gt.cli.text import length, relative
from gt.cli.view import View, looking
from gt.cli.watching import Watch, soon
from gt.cli.watching import watch as watching
from gt.core.bead import Bead, Phase
from gt.core.ready import CONTAINERS, order

app = new_app()

LATELY: Final = 86400
"""Seconds for which what has landed stays on the board."""

STYLES: Final = {
    "ready": "green",
    "waiting": "yellow",
    "leased": "cyan",
    "submitted": "blue",
    "stuck": "red",
    "landed": "green",
}


@app.command()
def board(ctx: typer.Context, limit: Limit = None, at: At = None, watch: Watch = False) -> int:
    """Show the Beads in columns: ready, waiting, leased, submitted, stuck, and landed in the last day.

    A narrow terminal has the columns one below the other, and so has what
    isn't a terminal. A column without Beads is left out. On a terminal each
    shows eight Beads unless --limit says otherwise.

    Example:
      gt board
      gt board --watch
      gt board --at 2h --json
    """
    gt = Context.of(ctx)
    if watch:
        if at is not None:
            raise typer.BadParameter("--watch and --at don't go together: the past doesn't change")
        return watching(gt, lambda page: _draw(page, limit, None)[1])
    return _draw(gt, limit, at)[0]


def _draw(gt: Context, limit: int | None, at: str | None) -> tuple[int, int | None]:
    """Prints it; returns the exit code, and when it is another though nothing moves."""
    with looking(gt, at) as view:
        found = _sorted(view)
        if gt.json:
            gt.emit(
                single(
                    "Board", {name: [bead_json(b) for b in beads[:limit]] for name, beads in found.items()}
                )
            )
        else:
            _show(gt, view, found, limit or (8 if gt.columns is not None else None))
        live = bool(found["leased"] or found["submitted"])
        wakes = [why.until for why in map(view.waiting, found["waiting"]) if why and why.until]
        return complain(gt, view.snapshot), soon(view.now, live, min(wakes, default=None))


def _sorted(view: View) -> dict[str, list[Bead]]:
    """The Beads of each column: the most urgent first, of what has landed the latest."""
    now, found = view.now, {name: list[Bead]() for name in STYLES}
    for bead in sorted(view.snapshot.in_phase(Phase.OPEN), key=order):
        ready = bead.spec.type not in CONTAINERS and view.waiting(bead) is None
        found["ready" if ready else "waiting"].append(bead)
    others = map(view.over, view.snapshot.in_phase(Phase.LEASED, Phase.SUBMITTED, Phase.STUCK))
    for bead in sorted(others, key=order):
        found[bead.phase.value].append(bead)
    found["landed"] += (b for b in view.snapshot.over_since(now - LATELY) if b.phase is Phase.LANDED)
    found["landed"] = sorted(
        (b for b in found["landed"] if _landed(b) > now - LATELY), key=_landed, reverse=True
    )
    return found


def _landed(bead: Bead) -> int:
    return bead.status.landed.at if bead.status.landed else 0


def _show(gt: Context, view: View, found: dict[str, list[Bead]], limit: int | None) -> None:
    columns = [
        Column(name, STYLES[name], tuple(_cards(view, beads[:limit])), len(beads[limit:]) if limit else 0)
        for name, beads in found.items()
    ]
    show(gt, columns)
    if not any(found.values()):
        gt.out("nothing is under way, and nothing landed in the last day")
    if proposed := view.snapshot.counts()[Phase.PROPOSED]:
        gt.out(f"{proposed} proposed: {gt.spelt('gt list --phase proposed')}")


def _cards(view: View, beads: Iterable[Bead]) -> Iterable[Card]:
    return (Card(f"{b.id} P{b.spec.priority}", _detail(view, b), b.spec.title) for b in beads)


def _detail(view: View, bead: Bead) -> str:
    """What there is to say of it in its column: who has it, what it waits for, or since when it is there."""
    status, now = bead.status, view.now
    if status.lease:
        left = status.lease.expires - now
        return f"{status.lease.agent or status.lease.actor}, {f'{length(left)} left' if left > 0 else 'over'}"
    if bead.phase is Phase.LANDED:
        return relative(_landed(bead), now)
    if bead.phase is Phase.SUBMITTED and status.submission:
        return relative(status.submission.at, now)
    if status.stuck:
        return str(status.stuck.reason)
    why = view.waiting(bead)
    return (
        why.text
        if why
        else (bead.spec.type if bead.spec.type in CONTAINERS else relative(bead.created.at, now))
    )
