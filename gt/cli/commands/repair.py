"""`gt repair`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import refusal, single
from gt.cli.plans import hands_of
from gt.cli.text import one_line
from gt.errors import Refused

if TYPE_CHECKING:
    from gt.drive.repair import Repair, Repaired

app = new_app()


@app.command()
def repair(
    ctx: typer.Context,
    findings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FINDING...", help="Which of gt doctor's; a check, a subject, or both. Default: all."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    foreign_lock: Annotated[
        Path | None,
        typer.Option("--foreign-lock", metavar="PATH", help="Move away a lock that another git left."),
    ] = None,
) -> int:
    """Put right what gt doctor finds, as far as that can be done without a decision; nothing is deleted for good.

    Files of the ledger are put right by one commit, which can be reverted: a broken one gets its newest
    readable version back, and one that never was readable is moved to lost/ on the branch. Pins of
    commits that are still here are made again, and what dead gts left at refs is removed.

    Example:
      gt repair --dry-run
      gt repair unreadable:beads/x/a/gt-7k2m9qxa.yaml
    """
    from gt.drive.repair import carry_out, planned

    gt = Context.of(ctx)
    if foreign_lock is not None:
        if findings:
            raise Refused("--foreign-lock is for that lock only", hint=f"gt repair {findings[0]}")
        return _unlock(gt, gt.cwd / foreign_lock, dry_run=dry_run, yes=yes)
    hands = hands_of(gt)
    repairs = planned(hands, findings or ())
    if not gt.json:
        for each in repairs:
            gt.say(f"would do: {one_line(each.text)}" if dry_run else one_line(each.text))
    if dry_run or not repairs:
        return _report(gt, repairs, None)
    gt.confirm("do this?" if len(repairs) == 1 else f"do these {len(repairs)}?", yes=yes)
    return _report(gt, repairs, carry_out(hands, repairs))


def _report(gt: Context, repairs: tuple[Repair, ...], outcome: Repaired | None) -> int:
    failed = {repair.finding.name: error for repair, error in outcome.failed} if outcome else {}
    if gt.json:
        rows: list[dict[str, Any]] = [
            {
                "finding": each.finding.name,
                "text": each.text,
                "done": outcome is not None and each.finding.name not in failed,
                **(refusal(failed[each.finding.name]) if each.finding.name in failed else {}),
            }
            for each in repairs
        ]
        gt.emit(single("RepairReport", {"repairs": rows, "commit": outcome.commit if outcome else None}))
        return Code.REFUSED if failed else Code.OK
    if not repairs:
        gt.say("there is nothing that gt repair could do")
    for name, error in failed.items():
        gt.say(f"error: {one_line(name)}: {one_line(error.message)}")
    if outcome is not None:
        gt.out(f"repaired {len(outcome.done)}")
    if outcome is not None and outcome.commit is not None:
        gt.out(f"the ledger's commit is {outcome.commit[:12]}")
    return Code.REFUSED if failed else Code.OK


def _unlock(gt: Context, path: Path, *, dry_run: bool, yes: bool) -> int:
    from gt.verbs.unlock import RISK, find, unlock

    found = find(gt.repo, path, gt.now)
    gt.say(f"{found.path} was made by {found.owner}, and no process has it open")
    gt.warn(RISK)
    kept = None
    if not dry_run:
        gt.confirm("move it away?", yes=yes)
        kept = unlock(gt.repo, found)
    if gt.json:
        gt.emit(single("Unlocked", {"lock": str(found.path), "kept": str(kept) if kept else None}))
    elif kept:
        gt.out(f"moved to {kept}")
    return Code.OK
