"""`gt sync`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import single
from gt.verbs.sync import Synced

app = new_app()


@app.command(exit_zero=True)
def sync(
    ctx: typer.Context,
    remote: Annotated[
        str | None,
        typer.Argument(
            metavar="[REMOTE]",
            help="The remote; default: the town's, else git's gt.remote, else the only one, else origin.",
        ),
    ] = None,
    no_push: Annotated[
        bool, typer.Option("--no-push", help="Bring in what the remote has, and send nothing.")
    ] = False,
    restore: Annotated[
        bool,
        typer.Option("--restore", help="Give the remote back what it lost, and what can't be read there."),
    ] = False,
) -> int:
    """Share the town with other machines: bring this clone's ledger and a remote's together.

    Edits are merged, and moves made here are made again on what others did meanwhile. A move that
    is no longer allowed is named, and what was worked under it is kept. Exits with 3 then, and when
    the remote has lost what it had; with 75 when it can't be reached or others are always quicker.
    In a town that several machines work (`coordination: remote`), submitted work is sent and fetched,
    and targets that are only behind the remote's are brought to where that has them.

    Example:
      gt sync
      gt sync upstream --no-push
    """
    from gt.verbs.sync import sync as verb

    gt = Context.of(ctx)
    done = verb(gt.ledger, remote, send=not no_push, restore=restore, actor=gt.actor, now=gt.now)
    if gt.json:
        gt.emit(single("SyncReport", _data(done)))
    else:
        _tell(gt, done)
    for problem in done.problems:
        raise problem
    return Code.CONFLICT if done.report.account.refused else Code.OK


def _data(done: Synced) -> dict[str, Any]:
    report, account = done.report, done.report.account
    return {
        "remote": report.remote,
        "tip": report.tip,
        "sent": report.sent,
        "received": report.received,
        "inStep": report.pushed,
        "tries": report.tries,
        "skew": report.skew,
        "refused": [
            {"commit": each.commit, "bead": each.bead, "reason": each.why} for each in account.refused
        ],
        "lost": [{"bead": bead, "field": field} for bead, field in account.lost],
        "renamed": [{"from": old, "to": new} for old, new in account.renamed],
        "restored": list(account.restored),
        "brought": [{"target": name, "commit": commit} for name, commit in done.brought],
        "behind": [{"target": name, "reason": why} for name, why in done.behind],
        "unreadable": [{"path": problem.where, "reason": problem.why} for problem in done.problems],
    }


def _tell(gt: Context, done: Synced) -> None:
    report, account = done.report, done.report.account
    sent, received = _commits(report.sent), _commits(report.received)
    if report.sent or report.received:
        gt.out(f"sent {sent} to {report.remote}, received {received}")
    elif report.pushed:
        gt.out(f"in step with {report.remote}")
    if not report.pushed:
        gt.out(f"{report.remote} doesn't have everything of this clone's: nothing was sent")
    for refusal in account.refused:
        gt.out(f"refused: {refusal.bead} {refusal.why} (ledger commit {refusal.commit[:12]})")
        gt.hint(f"gt show {refusal.bead}")
    for bead, field in account.lost:
        gt.out(f"both changed {field} of {bead}: the later edit stands, the other is kept with the Bead")
    for old, new in account.renamed:
        gt.out(f"two Beads had the id {old}: one of them is {new} now")
    for path in account.restored:
        gt.out(f"restored: {path}")
    for name, commit in done.brought:
        gt.out(f"{name} is at {commit[:12]} now, as on {report.remote}")
    for name, why in done.behind:
        gt.warn(f"{name} stays behind {report.remote}'s: {why}")
    if report.skew:
        gt.warn(f"{report.remote} has a commit from {report.skew} s after now: some clock is wrong")


def _commits(count: int) -> str:
    return f"{count} commit{'' if count == 1 else 's'}"
