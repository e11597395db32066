"""`gt check`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.errors import Refused

if TYPE_CHECKING:
    from gt.drive.checking import Checked

app = new_app()

SAID = ("GITHUB_HEAD_REF", "CI_MERGE_REQUEST_TITLE", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
"""The variables in which a pipeline may name the Bead."""

SHOWN = 8192
"""Bytes of a red gate's output that are printed."""


class Format(StrEnum):
    """How remarks are printed."""

    TEXT = "text"
    GITHUB = "github"


@app.command(exit_zero=True)
def check(
    ctx: typer.Context,
    head: Annotated[str, typer.Argument(metavar="[COMMIT]", help="What is to be merged.")] = "HEAD",
    target: Annotated[
        str | None, typer.Option("--target", metavar="BRANCH", help="Into this target; default: the first.")
    ] = None,
    about: Annotated[
        list[str] | None,
        typer.Option(
            "--about", metavar="TEXT", help="What else may name its Bead: a title, a branch. May be repeated."
        ),
    ] = None,
    how: Annotated[
        Format | None,
        typer.Option("--format", help="How to print; default: github in a workflow of GitHub's."),
    ] = None,
    summary: Annotated[
        str | None,
        typer.Option(
            "--summary", metavar="FILE", help="Add a page in Markdown; default: $GITHUB_STEP_SUMMARY."
        ),
    ] = None,
    code_quality: Annotated[
        str | None,
        typer.Option(
            "--code-quality",
            metavar="FILE",
            help="Write what stands beside the code as GitLab's report of it.",
        ),
    ] = None,
) -> int:
    """Check a pull request as a pipeline does: its Bead, the ledger, and the target's gates on what would land.

    A Bead must be named, by its id, in a message of the new commits, in --about, or in what GitHub
    (GITHUB_HEAD_REF) or GitLab (CI_MERGE_REQUEST_TITLE, CI_MERGE_REQUEST_SOURCE_BRANCH_NAME) say of the
    request, and be one that may land there. The commit is merged into the target in memory, and the gates that the target names
    run on the result. Nothing is submitted, and nothing lands.

    Exits with 3 if anything is against it, with 20 if that is only that a gate could not be run.

    Example:
      gt check
      gt check fix-login --about "gt-7k2m9qxa: Fix the login" --summary check.md
    """
    from gt.drive.checking import check as look
    from gt.refinery.yard import Yard

    gt = Context.of(ctx)
    texts = [*(about or ()), *(gt.environ.get(name, "") for name in SAID)]
    yard = Yard(gt.repo, gt.actor, gt.clock, gt.environ, gt.say)
    found = look(yard, gt.ledger, head, target, texts)
    place = summary or gt.environ.get("GITHUB_STEP_SUMMARY")
    if place:
        _add(gt.cwd / place, found)
    if code_quality is not None:
        _write(gt.cwd / code_quality, found)
    if gt.json:
        from gt.cli.jsonout import single

        gt.emit(single("Check", _data(found)))
    elif (how or (Format.GITHUB if gt.environ.get("GITHUB_ACTIONS") == "true" else Format.TEXT)) == "github":
        _github(gt, found)
    else:
        _text(gt, found)
    if found.good:
        return Code.OK
    return Code.HUMAN if found.unsure else Code.CONFLICT


def _add(place: Path, found: Checked) -> None:
    from gt.report.checked import markdown

    try:
        with place.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(markdown(found))
    except OSError as error:
        raise Refused(f"the summary can't be written: {error}") from None


def _write(place: Path, found: Checked) -> None:
    from gt.report.checked import code_quality

    try:
        place.write_text(json.dumps(code_quality(found), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"the report can't be written: {error}") from None


def _text(gt: Context, found: Checked) -> None:
    for bead in found.beads:
        gt.out(f"{bead.id} {bead.phase}: {bead.spec.title}")
    for each in found.remarks:
        place = "" if each.file is None else f"{each.file}:{each.line}: "
        gt.out(f"{each.severity}: {place}{each.title}: {each.text}")
    _outputs(gt, found)
    gt.out(f"{found.head[:12]} {'may' if found.good else 'may not'} land on {found.target}")


def _github(gt: Context, found: Checked) -> None:
    from gt.report.checked import annotation

    for each in found.remarks:
        gt.out(annotation(each))
    # What a gate printed must not be taken for commands of the workflow.
    word = gt.uid()
    gt.out(f"::stop-commands::{word}")
    _outputs(gt, found)
    gt.out(f"::{word}::")


def _outputs(gt: Context, found: Checked) -> None:
    from gt.fleet.output import tail

    for each in found.tried.gates if found.tried else ():
        if each.outcome is not None and each.outcome.verdict != "pass":
            for line in tail(Path(each.outcome.log), SHOWN).splitlines():
                gt.out(line)


def _data(found: Checked) -> dict[str, Any]:
    return {
        "head": found.head,
        "target": found.target,
        "good": found.good,
        "beads": [bead.id for bead in found.beads],
        "gates": [
            {"gate": each.gate, "verdict": each.outcome.verdict if each.outcome else None}
            for each in (found.tried.gates if found.tried else ())
        ],
        "remarks": [
            {
                "severity": each.severity,
                "title": each.title,
                "text": each.text,
                "file": each.file,
                "line": each.line,
            }
            for each in found.remarks
        ],
    }
