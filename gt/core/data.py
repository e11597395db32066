"""Beads and pages as plain data: mappings, lists, strings and numbers, keys in their canonical order.

Times are ISO strings; a duration is text in the ledger and whole seconds in JSON. `schema` is the way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gt.core import bead as b
from gt.core.when import format_duration, format_time

if TYPE_CHECKING:
    from gt.core.page import Page  # most reads see no page, and start sooner without its values
    from gt.core.state import Paused

Data = dict[str, Any]


def _pruned(data: Data, full: bool) -> Data:
    if full:
        return data
    return {k: v for k, v in data.items() if v is not None and v not in ([], {}, "") and v is not False}


def _times(at: int | None) -> str | None:
    return None if at is None else format_time(at)


def spec_data(spec: b.Spec, *, full: bool = False, seconds: bool = False) -> Data:
    """The spec as data; `full` keeps empty keys, `seconds` gives durations as integers."""
    data = {
        "title": spec.title,
        "type": spec.type,
        "priority": spec.priority,
        "body": spec.body,
        "acceptance": spec.acceptance,
        "labels": sorted(spec.labels),
        "needs": sorted(spec.needs),
        "parent": spec.parent,
        "links": {kind: sorted(to) for kind, to in sorted(spec.links.items()) if to},
        "agent": spec.agent,
        "base": spec.base,
        "attempts": spec.attempts,
        "usd": spec.usd,
        "deadline": spec.deadline if seconds or spec.deadline is None else format_duration(spec.deadline),
        "defer": _times(spec.defer),
        "hold": spec.hold,
        "review": spec.review,
    }
    return _pruned(data, full) | dict(sorted(spec.extra.items()))


def _lease_data(lease: b.Lease) -> Data:
    data = {name: getattr(lease, name) for name in b.Lease.__slots__}
    return data | {"started": format_time(lease.started), "expires": format_time(lease.expires)}


def _offered_data(offered: b.Offered) -> Data:
    data = {"at": format_time(offered.at), "tip": offered.tip}
    if offered.opened is not None:
        data["opened"] = format_time(offered.opened)
    return data | ({"url": offered.url} if offered.url else {})


def _submission_data(submission: b.Submission) -> Data:
    data = {name: getattr(submission, name) for name in b.Submission.__slots__}
    if submission.landing is None:
        del data["landing"]
    if submission.offered is None:
        del data["offered"]
    else:
        data["offered"] = _offered_data(submission.offered)
    return data | {"at": format_time(submission.at)}


def attempt_data(attempt: b.Attempt, *, full: bool = True) -> Data:
    """The record of an attempt as data."""
    data = {
        "token": attempt.token,
        "agent": attempt.agent,
        "start": format_time(attempt.start),
        "end": format_time(attempt.end),
        "result": attempt.result.value,
        "reason": attempt.reason,
        "head": attempt.head,
        "commits": attempt.commits,
        "usage": dict(sorted(attempt.usage.items())),
        "log": attempt.log,
        "resets": _times(attempt.resets),
    }
    return _pruned(data, full)


def status_data(status: b.Status, *, full: bool = False) -> Data:
    """The status as data."""
    closed, stuck, question = status.closed, status.stuck, status.question
    data: Data = {
        "phase": status.phase.value,
        "observed": status.observed,
        "lease": status.lease and _lease_data(status.lease),
        "submission": status.submission and _submission_data(status.submission),
        "landed": status.landed
        and {"commit": status.landed.commit, "tree": status.landed.tree, "at": format_time(status.landed.at)},
        "closed": closed
        and {
            "reason": closed.reason.value,
            "note": closed.note,
            "at": format_time(closed.at),
            "by": closed.by,
        },
        "stuck": stuck
        and {"reason": stuck.reason.value, "since": format_time(stuck.since), "evidence": stuck.evidence},
        "question": question
        and {"text": question.text, "at": format_time(question.at), "answer": question.answer},
        "approvals": [
            {
                "commit": a.commit,
                "base": a.base,
                "protected": a.protected,
                "by": a.by,
                "at": format_time(a.at),
                "signature": a.signature,
            }
            for a in status.approvals
        ],
        "wake": _times(status.wake),
        "attempts": [attempt_data(a, full=full) for a in status.attempts],
    }
    return _pruned(data, full) | dict(sorted(status.extra.items()))


def bead_data(bead: b.Bead, *, full: bool = False, seconds: bool = False) -> Data:
    """The Bead as data, keys in their canonical order."""
    data: Data = {
        "apiVersion": b.API_VERSION,
        "kind": "Bead",
        "id": bead.id,
        "uid": bead.uid,
        "created": {"at": format_time(bead.created.at), "by": bead.created.by},
        "spec": spec_data(bead.spec, full=full, seconds=seconds),
        "status": status_data(bead.status, full=full),
        "notes": [{"id": n.id, "at": format_time(n.at), "by": n.by, "text": n.text} for n in bead.notes],
        "clock": {key: format_time(at) for key, at in sorted(bead.clock.items())},
        "conflicts": [
            {"field": c.field, "lost": c.lost, "by": c.by, "at": format_time(c.at)} for c in bead.conflicts
        ],
    }
    return _pruned(data, full) | dict(sorted(bead.extra.items()))


def page_data(page: Page, *, full: bool = False) -> Data:
    """The page as data."""
    acknowledged = page.acknowledged
    data: Data = {
        "apiVersion": b.API_VERSION,
        "kind": "Page",
        "id": page.id,
        "subject": page.subject,
        "reason": page.reason,
        "epoch": page.epoch,
        "text": page.text,
        "at": format_time(page.at),
        "sends": page.sends,
        "tried": _times(page.tried),
        "sent": _times(page.sent),
        "acknowledged": acknowledged and {"by": acknowledged.by, "at": format_time(acknowledged.at)},
    }
    return _pruned(data, full)


def paused_data(paused: Paused | None) -> Data | None:
    """The town's brake as data; None if it is off."""
    if paused is None:
        return None
    data = {"by": paused.by, "reason": paused.reason, "until": _times(paused.until)}
    return {key: value for key, value in data.items() if value is not None}
