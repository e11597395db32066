"""`gt ask`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.errors import Refused

app = new_app()


@app.command()
def ask(
    ctx: typer.Context,
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What a person must say; `-` reads it from stdin.")
    ],
    bead: Annotated[
        str | None, typer.Option("--bead", metavar="BEAD", help="Another Bead than that of the worktree.")
    ] = None,
) -> int:
    """Stop, with a question that a person must answer before the Bead goes on.

    Inside an attempt it is queued, and takes effect when the agent exits.

    Example:
      gt ask "Which of the two formats is the right one?"
    """
    gt = Context.of(ctx)
    said = gt.given(question) or ""
    if not said.strip():
        raise Refused("a question needs some text")
    if gt.attempt:
        from gt.cli.outbox import queue

        return queue(gt, "ask", {"question": said})
    from gt.cli.holding import held
    from gt.core.bead import Result
    from gt.verbs.end import end

    name, token = held(gt, bead)
    after = end(gt.repo, gt.ledger, name, token, Result.ASKED, said, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(bead_json(after))
    else:
        gt.out(f"{name} waits for an answer")
        gt.hint(f"gt answer {name} TEXT")
    return 0
