"""`gt queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.watching import Watch

if TYPE_CHECKING:
    from gt.core.bead import Bead
    from gt.core.world import Queued

app = new_app()


@app.command()
def queue(ctx: typer.Context, watch: Watch = False) -> int:
    """Show what is submitted, in landing order, when it may have landed, and what it waits for.

    The order is: by priority, then by the time of submission, then by id. What is expected of those that are due is how
    long it takes while `gt merge` is at work: by what the gates took lately, the slots, and how often changes were bad.

    Example:
      gt queue
      gt queue --watch
    """
    gt = Context.of(ctx)
    if watch:
        from gt.cli.watching import watch as watching

        return watching(gt, _draw)
    _draw(gt)
    return 0


def _draw(gt: Context) -> int | None:
    """Prints it; returns when it is another though nothing moves."""
    from gt.cli import text
    from gt.cli.queued import waits
    from gt.cli.waivers import waiver_line
    from gt.cli.watching import soon
    from gt.drive.expecting import expected
    from gt.drive.merge import look
    from gt.refinery.waived import in_force

    now = gt.now
    seen = look(gt.repo, gt.ledger, now)
    coming = expected(gt.repo, seen)
    due = soon(now, bool(seen.queue.queued), None)
    if gt.json:
        from gt.cli.jsonout import listing

        entries = enumerate(seen.queue.queued, 1)
        items = [_data(n, each, seen.beads[each.bead], coming.get(each.bead)) for n, each in entries]
        gt.emit(listing("QueueList", items))
        return due
    for name, target in seen.queue.targets.items():
        if target.trouble:
            gt.out(f"{name} {target.trouble}")
    troubles = {name: target.trouble for name, target in seen.queue.targets.items()}
    for waiver in in_force(gt.repo, seen.targets, seen.towns, seen.state.waived(now), now):
        there = seen.queue.targets.get(waiver.target)
        gt.out(waiver_line(waiver, there.waived if there else ()))
    gt.table(
        [
            (
                str(n),
                each.bead,
                each.base,
                each.standing,
                text.relative(_submitted(seen.beads[each.bead]), now),
                f"in {text.length(coming[each.bead])}" if each.bead in coming else "-",
                seen.beads[each.bead].spec.title
                if each.standing == "due"
                else waits(each, troubles.get(each.base)),
            )
            for n, each in enumerate(seen.queue.queued, 1)
        ],
        header=("", "BEAD", "TARGET", "STATE", "SUBMITTED", "EXPECTED", "WHY"),
    )
    return due


def _submitted(bead: Bead) -> int:
    return bead.status.submission.at if bead.status.submission else 0


def _data(position: int, queued: Queued, bead: Bead, expected: int | None) -> dict[str, Any]:
    from gt.core.when import format_time

    return {
        "position": position,
        "bead": queued.bead,
        "token": queued.token,
        "target": queued.base,
        "commit": queued.commit,
        "priority": bead.spec.priority,
        "submitted": format_time(_submitted(bead)),
        "expected": expected,
        "standing": queued.standing,
        "cause": queued.cause or None,
        "why": queued.why,
        "hint": queued.hint,
    }
