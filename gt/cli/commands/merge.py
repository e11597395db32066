"""`gt merge`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context

if TYPE_CHECKING:
    from gt.core.world import Queued
    from gt.drive.merge import MergeReport
    from gt.refinery.outcomes import Outcome

app = new_app()


@app.command(exit_zero=True)
def merge(
    ctx: typer.Context,
    target: Annotated[
        str | None, typer.Option("--target", metavar="BRANCH", help="Land on this target, not the first.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would be tried.")] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Try again what failed on the target, couldn't be run, or was refused by git."
        ),
    ] = False,
    push: Annotated[
        bool,
        typer.Option(
            "--push", help="Refuse where what lands would stay here: for a clone that is thrown away."
        ),
    ] = False,
    bypass: Annotated[
        str | None,
        typer.Option("--bypass", metavar="BEAD", help="Land this one now, unproven: for emergencies."),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="With --bypass: why, for the record.")
    ] = "",
) -> int:
    """Prove what is submitted, and land it.

    Each submission is merged into the target in memory, and the gates that the target names run on the result;
    what passes lands, what fails goes back with the evidence. Ends when nothing more can be done.

    Where the target's settings name a remote (`refinery: {push: origin}`) it lands there, by one push. A
    pipeline's job says --push: it has nothing of what would land in its own clone only.

    --bypass lands one submission without running any gate. Approvals, needs and conflicts count as
    ever; who did it and why stands in the commit, and the next merge gates the target before
    anything else lands.

    Example:
      gt merge
      gt merge --dry-run
      gt merge --push
      gt merge --bypass 7k2m -r "the site is down, the gates' network too"
    """
    from gt.drive.bypassing import Bypass
    from gt.drive.merge import run

    gt = Context.of(ctx)
    if bool(reason.strip()) is not (bypass is not None):
        raise typer.BadParameter("--bypass and --reason go together")
    one = None
    if bypass is not None:
        with gt.ledger.read() as snapshot:
            one = Bypass(snapshot.resolve(bypass), reason)
    report = run(
        gt.repo, gt.ledger, target=target, actor=gt.actor, clock=gt.clock, environ=gt.environ,
        say=gt.say if gt.stderr.isatty() else _quiet, tell=_quiet if gt.json else partial(_tell, gt), again=again, dry=dry_run,
        push=push, bypass=one,
    )  # fmt: skip
    if gt.json:
        from gt.cli.jsonout import single

        gt.emit(single("MergeReport", _data(report)))
    else:
        _show(gt, report)
    return report.exit_code


def _tell(gt: Context, line: str) -> None:
    """At once, also into a pipe: a merge may take long."""
    gt.out(line)
    gt.flush()


def _quiet(_line: object) -> None:
    """Progress is for a terminal, and JSON for a program."""


def _show(gt: Context, report: MergeReport) -> None:
    from gt.cli.queued import waits

    for path in report.kept:
        gt.warn(f"{path} was left as it is: a landing that was killed didn't write that")
    if report.trouble:
        gt.out(f"{report.target} {report.trouble}")
    for left in report.left:
        gt.out(f"{left.bead} {waits(left, report.trouble)}")
        if left.hint:
            gt.hint(left.hint)


def _data(report: MergeReport) -> dict[str, Any]:
    from gt.cli.waivers import waiver_fields

    return {
        "target": report.target,
        "from": report.start,
        "to": report.end,
        "landed": [{"bead": b, "token": t, "commit": w.commit, "tree": w.tree} for b, t, w in report.landed],
        "waivers": [waiver_fields(each) for each in report.waivers],
        "offered": [
            {"bead": bead, "token": sub.token, "url": sub.offered.url if sub.offered else ""}
            for bead, sub in report.offered
        ],
        "rejected": [
            {"bead": r.bead, "token": r.token, "result": r.result, "reason": r.reason}
            for r in report.rejected
        ],
        "held": [_left(queued) for queued in report.left],
        "trouble": report.trouble,
        "runs": [_run(outcome) for outcome in report.runs],
    }


def _left(queued: Queued) -> dict[str, Any]:
    return {
        "bead": queued.bead,
        "token": queued.token,
        "standing": queued.standing,
        "cause": queued.cause,
        "why": queued.why,
        "hint": queued.hint,
    }


def _run(outcome: Outcome) -> dict[str, Any]:
    return {
        "gate": outcome.gate,
        "verdict": outcome.verdict,
        "why": outcome.why,
        "tree": outcome.tree,
        "base": outcome.base,
        "members": list(outcome.members),
        "seconds": outcome.seconds,
        "log": outcome.log,
    }
