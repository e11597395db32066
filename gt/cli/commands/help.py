"""`gt help`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app, root
from gt.cli.context import Context
from gt.cli.topics import BY_NAME

app = new_app()


@app.command("help", json=False)
def show_help(
    ctx: typer.Context,
    subject: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND|TOPIC", help="What to read about.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", hidden=True, help="Print docs/cli.md, moves.md or json.md.")
    ] = False,
) -> int:
    """Show the help of a command, or a topic.

    Example:
      gt help
      gt help version
      gt help output
    """
    gt = Context.of(ctx)
    topic = BY_NAME.get(" ".join(subject or ()))
    if markdown:
        from gt.cli import jsonpage, manual, movespage

        made = {"moves": movespage.markdown, "json": jsonpage.markdown}.get(
            " ".join(subject or ()), manual.markdown
        )
        gt.out(made().removesuffix("\n"))
    elif topic:
        gt.out(topic.text.strip("\n"))
    else:
        with root().make_context(gt.program, [*(subject or ()), "--help"], obj=gt) as asked:
            asked.command.invoke(asked)
    return 0
