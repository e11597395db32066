"""A chronicle as JSON: what `gt report --json` prints, and what its page holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gt import __version__
from gt.cli.context import Context
from gt.cli.convoys import convoy_data
from gt.cli.numbers import stats_data
from gt.cli.plans import breakers_data, curbs_data, day_data, stage_data, summary, summary_data, when
from gt.cli.queued import waits
from gt.cli.waivers import waiver_fields
from gt.core.bead import Attempt, Bead, Lease, Phase
from gt.core.data import page_data, paused_data
from gt.core.network import Network, network
from gt.core.when import format_time
from gt.core.why import Reason, command
from gt.drive.chronicle import Arrived, Chronicle
from gt.refinery.outcomes import Outcome
from gt.store.history import Event

LETTERS = 2000
"""Of a text that somebody wrote: as much as a report takes along."""

Data = dict[str, Any]


def networks(found: Chronicle) -> tuple[Network, Network]:
    """What waits for what: among the Beads that have not ended, and among all."""
    live = [bead for bead in found.beads.values() if not bead.phase.over]
    return network(live, found.ready), network(found.beads.values(), found.ready)


def report_data(gt: Context, found: Chronicle, net: Network) -> Data:
    """All that is told, without an apiVersion; `net` is that of all Beads."""
    world, plan = found.status.world, found.status.plan
    landed = _landed(found.beads)
    troubles = {name: target.trouble for name, target in world.targets.items()}
    return {
        "town": found.town,
        "at": format_time(found.now),
        "since": format_time(found.since),
        "version": __version__,
        **summary_data(plan),
        "summary": summary(gt, plan, found.now),
        "phases": {str(phase): count for phase, count in found.status.phases.items()},
        "older": found.older,
        "convoys": [convoy_data(each) for each in found.convoys],
        "calls": [
            {"subject": c.subject, "cause": c.reason, "reason": c.text, "hint": c.hint and gt.spelt(c.hint)}
            for c in plan.calls
        ],
        "curbs": curbs_data(plan),
        "agents": breakers_data(world),
        "budget": day_data(found.status.day),
        "paused": paused_data(world.state.paused) if world.paused else None,
        "waivers": [waiver_fields(each) for each in found.status.waivers],
        "targets": [
            {"name": t.name, "tip": t.tip, "trouble": t.trouble, "cause": t.cause or None}
            for t in world.targets.values()
        ],
        "stages": [stage_data(stage) for stage in world.stages],
        "actions": [{"by": str(a.by), "command": a.command, "reason": a.reason} for a in plan.actions],
        "attempts": [
            {
                "bead": each.bead,
                **_lease_data(each.lease),
                "liveness": str(each.liveness),
                "progress": when(each.progress),
            }
            for each in found.status.attempts
        ],
        "queue": [
            {
                "position": position,
                "bead": q.bead,
                "token": q.token,
                "target": q.base,
                "commit": q.commit,
                "standing": str(q.standing),
                "cause": q.cause or None,
                "why": waits(q, troubles.get(q.base)) or None,
                "hint": q.hint and gt.spelt(q.hint),
            }
            for position, q in enumerate(world.queue, 1)
        ],
        "pages": [page_data(page) for page in sorted(world.pages.values(), key=lambda page: -page.at)],
        "beads": [
            _bead_data(gt, bead, net.state(name), found.reasons.get(name, ()))
            for name, bead in sorted(found.beads.items())
        ],
        "critical": list(net.critical),
        "runs": [_run_data(each) for each in found.runs],
        "commits": [_commit_data(each, landed) for each in found.commits],
        "events": [_event_data(each) for each in found.events],
        "stats": stats_data(found.stats),
    }


def _bead_data(gt: Context, bead: Bead, state: str, reasons: tuple[Reason, ...]) -> Data:
    spec, status = bead.spec, bead.status
    typed = command(reasons)
    sub, landed, closed = status.submission, status.landed, status.closed
    data = {
        "id": bead.id,
        "title": spec.title,
        "state": state,
        "type": spec.type,
        "priority": spec.priority,
        "created": format_time(bead.created.at),
        "by": bead.created.by,
        "body": _cut(spec.body),
        "acceptance": _cut(spec.acceptance),
        "labels": sorted(spec.labels),
        "needs": sorted(spec.needs),
        "parent": spec.parent,
        "agent": spec.agent,
        "base": spec.base,
        "why": [f"{reason.bead} {reason.text}" for reason in reasons],
        "hint": typed and gt.spelt(typed),
        "lease": status.lease and _lease_data(status.lease),
        "submission": sub
        and {
            "token": sub.token,
            "commit": sub.commit,
            "target": sub.base,
            "at": format_time(sub.at),
            "by": sub.by,
        },
        "landed": landed and {"commit": landed.commit, "at": format_time(landed.at)},
        "closed": closed
        and {
            "reason": closed.reason.value,
            "note": _cut(closed.note),
            "at": format_time(closed.at),
            "by": closed.by,
        },
        "question": status.question
        and {"text": _cut(status.question.text), "answer": status.question.answer},
        "attempts": [_attempt_data(each) for each in status.attempts],
        "notes": [{"at": format_time(n.at), "by": n.by, "text": _cut(n.text)} for n in bead.notes],
    }
    return {key: value for key, value in data.items() if value not in (None, "", [])}


def _lease_data(lease: Lease) -> Data:
    return {
        "token": lease.token,
        "agent": lease.agent or None,
        "actor": lease.actor,
        "started": format_time(lease.started),
        "expires": format_time(lease.expires),
    }


def _attempt_data(attempt: Attempt) -> Data:
    data = {
        "token": attempt.token,
        "agent": attempt.agent,
        "start": format_time(attempt.start),
        "end": format_time(attempt.end),
        "result": attempt.result.value,
        "reason": _cut(attempt.reason),
        "usage": dict(sorted(attempt.usage.items())),
    }
    return {key: value for key, value in data.items() if value not in ("", {})}


def _run_data(run: Outcome) -> Data:
    """Its members are `bead/token/commit` each; of a run that was no part of a merge `try/..` or `verify/..`."""
    return {
        "gate": run.gate,
        "verdict": run.verdict.value,
        "why": run.why,
        "tree": run.tree,
        "base": run.base,
        "key": run.key,
        "members": list(run.members),
        "start": format_time(max(0, run.at - round(run.seconds))),
        "end": format_time(run.at),
        "seconds": round(run.seconds, 3),
        "cpu": round(run.cpu, 3),
    }


def _landed(beads: Mapping[str, Bead]) -> dict[str, list[str]]:
    """By commit: the Beads that it brought."""
    found: dict[str, list[str]] = {}
    for name, bead in sorted(beads.items()):
        if bead.phase is Phase.LANDED and bead.status.landed:
            found.setdefault(bead.status.landed.commit, []).append(name)
    return found


def _commit_data(each: Arrived, landed: Mapping[str, list[str]]) -> Data:
    seen = each.verified
    return {
        "target": each.target,
        "commit": seen.commit,
        "at": format_time(each.at),
        "subject": seen.subject,
        "own": seen.own,
        "beads": landed.get(seen.commit, []),
        "gates": {gate: str(proof) for gate, proof in seen.proofs},
        "waivers": dict(seen.waivers),
    }


def _event_data(event: Event) -> Data:
    return {
        "commit": event.commit,
        "at": format_time(event.at),
        "verb": event.verb,
        "actor": event.actor,
        "beads": list(event.beads),
        "subject": event.subject,
    }


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else text[:LETTERS].rstrip() + "\u2026"
