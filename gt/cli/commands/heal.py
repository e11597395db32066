"""`gt heal`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.verbs.heal import heal as verb

app = new_app()


@app.command()
def heal(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The full name of a ref: refs/heads/beads.")],
) -> int:
    """Remove the lock that a gt which died left on a ref, and give back what another git pruned too early.

    Every other lock stays. A git that prunes at once (git gc --prune=now) may take what gt wrote while it looked.

    Example:
      gt heal refs/heads/beads
    """
    gt = Context.of(ctx)
    changed = verb(gt.repo, ref)
    if gt.json:
        gt.emit(single("Healed", {"ref": ref, "changed": changed}))
    elif changed:
        gt.out(f"cleared up at {ref}")
    else:
        gt.say(f"nothing to heal at {ref}")
    return 0
