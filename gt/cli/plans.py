"""How plans, pages and what a town waits for look, for the commands that show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import single
from gt.cli.text import one_line, relative
from gt.core.curbs import Curb
from gt.core.page import MAX_SENDS, Page
from gt.core.plan import Next, Plan
from gt.core.promotion import Stage
from gt.core.spending import Day
from gt.core.when import format_time
from gt.core.world import World
from gt.drive.hands import Hands

CODES = {
    Next.RECONCILE: Code.PROGRESS,
    Next.DUE: Code.DUE,
    Next.WAITING: Code.WAITING,
    Next.HUMAN: Code.HUMAN,
    Next.REST: Code.OK,
}
"""What a plan comes to, as an exit code."""


def hands_of(gt: Context) -> Hands:
    """The means by which this call of gt carries out Actions."""
    return Hands(gt.repo, gt.ledger, lambda: gt.actor, gt.digits, gt.environ, lambda: gt.now)


def when(at: int | None) -> str | None:
    """A time as JSON has it."""
    return None if at is None else format_time(at)


def plan_data(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    actions = [{"by": str(a.by), "command": a.command, "reason": a.reason} for a in plan.actions]
    return single("Plan", {**summary_data(plan), "curbs": curbs_data(plan), "actions": actions})


def summary_data(plan: Plan) -> dict[str, Any]:
    """What a plan comes to, as JSON."""
    return {"atRest": plan.at_rest, "needsHuman": plan.needs_human, "nextWake": when(plan.next_wake)}


def summary(gt: Context, plan: Plan, now: int) -> str:
    """What a plan comes to, in a sentence without a full stop."""
    match plan.next:
        case Next.RECONCILE:
            return f"something is to be put right: {gt.spelt('gt reconcile')}"
        case Next.DUE:
            return f"work or merge is due: {gt.spelt('gt run')}"
        case Next.WAITING:
            wake = f", next at {format_time(plan.next_wake)}" if plan.next_wake is not None else ""
            running = f"waiting for {plan.live} under way" if plan.live else "waiting"
            return running + (
                f"{wake} ({relative(plan.next_wake, now)})" if plan.next_wake is not None else ""
            )
        case Next.HUMAN:
            return f"at rest, and needs you: {len(plan.calls)} to look at"
        case Next.REST:
            return "at rest"


def uncalled(plan: Plan) -> list[Curb]:
    """The curbs that no call tells of."""
    called = {call.subject for call in plan.calls}
    return [curb for curb in plan.curbs if curb.subject not in called]


def curbs_data(plan: Plan) -> list[dict[str, Any]]:
    """What keeps agents from being given work, as JSON."""
    return [{"subject": c.subject, "reason": c.text, "until": when(c.until)} for c in plan.curbs]


def day_data(day: Day | None) -> dict[str, Any] | None:
    """The budget of the day, as JSON; None if there is none."""
    if day is None:
        return None
    return {"limit": day.limit, "spent": round(day.spent, 4), "until": when(day.until)}


def call_rows(gt: Context, plan: Plan) -> list[tuple[str, str, str]]:
    """What waits for a person: subject, why, the command that answers it."""
    return [(call.subject, call.text, gt.spelt(call.hint or "")) for call in plan.calls]


def page_rows(pages: Iterable[Page], now: int) -> list[tuple[str, str, str, str, str]]:
    """Pages for people: id, age, how far it got, subject, text."""
    return [
        (page.id, relative(page.at, now), _state(page), page.subject, one_line(page.text)) for page in pages
    ]


def _state(page: Page) -> str:
    if page.acknowledged:
        return "acknowledged"
    if page.sent is not None:
        return "sent"
    if not page.sends:
        return "recorded"
    return "not sent" if page.sends >= MAX_SENDS else "to be sent"


def stage_data(stage: Stage) -> dict[str, Any]:
    """A stage as JSON."""
    decision = stage.decision
    return {
        "branch": stage.branch,
        "target": stage.target,
        "from": stage.source,
        "tip": stage.tip,
        "trails": stage.trails,
        "step": str(decision.step),
        "commit": decision.commit,
        "cause": decision.cause or None,
        "why": decision.why or None,
        "until": when(decision.until),
    }


def stage_rows(stages: Iterable[Stage]) -> list[tuple[str, str, str, str]]:
    """Stages for people: where each is, how far it trails its target, and why it doesn't move."""
    return [
        (
            stage.branch,
            stage.tip[:12] if stage.tip else "not there",
            f"{stage.trails} behind {stage.target}" if stage.trails else f"as {stage.target}",
            stage.decision.why,
        )
        for stage in stages
    ]


def breakers_data(world: World) -> list[dict[str, Any]]:
    """The agents whose breaker isn't closed, as JSON."""
    found = []
    for agent in sorted({name for town in world.towns.values() for name in town.agents}):
        fit = world.fitness(agent)
        if fit.state != "closed":
            found.append(
                {
                    "agent": agent,
                    "state": str(fit.state),
                    "failures": fit.failures,
                    "since": when(fit.since),
                    "until": when(fit.until),
                    "reason": fit.reason,
                    "limited": fit.limited,
                }
            )
    return found
