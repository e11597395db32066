"""`gt log`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import dumps, listing, single
from gt.cli.options import Limit, MaybeBead, past
from gt.cli.text import Cell, one_line, relative
from gt.core.when import format_time

if TYPE_CHECKING:
    from gt.store.history import Event, Sought
    from gt.store.patches import Patch

app = new_app()

BATCH = 200
"""So many commits are compared with what was before them at a time, so that the first are seen soon."""


@app.command()
def log(
    ctx: typer.Context,
    bead: MaybeBead = None,
    limit: Limit = None,
    verb: Annotated[
        list[str] | None,
        typer.Option("--verb", metavar="VERB", help="Only what this verb did; may be repeated."),
    ] = None,
    actor: Annotated[
        str, typer.Option("--actor", metavar="NAME", help="Only what was done by whom this is a part of.")
    ] = "",
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Not before: 2h, 3d, 2026-12-01.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Not after: 2h, 3d, 2026-12-01.")
    ] = None,
    patch: Annotated[bool, typer.Option("--patch", "-p", help="Show which fields changed, and how.")] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print JSON, a line for each event, as it is found.")
    ] = False,
) -> int:
    """Show what happened, to one Bead or to all: who did what when, latest first.

    Where two histories were brought together, what was decided by rule is told below.

    Example:
      gt log -n 20
      gt log gt-7k2m9qxa --patch
      gt log --verb close --verb reopen --since 3d --actor alice --json
      gt log --jsonl > events.jsonl
    """
    from gt.store import history

    gt = Context.of(ctx)
    now = gt.now
    name = None
    if bead is not None:
        with gt.ledger.read() as snapshot:
            name = snapshot.resolve(bead)
    wanted = history.Sought(name, _verbs(verb or ()), actor, past(since, now), past(until, now))
    if gt.json:
        gt.emit(listing("EventList", (_data(*each) for each in _events(gt, wanted, limit, patch))))
        return 0
    events = _events(gt, wanted, limit, patch)
    if jsonl:
        for each in events:
            gt.out(dumps(single("Event", _data(*each))))
        return 0
    header: tuple[str, ...] = ("COMMIT", "WHEN", "WHO", "WHAT")
    while batch := list(islice(events, BATCH if patch else None)):
        rows = [(e.commit[:12], relative(e.at, now), e.actor, e.subject) for e, _ in batch]
        gt.table(rows, header=header, under=[tuple(_below(*each)) for each in batch])
        header = ()
    return 0


def _verbs(named: Iterable[str]) -> tuple[str, ...]:
    for each in named:
        if not re.fullmatch(r"[a-z]+(?:-[a-z]+)*", each):
            raise typer.BadParameter(f"not a verb: {each!r}")
    return tuple(named)


def _events(
    gt: Context, wanted: Sought, limit: int | None, patch: bool
) -> Iterator[tuple[Event, tuple[Patch, ...] | None]]:
    """The events, with what each changed where that is wanted."""
    from gt.store import history

    found = history.log(gt.repo, wanted, limit)
    if not patch:
        yield from ((event, None) for event in found)
        return
    from gt.store.patches import patches

    while batch := list(islice(found, BATCH)):
        made = patches(gt.repo, (event.commit for event in batch))
        yield from ((event, made[event.commit]) for event in batch)


def _below(event: Event, made: tuple[Patch, ...] | None) -> Iterator[Cell]:
    for name, values in event.said.items():
        if name == "Gt-Undoes":  # the subject says it
            continue
        yield from (f"    {_name(name)}: {one_line(value)}" for value in values)
    if made is not None:
        from gt.cli.patches import patch_lines

        for each in made:
            yield from patch_lines(each)


def _name(trailer: str) -> str:
    return trailer.removeprefix("Gt-").replace("-", " ").lower()


def _data(event: Event, made: tuple[Patch, ...] | None) -> Mapping[str, Any]:
    data = {
        "commit": event.commit,
        "parents": event.parents,
        "at": format_time(event.at),
        "verb": event.verb,
        "actor": event.actor,
        "beads": event.beads,
        "subject": event.subject,
        "trailers": event.said,
    }
    if made is None:
        return data
    from gt.cli.patches import changes_data

    return {**data, "changes": changes_data(made)}
