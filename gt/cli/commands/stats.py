"""`gt stats`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.numbers import stats_data
from gt.cli.options import duration
from gt.cli.text import Styled, length
from gt.core.stats import AgentStats, GateStats, Spread, Stats

app = new_app()

MONTH = 30 * 86400


@app.command()
def stats(
    ctx: typer.Context,
    length: Annotated[int | None, duration("--for", help="Of so much time, up to now; default: 30d.")] = None,
) -> int:
    """Show the town in numbers: landings, waits, agents, gates.

    Gate runs are those whose outcomes are kept in this clone. `bound` is the fewest runs per change
    that any method of testing needs at this share of rejections.

    Example:
      gt stats
      gt stats --for 7d --json
    """
    from gt.drive.stats import stats as count

    gt = Context.of(ctx)
    now = gt.now
    span = MONTH if length is None else length
    found = count(gt.repo, gt.ledger, now - span, now)
    if gt.json:
        gt.emit(single("Stats", stats_data(found)))
    else:
        _show(gt, found, span)
    return 0


def _show(gt: Context, found: Stats, span: int) -> None:
    gt.out(
        f"in {length(span)}: {found.landed} landed, {found.rejected} rejected,"
        f" {found.tries:.1f} attempts a landing, {found.usd:.2f} USD"
    )
    if found.landed:
        gt.out(f"created to landed: {_times(found.cycle)}; submitted to landed: {_times(found.wait)}")
    if found.runs_per_change is not None:
        gt.out(
            f"{found.runs_per_change:.2f} gate runs a change (bound {found.bound or 0.0:.2f}),"
            f" {length(round(found.gate_seconds))} of gates"
        )
    if found.agents:
        gt.out(Styled("agents", "bold"))
        gt.table(
            [_agent(name, each) for name, each in found.agents.items()],
            header=("AGENT", "ATTEMPTS", "LANDED", "FAILED", "FLAKY", "TIME", "USD", "RESULTS"),
        )
    if found.gates:
        gt.out(Styled("gates", "bold"))
        gt.table(
            [_gate(name, each) for name, each in found.gates.items()],
            header=("GATE", "RUNS", "PASS", "FAIL", "COULD-NOT-RUN", "FLAKY", "P50/P95", "CPU", "MEMORY"),
        )


def _times(spread: Spread) -> str:
    return f"p50 {length(round(spread.p50))}, p95 {length(round(spread.p95))}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _agent(name: str, each: AgentStats) -> tuple[str, ...]:
    results = " ".join(f"{result}:{count}" for result, count in each.results.items())
    usd = each.usage.get("usd", 0.0)
    return (
        name, str(each.attempts), str(each.landed), _percent(each.failure), _percent(each.flake), length(each.seconds),
        f"{usd:.2f}", results,
    )  # fmt: skip


def _gate(name: str, each: GateStats) -> tuple[str, ...]:
    return (
        name, str(each.runs), str(each.passed), str(each.failed), str(each.could_not_run), _percent(each.flake),
        f"{each.time.p50:.1f}s/{each.time.p95:.1f}s", f"{each.cpu:.0f}s", f"{each.rss // 1024}M",
    )  # fmt: skip
