"""`gt try`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.errors import Refused

if TYPE_CHECKING:
    from gt.drive.trying import Tried, TryReport

app = new_app()

SHOWN = 8192
"""Bytes of a red gate's output that are printed."""


@app.command("try", exit_zero=True)
def try_(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[BRANCH|COMMIT|BEAD]...", help="Merged one on another; default: the target as it is."
        ),
    ] = None,
    tree: Annotated[
        str | None, typer.Option("--tree", metavar="TREE", help="Instead: exactly this tree or commit.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="BRANCH", help="For this target; default: the first.")
    ] = None,
    gate: Annotated[
        list[str] | None, typer.Option("--gate", metavar="GATE", help="Only this gate; may be repeated.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Run gates, too, of which it is known how they end.")
    ] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", "-k", help="Go on after a gate that didn't pass.")
    ] = False,
) -> int:
    """Run the gates on what would land, and land nothing.

    What is named is merged into the target in memory, as `gt merge` would, and the target's gates
    run on exactly that tree. Nothing is submitted, and no queue waits. What comes of it is kept:
    who submits the same doesn't wait for it again. Exits with 3 if something is red or conflicts,
    with 20 if a gate could not be run.

    Example:
      gt try fix-login
      gt try fix-login 7k2m --gate test --again
      gt try --tree 3b18e512dba7 --gate test
    """
    from gt.drive.trying import Wanted, try_out
    from gt.refinery.outcomes import Verdict
    from gt.refinery.yard import Yard

    gt = Context.of(ctx)
    if tree is not None and names:
        raise Refused("--tree says what to gate: there is nothing to merge into it", hint="gt try --help")
    yard = Yard(gt.repo, gt.actor, gt.clock, gt.environ, gt.say)
    wanted = Wanted(names or (), tree, target, gate or (), again=again, keep_going=keep_going)
    report = try_out(yard, gt.ledger, wanted)
    if gt.json:
        from gt.cli.jsonout import single

        gt.emit(single("TryReport", _data(report)))
    else:
        _print(gt, report)
    codes = {Verdict.PASS: Code.OK, Verdict.FAIL: Code.CONFLICT, Verdict.COULD_NOT_RUN: Code.HUMAN}
    return codes[report.verdict]


def _print(gt: Context, report: TryReport) -> None:
    from pathlib import Path

    from gt.fleet.output import tail

    for text in report.conflicts:
        for line in text.splitlines():
            gt.out(line)
    gt.table([_row(each) for each in report.gates], header=("GATE", "VERDICT", "HOW", "LOG"))
    for each in report.gates:
        if each.outcome is not None and each.outcome.verdict != "pass":
            for line in tail(Path(each.outcome.log), SHOWN).splitlines():
                gt.out(line)
    for remark in report.remarks:
        gt.say(f"note: {remark}")


def _row(each: Tried) -> tuple[str, str, str, str]:
    made = each.outcome
    if made is None:
        return each.gate, "not run", "", ""
    how = f"{made.why}, {made.seconds:.1f} s" + (" (kept)" if each.kept else "")
    how += ", waived" if each.is_let_be else ""
    return each.gate, str(made.verdict), how, made.log


def _data(report: TryReport) -> dict[str, Any]:
    return {
        "target": report.target,
        "tip": report.tip,
        "tree": report.tree,
        "names": list(report.names),
        "verdict": str(report.verdict),
        "conflicts": report.conflicts,
        "remarks": report.remarks,
        "gates": [_gate_data(each) for each in report.gates],
    }


def _gate_data(each: Tried) -> dict[str, Any]:
    made = each.outcome
    return {
        "gate": each.gate,
        "verdict": str(made.verdict) if made else None,
        "why": made.why if made else None,
        "kept": each.kept,
        "waived": each.is_let_be,
        "tree": made.tree if made else None,
        "seconds": made.seconds if made else None,
        "log": made.log if made else None,
    }
