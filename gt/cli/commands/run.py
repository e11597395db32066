"""`gt run`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.consent import consent
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.options import Yes, duration
from gt.cli.plans import call_rows, hands_of, plan_data, summary
from gt.cli.progress import Progress
from gt.core.plan import Plan
from gt.drive.run import Bounds, End, Told
from gt.drive.run import run as drive

app = new_app()

_CODES = {
    End.REST: Code.OK,
    End.HUMAN: Code.HUMAN,
    End.WAITING: Code.WAITING,
    End.INTERRUPTED: Code.INTERRUPTED,
    End.BROKEN: Code.BUG,
}


@app.command(exit_zero=True)
def run(
    ctx: typer.Context,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="COUNT", help="At most so many attempts at once."),
    ] = None,
    max_duration: Annotated[int | None, duration("--max-duration", help="Stop after this time.")] = None,
    yes: Yes = False,
) -> int:
    """Work until the town is at rest: start agents on what is ready, gate and land what they submit.

    Exits with 0 at rest, 20 if it needs you, 11 if the time is up or what comes next is more than half an hour
    away. It may be stopped at any time, and started again.

    Example:
      gt run
      gt run -j 2 --max-duration 1h --yes
    """
    gt = Context.of(ctx)
    progress = Progress(gt)
    told = Told(
        consent=lambda world: consent(gt, world, yes=yes),
        acted=progress.acted,
        failed=progress.failed,
        started=progress.started,
        ended=progress.ended,
        waits=progress.waits,
    )
    try:
        ran = drive(hands_of(gt), Bounds(jobs, max_duration), told)
    finally:
        progress.done()
    if gt.json:
        gt.emit(plan_data(ran.plan))
    else:
        _tell(gt, ran.plan)
    if ran.error is not None:
        raise ran.error
    if ran.end is End.BROKEN:
        gt.say("error: gt itself failed again and again: see the reports named above")
    return _CODES[ran.end]


def _tell(gt: Context, plan: Plan) -> None:
    gt.table(call_rows(gt, plan), elastic=1)
    gt.say(summary(gt, plan, gt.now))
