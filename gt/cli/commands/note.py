"""`gt note`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json, meant_or_here
from gt.cli.context import Context
from gt.errors import Refused

app = new_app()


@app.command()
def note(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[BEAD] TEXT", help="The Bead, and what to remember; `-` reads that from stdin."
        ),
    ],
) -> int:
    """Add a note to a Bead, for whoever comes next.

    Without BEAD, the text being one argument, it is for the Bead of the worktree one stands in.
    Inside an attempt the note is queued, and added when the attempt ends.

    Example:
      gt note gt-7k2m9qxa "the flaky part is the clock"
      gt note 7k2m - < findings.md
      gt note "there is no dictionary here"
    """
    gt = Context.of(ctx)
    bead, text = (words[0], words[1:]) if len(words) > 1 else (None, words)
    said = gt.stdin.read() if text == ["-"] else " ".join(text)
    if not said.strip():
        raise Refused("a note needs some text")
    with gt.ledger.read() as snapshot:
        name = meant_or_here(gt, snapshot, bead)
    if gt.attempt:
        if name != gt.attempt.bead:
            raise Refused(
                f"an attempt notes on its own Bead, {gt.attempt.bead}", hint=f"gt note {gt.attempt.bead} TEXT"
            )
        from gt.cli.outbox import queue

        return queue(gt, "note", {"text": said})
    from gt.core.bead import Note
    from gt.verbs.note import note as verb

    outcome = verb(gt.ledger, name, Note(gt.uid(), gt.now, gt.actor, said))
    if gt.json:
        gt.emit(bead_json(outcome.bead))
    else:
        gt.out(f"{name} noted")
    return 0
