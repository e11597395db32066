"""`gt doctor`."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import single
from gt.cli.text import Styled, one_line
from gt.core.finding import Finding, Severity

app = new_app()

SHOWN = 10
"""Findings of one check that people are shown."""

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


@app.command(exit_zero=True)
def doctor(
    ctx: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every object of the ledger again, and compare the index.")
    ] = False,
    remote: Annotated[
        bool, typer.Option("--remote", help="Ask the remotes, too: this goes over the network.")
    ] = False,
) -> int:
    """Check the ledger, its index, locks, worktrees, pins and settings; name what is wrong and what repairs it.

    It changes nothing. The exit code is 20 if an error was found, which a person must see to, else 0.

    Example:
      gt doctor
      gt doctor --deep --json
    """
    from gt.drive.doctor import examine

    gt = Context.of(ctx)
    tell = gt.stderr.isatty() and not gt.json
    found = examine(
        gt.repo,
        gt.ledger,
        gt.now,
        deep=deep,
        remote=remote,
        tell=lambda what: gt.say(f"looking at {what} ...") if tell else None,
    )
    healthy = all(finding.severity is not Severity.ERROR for finding in found)
    if gt.json:
        gt.emit(single("DoctorReport", {"healthy": healthy, "findings": [_data(gt, each) for each in found]}))
    else:
        _show(gt, found)
    return Code.OK if healthy else Code.HUMAN


def _data(gt: Context, finding: Finding) -> dict[str, object]:
    return {
        "name": finding.name,
        "check": finding.check,
        "severity": str(finding.severity),
        "subject": finding.subject,
        "text": finding.text,
        "repair": gt.spelt(finding.repair) if finding.repair else None,
    }


def _show(gt: Context, found: tuple[Finding, ...]) -> None:
    seen: Counter[str] = Counter()
    for finding in found:
        seen[finding.check] += 1
        if seen[finding.check] <= SHOWN:
            sentence = f" {one_line(finding.subject)} {one_line(finding.text)}"
            gt.out(Styled(f"{finding.severity}:", _STYLES[finding.severity]), sentence)
            if finding.repair:
                gt.out(f"    {one_line(gt.spelt(finding.repair))}")
    for check, count in seen.items():
        if count > SHOWN:
            gt.out(f"... and {count - SHOWN} more of {check}: {gt.spelt('gt doctor --json')}")
    counts = Counter(str(finding.severity) for finding in found)
    told = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    gt.say(told or "nothing is wrong")
