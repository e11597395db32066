"""`gt mcp`."""

from __future__ import annotations

from dataclasses import replace

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code

app = new_app()

TOLD = ("GT_OUTBOX", "GT_AGENT")
"""What the commands of an attempt need to know, and clients seldom pass on."""


@app.command(json=False)
def mcp(ctx: typer.Context) -> int:
    """Serve gt's verbs as tools to an IDE or an agent, over stdin and stdout.

    An MCP client starts it, in the repository, and it ends with its client: it is no daemon. The tools
    are ready, list, show, why, status, note, ask, fail, propose and create. Each is the command of that
    name, and answers its JSON; what an attempt may not do is refused. It needs the extra `gt-town[mcp]`.

    Example:
      gt mcp
      gt -C ~/project mcp
    """
    from functools import partial

    from gt import __version__
    from gt.cli import tools
    from gt.interop.toolserver import serve

    gt = Context.of(ctx)
    if gt.attempt:
        from gt.fleet.roster import told

        gt = replace(gt, environ={**told(gt.repo, TOLD), **gt.environ})
    serve(
        [verb.tool for verb in tools.VERBS],
        partial(tools.call, gt),
        version=__version__,
        instructions=tools.INSTRUCTIONS,
    )
    return Code.OK
