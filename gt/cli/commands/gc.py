"""`gt gc`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import duration
from gt.cli.text import one_line
from gt.core.garbage import MONTH, Piece

app = new_app()


@app.command()
def gc(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed, and what stays and why.")
    ] = False,
    older_than: Annotated[
        int | None, duration("--older-than", help="Spare what was of use in this time; default: 30d.")
    ] = None,
) -> int:
    """Remove what nobody needs any more from this clone, and let git pack the rest.

    Logs, outcomes and pins go once their Bead is over for so long. A commit that nothing else has stays, always.
    Run it when you like, or every week by cron; the town goes on meanwhile.

    Example:
      gt gc
      gt gc --dry-run --older-than 7d
    """
    from gt.verbs.gc import gc as verb

    gt = Context.of(ctx)
    actor = "" if dry_run else gt.actor
    done = verb(
        gt.repo,
        gt.ledger,
        actor=actor,
        now=gt.now,
        age=MONTH if older_than is None else older_than,
        dry=dry_run,
    )
    if gt.json:
        gt.emit(
            single(
                "Collected",
                {
                    "dryRun": dry_run,
                    "freed": done.freed,
                    "healed": done.healed,
                    "packed": done.packed,
                    "removed": [_data(piece) for piece in done.removed],
                    "kept": [_data(piece) for piece in done.kept],
                },
            )
        )
        return 0
    deed = "would remove" if dry_run else "removed"
    for piece in done.removed:
        gt.out(f"{deed} {piece.kind} {one_line(piece.name)}")
    for line in _told(done.kept):
        gt.out(line)
    if done.healed:
        gt.say(f"healed {done.healed} objects and locks")
    if not (dry_run or done.packed):
        gt.say("another git gc is packing already")
    gt.say(f"{deed} {len(done.removed)} pieces, {done.freed / 1024:.0f} KiB")
    return 0


def _data(piece: Piece) -> dict[str, Any]:
    why = {"why": piece.stays} if piece.stays else {}
    return {"kind": piece.kind, "name": piece.name, "size": piece.size, **why}


def _told(kept: Iterable[Piece]) -> list[str]:
    """One line for each kind and reason."""
    counts = Counter((piece.kind, piece.stays) for piece in kept)
    return [f"kept {count} {kind}: {one_line(why)}" for (kind, why), count in sorted(counts.items())]
