"""`gt work`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import single
from gt.cli.options import MaybeBead
from gt.core.bead import Result

if TYPE_CHECKING:
    from gt.drive.work import Worked

app = new_app()

_CODES = {Result.SUBMITTED: Code.OK, Result.INTERRUPTED: Code.INTERRUPTED, Result.RELEASED: Code.INTERRUPTED}


@app.command(exit_zero=True)
def work(
    ctx: typer.Context,
    bead: MaybeBead = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Go on in the background; print the Bead and the token.")
    ] = False,
) -> int:
    """Carry out one attempt: give a Bead to its agent, and submit what it made.

    Without an id it is the most urgent one that is ready. Exits with 0 when the work was submitted, 3 when the
    attempt failed, 75 when nothing can be claimed, 20 when only a person can change that, 130 when interrupted.

    Example:
      gt work
      gt work 7k2m --detach
    """
    from gt.cli.holding import hands, one_of
    from gt.drive.work import work as run

    gt = Context.of(ctx)
    if detach:
        return _detach(gt, bead)
    worked = run(
        hands(gt),
        one_of(gt, bead) if bead else None,
        lambda lease, name: gt.say(f"{name}: attempt {lease.token} in {lease.worktree}"),
    )
    _tell(gt, worked)
    return _CODES.get(worked.attempt.result, Code.CONFLICT)


def _detach(gt: Context, bead: str | None) -> int:
    from gt.cli.holding import hands, one_of
    from gt.drive.attempt_detach import Told, detached
    from gt.drive.work import work as run

    def attempt(told: Told) -> object:
        return run(hands(gt), one_of(gt, bead) if bead else None, lambda lease, name: told(name, lease.token))

    # Nothing is opened before the fork but what both may have: where the repository is.
    name, token = detached(attempt, gt.repo.gt_dir / "log" / "work.log")
    if gt.json:
        gt.emit(single("Started", {"bead": name, "token": token}))
    else:
        gt.out(f"{name} {token}")
    return 0


def _tell(gt: Context, worked: Worked) -> None:
    attempt = worked.attempt
    if gt.json:
        from gt.core.data import attempt_data

        gt.emit(single("Attempt", {"bead": worked.bead.id, **attempt_data(attempt)}))
        return
    reason = f": {attempt.reason.splitlines()[0]}" if attempt.reason.strip() else ""
    said = f"{worked.bead.id} {attempt.token} {attempt.result}"
    gt.out(said if attempt.result is Result.SUBMITTED else f"{said}{reason}")
