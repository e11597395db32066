"""`gt demo`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context

app = new_app()


@app.command(json=False)
def demo(
    ctx: typer.Context,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Play it in DIR, a new folder, and keep it.")
    ] = None,
) -> int:
    """Play a whole town in a throw-away repository.

    A small project with real tests, a dozen Beads, four scripted agents in parallel: what lands, what is redone,
    what is stopped, what waits for a person. At the end the gate is run again on every commit that landed.

    Exits with 0 when everything that is promised could be seen, else with 3. It takes less than a minute and
    needs git, make and Python, no account and no network.

    Example:

        gt demo --keep /tmp/town
    """
    from gt.demo.show import show

    context = Context.of(ctx)
    if keep is not None:
        return _report(context, show(context.cwd / keep, context.environ, context.out))
    with tempfile.TemporaryDirectory(prefix="gt-demo-") as folder:
        return _report(context, show(Path(folder), context.environ, context.out))


def _report(context: Context, shown: object) -> int:
    from gt.demo.show import Shown

    assert isinstance(shown, Shown)
    context.out("")
    context.out("What could be seen:")
    for scene in shown.scenes:
        context.out(
            f"  {'yes' if scene.shown else ' NO'}  {scene.promise}{': ' + scene.shown if scene.shown else ''}"
        )
    green = shown.commits - len(shown.red)
    context.out(
        f"  {' NO' if shown.red else 'yes'}  every commit of main passes its gate, run again: {green} of {shown.commits}"
    )
    rest = "at rest, but for what waits for a person" if shown.exit_code == 20 else "at rest"
    context.out(f"  {'yes' if shown.exit_code == 20 else ' NO'}  the town is {rest}")
    return 0 if shown.kept else 3
