"""`gt waive`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import listing, single
from gt.cli.options import duration, moment
from gt.cli.waivers import waiver_fields, waiver_line
from gt.core.when import format_time

app = new_app()

USUAL = 86400
"""Seconds that a waiver holds when nobody says how long."""


@app.command()
def waive(
    ctx: typer.Context,
    gate: Annotated[
        str | None, typer.Argument(metavar="GATE", help="The gate's name; without it, list the waivers.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", "-r", metavar="TEXT", help="Why, for those who wonder.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="BRANCH", help="Where it is red; default: the first target."),
    ] = None,
    length: Annotated[
        int | None, duration("--for", help="End by itself after so long, 7d at most; default: 1d.")
    ] = None,
    until: Annotated[int | None, moment("--until", help="End by itself at this time.")] = None,
    end: Annotated[bool, typer.Option("--end", help="End the waiver of the gate now.")] = False,
) -> int:
    """Let a gate that is red on a target hold nothing there for a while: by your word, which is kept.

    What is submitted may be red for it, too, and must pass all other gates; each landing names the
    waiver. It ends by itself: at its time, and once the target has passed the gate. What turns it red
    then is new, and holds landing as ever. Where the town wants signatures (`refinery.approvals:
    signed`), it is signed with the key that your git signs with.

    Example:
      gt waive e2e --reason "the vendor's sandbox is down"
      gt waive e2e --reason "known, fixed on Monday" --for 3d
      gt waive --end e2e
      gt waive
    """
    gt = Context.of(ctx)
    if length is not None and until is not None:
        raise typer.BadParameter("--for and --until: one of the two")
    if gate is None:
        if end or any(each is not None for each in (reason, length, until)):
            raise typer.BadParameter("which gate? name it")
        return _list(gt, target)
    if end and any(each is not None for each in (reason, length, until)):
        raise typer.BadParameter("--end goes with none of --reason, --for and --until")
    if not end and reason is None:
        raise typer.BadParameter("say why: --reason TEXT")
    from gt.verbs import waive as verb

    now = gt.now
    name = verb.target_meant(gt.repo, target)
    if reason is None:
        done = verb.end(gt.repo, gt.ledger, name, gate, actor=gt.actor, now=now)
    else:
        last = until if until is not None else now + (USUAL if length is None else length)
        done = verb.waive(gt.repo, gt.ledger, name, gate, reason, last, actor=gt.actor, now=now)
    if gt.json:
        made = waiver_fields(done.waiver) if done.waiver else None
        gt.emit(single("Waiver", {"waiver": made, "changed": done.changed}))
        return 0
    if done.waiver is None:
        gt.out("ended") if done.changed else gt.say(f"gate {gate} of {name} was not waived")
        return 0
    gt.out(f"waived until {format_time(done.waiver.until)}")
    if done.green:
        gt.say(
            f"{name} passed {gate} when it was last run here: as long as it does, the waiver changes nothing"
        )
    gt.hint("gt merge")
    return 0


def _list(gt: Context, target: str | None) -> int:
    """What is in force, in all targets or in one."""
    from gt.drive.observe import look_at_targets
    from gt.refinery.waived import in_force

    with gt.ledger.read() as snapshot:
        given = [each for each in snapshot.state().waived(gt.now) if target in (None, each.target)]
    found = in_force(gt.repo, *look_at_targets(gt.repo), given, gt.now) if given else ()
    if gt.json:
        gt.emit(listing("WaiverList", map(waiver_fields, found)))
    else:
        for each in found:
            gt.out(waiver_line(each))
    return 0
