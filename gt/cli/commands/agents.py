"""`gt agents`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context

if TYPE_CHECKING:
    from gt.core.spending import Day
    from gt.drive.agents import AgentSeen

app = new_app()


@app.command()
def agents(ctx: typer.Context) -> int:
    """List the agents that work can be given to: what is run, whether it is there, and how it does.

    The state is `fit`, `busy` (at its limit), `missing` (no such program on PATH), or why it is given
    nothing for now: too many failures that had nothing to do with the work, a limit that it ran into,
    the budget of the day.

    Example:
      gt agents
      gt agents --json
    """
    from gt.drive.agents import agents as look

    gt = Context.of(ctx)
    found = look(gt.repo, gt.ledger, gt.environ, gt.now)
    if gt.json:
        from gt.cli.jsonout import listing
        from gt.cli.plans import day_data

        more = {"unused": list(found.unused), "budget": day_data(found.day)}
        gt.emit({**listing("AgentList", map(_data, found.seen)), **more})
        return 0
    several = len({each.target for each in found.seen}) > 1
    gt.table(
        [_row(gt, each, found.day, several=several) for each in found.seen],
        header=("AGENT", "LIVE", "STATE", *(("TARGET",) if several else ()), "RUNS"),
    )
    for target, why in found.unread.items():
        gt.warn(f"{target}: {why}")
    if not found.seen and not found.unread:
        gt.say("no agents: name one under `agents` in .gt/town.yaml")
    if found.unused:
        gt.say(f"also on PATH, and in no settings: {', '.join(found.unused)}")
    return 0


def _row(gt: Context, each: AgentSeen, day: Day | None, *, several: bool) -> tuple[str, ...]:
    name = f"{each.name} *" if each.default else each.name
    target = (each.target,) if several else ()
    return (name, f"{each.live}/{each.limit}", _state(gt, each, day), *target, each.command)


def _state(gt: Context, each: AgentSeen, day: Day | None) -> str:
    """One or a few words; what is in the way comes first."""
    from gt.cli.text import length, one_line

    fit, reason = each.breaker, one_line(each.breaker.reason)
    if each.program and each.path is None:
        return f"missing: {each.program}"
    if fit.state == "tripped":
        return f"waits for a person: {reason}"
    if fit.state == "open" and fit.until is not None:
        if fit.limited:
            return f"at a limit, {length(fit.until - gt.now)} left: {reason}"
        return f"rests {length(fit.until - gt.now)}: {reason}"
    if day is not None and day.until is not None:
        return f"waits {length(day.until - gt.now)}: the budget of the day is spent"
    if fit.state == "half-open":
        return f"on trial: {reason}"
    return "busy" if each.live >= each.limit else "fit"


def _data(each: AgentSeen) -> dict[str, Any]:
    from gt.cli.plans import when

    fit = each.breaker
    return {
        "name": each.name,
        "target": each.target,
        "default": each.default,
        "command": each.command,
        "permission": each.may,
        "program": each.program,
        "path": each.path,
        "live": each.live,
        "limit": each.limit,
        "breaker": {
            "state": str(fit.state),
            "failures": fit.failures,
            "since": when(fit.since) if fit.failures else None,
            "until": when(fit.until),
            "reason": fit.reason or None,
            "credits": fit.credits,
            "limited": fit.limited,
        },
    }
