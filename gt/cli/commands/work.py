"""`gt work`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import single
from gt.cli.options import MaybeBead, Offline
from gt.core.bead import Result

if TYPE_CHECKING:
    from gt.core.bead import Lease
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
    offline: Offline = False,
) -> int:
    """Carry out one attempt: give a Bead to its agent, and submit what it made.

    Without an id it is the most urgent one that is ready. Exits with 0 when the work was submitted, 3 when the
    attempt failed, 75 when nothing can be claimed, 20 when only a person can change that, 130 when interrupted,
    10 when it was submitted here and the town's remote can't be told yet.

    Example:
      gt work
      gt work 7k2m --detach
    """
    from gt.cli.delivered import tell, tentative
    from gt.cli.holding import hands, one_of
    from gt.drive.work import work as run

    gt = Context.of(ctx)
    if detach:
        return _detach(gt, bead, offline=offline)

    def begun(lease: Lease, name: str) -> None:
        gt.say(f"{name}: attempt {lease.token} in {lease.worktree}")
        if offline:
            tentative(gt, name)

    worked = run(hands(gt), one_of(gt, bead) if bead else None, begun, offline=offline)
    _tell(gt, worked)
    code = _CODES.get(worked.attempt.result, Code.CONFLICT)
    later = tell(gt, worked.bead.id, worked.delivery)
    return code or later


def _detach(gt: Context, bead: str | None, *, offline: bool) -> int:
    from gt.cli.holding import hands, one_of
    from gt.drive.attempt_detach import Told, detached
    from gt.drive.work import work as run

    def attempt(told: Told) -> object:
        named = one_of(gt, bead) if bead else None
        return run(hands(gt), named, lambda lease, name: told(name, lease.token), offline=offline)

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
