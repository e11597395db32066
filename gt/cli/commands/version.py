"""`gt version`."""

from __future__ import annotations

import sys

import typer

from gt import __version__
from gt.cli.app import new_app
from gt.cli.context import Context

app = new_app()


@app.command()
def version(ctx: typer.Context) -> int:
    """Print the version of gt.

    Example:
      gt version --json
    """
    gt = Context.of(ctx)
    if gt.json:
        from gt.cli.jsonout import single

        python = ".".join(map(str, sys.version_info[:3]))
        gt.emit(single("Version", {"gt": __version__, "python": python, "platform": sys.platform}))
    else:
        gt.out(f"gt {__version__}")
    return 0
