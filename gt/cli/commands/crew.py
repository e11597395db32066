"""`gt crew`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import listing
from gt.errors import Refused

if TYPE_CHECKING:
    from gt.drive.crew import Member

app = new_app("Show the Crew, the town's standing services, or be one of them")


@app.command("list")
def list_crew(ctx: typer.Context) -> int:
    """List the Crew: who they are, where they work, whether they are on duty.

    They are named in .gt/town.yaml, under `crew`. Whoever is to be there from boot has a star.

    Example:
      gt crew list
      gt crew list --json
    """
    from gt.drive.crew import crew

    gt = Context.of(ctx)
    found = crew(gt.repo)
    if gt.json:
        gt.emit(listing("CrewList", map(_data, found)))
        return Code.OK
    gt.table([_row(each) for each in found], header=("CREW", "STATE", "WORKTREE", "RUNS"))
    if not found:
        gt.say("no Crew: name one under `crew` in .gt/town.yaml")
    return Code.OK


@app.command()
def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who, as .gt/town.yaml names them.")],
) -> int:
    """Become a member of the Crew: make its worktree, then run its command there until that ends.

    For a supervisor, which keeps it running: `gt supervise` writes the files for that. The command takes
    the place of this process, with GT_CREW and GT_WORKTREE in its environment, and its exit code is this
    one's. At each start the worktree is brought forward to the target, unless there are commits or changes
    of its own in the way; gt never removes it. Exits with 75 if that member is on duty already.

    Example:
      gt crew run mayor
    """
    from gt.drive.crew import report_for_duty

    gt = Context.of(ctx)
    duty = report_for_duty(gt.repo, name, gt.environ)
    if duty.remark:
        gt.warn(duty.remark)
    gt.flush()
    os.chdir(duty.cwd)
    try:
        os.execvpe(duty.argv[0], duty.argv, dict(duty.environ))  # noqa: S606  (that is what the setting asks for)
    except OSError as error:
        raise Refused(f"{name}: {duty.argv[0]}: {error.strerror}") from None


def _row(each: Member) -> tuple[str, ...]:
    name = f"{each.name} *" if each.spec.boot else each.name
    return (name, _state(each), str(each.place), _command(each))


def _state(each: Member) -> str:
    if each.on_duty is None:
        return "unknown"
    return "on duty" if each.on_duty else "off duty"


def _command(each: Member) -> str:
    command = each.spec.command
    return command if isinstance(command, str) else " ".join(command)


def _data(each: Member) -> dict[str, Any]:
    command = each.spec.command
    return {
        "name": each.name,
        "command": command if isinstance(command, str) else list(command),
        "boot": each.spec.boot,
        "worktree": str(each.place) if each.spec.worktree else None,
        "made": each.there,
        "onDuty": each.on_duty,
    }
