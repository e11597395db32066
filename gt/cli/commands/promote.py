"""`gt promote`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context

if TYPE_CHECKING:
    from gt.drive.promote import PromoteReport

app = new_app()


@app.command(exit_zero=True)
def promote(
    ctx: typer.Context,
    stage: Annotated[
        str | None, typer.Argument(metavar="[STAGE]", help="Only this stage; without it, all of them.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would be done.")] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Try again what was red, couldn't be run, or was refused by the remote."
        ),
    ] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Give your word first that a commit may go to the stage.")
    ] = False,
    commit: Annotated[
        str | None,
        typer.Option("--commit", metavar="COMMIT", help="With --approve: this one, not the newest."),
    ] = None,
) -> int:
    """Move the branches behind a target forward, each to the newest commit that may go there.

    A commit may go to a stage when it has landed, has been on the branch before for as long as the stage wants it to
    bake, passes the stage's gates, and, where the stage asks for it, a person has approved it. A stage only moves forward;
    one that others moved stays where it is until you acknowledge that (`gt ack`).

    Example:
      gt promote
      gt promote staging --dry-run
      gt promote release --approve --commit 1f3a9c2
    """
    from gt.drive.promote import run

    if (approve and (stage is None or dry_run)) or (commit is not None and not approve):
        raise typer.BadParameter("--approve is for one STAGE and a real run, --commit goes with --approve")
    gt = Context.of(ctx)
    if approve and stage is not None:
        _approve(gt, stage, commit)
    report = run(
        gt.repo, gt.ledger, stage=stage, actor=gt.actor, clock=gt.clock, environ=gt.environ,
        say=gt.say if gt.stderr.isatty() else _quiet, tell=_quiet if gt.json else partial(_tell, gt), again=again, dry=dry_run,
    )  # fmt: skip
    if gt.json:
        from gt.cli.jsonout import single

        gt.emit(single("PromoteReport", _data(report)))
    else:
        _show(gt, report)
    return report.exit_code


def _approve(gt: Context, stage: str, commit: str | None) -> None:
    from gt.drive.promote import look, named
    from gt.verbs.vouch import vouch

    (found,) = named(look(gt.repo, gt.ledger, gt.now, gt.environ)[0], stage)
    done = vouch(gt.repo, gt.ledger, found, commit, actor=gt.actor, now=gt.now)
    if not gt.json:
        signed = f", signed by {done.signer}" if done.signer else ""
        was = "" if done.changed else " already"
        gt.out(f"{stage}: {done.word.commit[:12]} approved{was}{signed}")


def _tell(gt: Context, line: str) -> None:
    """At once, also into a pipe: gates may take long."""
    gt.out(line)
    gt.flush()


def _quiet(_line: object) -> None:
    """Progress is for a terminal, and JSON for a program."""


def _show(gt: Context, report: PromoteReport) -> None:
    from gt.core.calls import MEND, stage_call

    for path in report.kept:
        gt.warn(f"{path} was left as it is: a landing that was killed didn't write that")
    for target in report.unread:
        gt.out(f"{target.name} {target.trouble}")
        if target.cause == "settings":
            gt.hint(MEND)
    if not report.left and not report.unread:
        gt.say("this town has no stages")
    for stage in (found.stage for found in report.left):
        gt.out(f"{stage.branch} {stage.decision.why or f'has all that {stage.source} has'}")
        if stage.decision.step == "held" and (hint := stage_call(stage).hint):
            gt.hint(hint)


def _data(report: PromoteReport) -> dict[str, Any]:
    from gt.cli.plans import stage_data

    return {
        "promoted": [{"branch": p.branch, "from": p.old, "to": p.new} for p in report.promoted],
        "unread": [{"target": each.name, "why": each.trouble or ""} for each in report.unread],
        "stages": [stage_data(found.stage) for found in report.left],
        "runs": [
            {
                "gate": r.gate,
                "verdict": r.verdict,
                "why": r.why,
                "tree": r.tree,
                "commit": r.base,
                "log": r.log,
            }
            for r in report.runs
        ],
    }
