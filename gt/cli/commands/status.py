"""`gt status`."""

from __future__ import annotations

from typing import Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import At
from gt.cli.plans import (
    breakers_data,
    call_rows,
    curbs_data,
    day_data,
    page_rows,
    stage_data,
    stage_rows,
    summary,
    summary_data,
    uncalled,
    when,
)
from gt.cli.queued import waits
from gt.cli.text import Styled, length, one_line, relative
from gt.cli.waivers import waiver_fields, waiver_line
from gt.cli.watching import Watch, soon
from gt.cli.watching import watch as watching
from gt.core.data import page_data, paused_data
from gt.core.state import Waiver
from gt.drive.status import Status, UnderWay
from gt.drive.status import status as drive

app = new_app()


@app.command()
def status(ctx: typer.Context, at: At = None, watch: Watch = False) -> int:
    """Show how the town is: what runs, what is queued, what needs you, and what it waits for.

    Example:
      gt status
      gt status --json
      gt status --at 3d
      gt status --watch
    """
    gt = Context.of(ctx)
    if at is not None:
        if watch:
            raise typer.BadParameter("--watch and --at don't go together: the past doesn't change")
        return _then(gt, at)
    if watch:
        return watching(gt, _draw)
    _draw(gt)
    return 0


def _draw(gt: Context) -> int | None:
    """Prints it; returns when it is another though nothing moves."""
    now = gt.now
    found = drive(gt.repo, gt.ledger, now)
    if gt.json:
        gt.emit(single("Status", _data(found, now)))
    else:
        _show(gt, found, now)
    return soon(now, bool(found.attempts or found.world.queue), found.plan.next_wake)


def _then(gt: Context, at: str) -> int:
    from gt.cli.beads import complain
    from gt.cli.former import former_data, print_former
    from gt.cli.view import looking

    with looking(gt, at) as view:
        if gt.json:
            gt.emit(single("Status", former_data(view)))
        else:
            print_former(gt, view)
        return complain(gt, view.snapshot)


def _data(found: Status, now: int) -> dict[str, Any]:
    world, plan = found.world, found.plan
    return {
        "at": None,
        **summary_data(plan),
        "phases": {str(phase): count for phase, count in found.phases.items()},
        "attempts": [_attempt_data(each, now) for each in found.attempts],
        "queue": [
            {
                "bead": q.bead,
                "token": q.token,
                "target": q.base,
                "commit": q.commit,
                "standing": str(q.standing),
                "cause": q.cause or None,
                "reason": q.why or None,
                "hint": q.hint,
            }
            for q in world.queue
        ],
        "pages": [page_data(page) for page in world.pages.values() if not page.acknowledged],
        "targets": [
            {"name": t.name, "tip": t.tip, "trouble": t.trouble, "cause": t.cause or None}
            for t in world.targets.values()
        ],
        "stages": [stage_data(stage) for stage in world.stages],
        "agents": breakers_data(world),
        "budget": day_data(found.day),
        "curbs": curbs_data(plan),
        "paused": paused_data(world.state.paused) if world.paused else None,
        "waivers": [{**waiver_fields(each), "red": each.gate in _red(found, each)} for each in found.waivers],
        "unsent": [{"remote": name, "commits": count} for name, count in found.unsent.items()],
        "calls": [
            {"subject": call.subject, "cause": call.reason, "reason": call.text, "hint": call.hint}
            for call in plan.calls
        ],
        "conflicts": _conflicting(found),
    }


def _red(found: Status, waiver: Waiver) -> tuple[str, ...]:
    """The gates of a waiver's target that are red and let be."""
    target = found.world.targets.get(waiver.target)
    return target.waived if target else ()


def _conflicting(found: Status) -> list[str]:
    """The Beads at work that lost an edit when two clones' were merged."""
    return [bead.id for bead in found.world.beads.values() if bead.conflicts and not bead.phase.over]


def _attempt_data(each: UnderWay, now: int) -> dict[str, Any]:
    lease = each.lease
    return {
        "bead": each.bead,
        "token": lease.token,
        "agent": lease.agent or None,
        "actor": lease.actor,
        "started": when(lease.started),
        "expires": when(lease.expires),
        "left": lease.expires - now,
        "liveness": str(each.liveness),
        "progress": when(each.progress),
        "worktree": lease.worktree,
    }


def _show(gt: Context, found: Status, now: int) -> None:
    world, plan = found.world, found.plan
    counts = [f"{count} {phase}" for phase, count in found.phases.items() if count]
    gt.out(", ".join(counts) or "no Beads yet")
    if world.paused and world.state.paused:
        gt.out(f"paused by {world.state.paused.by}: {world.state.paused.reason}")
    for waiver in found.waivers:
        gt.out(waiver_line(waiver, _red(found, waiver)))
    if found.attempts:
        _head(gt, "under way")
        gt.table([_attempt_row(each, now) for each in found.attempts], elastic=1)
    if world.queue:
        _head(gt, "submitted")
        troubles = {name: target.trouble for name, target in world.targets.items()}
        rows = [(q.bead, q.base, str(q.standing), waits(q, troubles.get(q.base))) for q in world.queue]
        gt.table(rows, elastic=3)
    if world.stages:
        _head(gt, "stages")
        gt.table(stage_rows(world.stages), elastic=3)
    if found.day is not None and found.day.until is None:
        gt.out(f"budget: {found.day.spent:.2f} of {found.day.limit:g} dollars spent in the last day")
    for curb in uncalled(plan):
        gt.out(f"{curb.subject} {one_line(curb.text)}")
    for name, count in found.unsent.items():
        gt.out(
            f"{name} hasn't got {count} commit{'' if count == 1 else 's'} of the ledger: {gt.spelt('gt sync')} {name}"
        )
    pages = [page for page in world.pages.values() if not page.acknowledged]
    if pages:
        _head(gt, "pages")
        gt.table(page_rows(pages, now))
    if plan.calls:
        _head(gt, "needs you")
        gt.table(call_rows(gt, plan), elastic=1)
    if lost := _conflicting(found):
        gt.out(f"edits were lost at a merge: {len(lost)} to look at: {gt.spelt('gt list --conflicts')}")
    gt.out(summary(gt, plan, now))


def _head(gt: Context, title: str) -> None:
    gt.out(Styled(title, "bold"))


def _attempt_row(each: UnderWay, now: int) -> tuple[str, ...]:
    lease = each.lease
    left = f"{length(lease.expires - now)} left" if lease.expires > now else "over"
    seen = f"last output {relative(each.progress, now)}" if each.progress is not None else ""
    return each.bead, each.title, lease.token, lease.agent or lease.actor, str(each.liveness), left, seen
