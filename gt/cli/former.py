"""How a town was, for people and as JSON: what its ledger said then. What is only seen by looking is not known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gt.cli.context import Context
from gt.cli.plans import page_rows, when
from gt.cli.text import Cell, Styled, length
from gt.cli.view import View
from gt.cli.waivers import waiver_fields, waiver_line
from gt.core.bead import Bead, Lease, Phase
from gt.core.calls import stuck_call
from gt.core.data import page_data, paused_data
from gt.core.when import format_time


def former_data(view: View) -> dict[str, Any]:
    """The fields of a Status; null where nobody can tell."""
    snapshot = view.snapshot
    return {
        "at": {"commit": snapshot.tip, "time": format_time(view.now)},
        "atRest": None,
        "needsHuman": None,
        "nextWake": None,
        "paused": paused_data(view.state.paused) if view.paused else None,
        "waivers": [{**waiver_fields(each), "red": None} for each in view.state.waived(view.now)],
        "phases": {str(phase): count for phase, count in snapshot.counts().items()},
        "attempts": [_attempt_data(bead, lease, view.now) for bead, lease in _leases(view)],
        "queue": [_queued_data(bead) for bead in snapshot.in_phase(Phase.SUBMITTED)],
        "pages": [page_data(page) for page in snapshot.pages() if not page.acknowledged],
        "targets": [],
        "stages": [],
        "agents": [],
        "budget": None,
        "curbs": [],
        "unsent": None,
        "calls": [
            {"subject": call.subject, "cause": call.reason, "reason": call.text, "hint": None}
            for call in map(stuck_call, snapshot.in_phase(Phase.STUCK))
        ],
        "conflicts": [bead.id for bead in snapshot.live() if bead.conflicts],
    }


def _leases(view: View) -> list[tuple[Bead, Lease]]:
    found = view.snapshot.in_phase(Phase.LEASED)
    return [(bead, bead.status.lease) for bead in found if bead.status.lease]


def _attempt_data(bead: Bead, lease: Lease, now: int) -> dict[str, Any]:
    return {
        "bead": bead.id,
        "token": lease.token,
        "agent": lease.agent or None,
        "actor": lease.actor,
        "started": when(lease.started),
        "expires": when(lease.expires),
        "left": lease.expires - now,
        "liveness": "unknown",
        "progress": None,
        "worktree": lease.worktree,
    }


def _queued_data(bead: Bead) -> dict[str, Any]:
    made = bead.status.submission
    assert made is not None
    known = {"bead": bead.id, "token": made.token, "target": made.base, "commit": made.commit}
    return {**known, "standing": None, "cause": None, "reason": None, "hint": None}


def print_former(gt: Context, view: View) -> None:
    """Prints how the town was."""
    snapshot, now = view.snapshot, view.now
    gt.out(f"{snapshot.tip[:12]} at {format_time(now)}")
    counts = [f"{count} {phase}" for phase, count in snapshot.counts().items() if count]
    gt.out(", ".join(counts) or "no Beads yet")
    if view.paused and view.state.paused:
        gt.out(f"paused by {view.state.paused.by}: {view.state.paused.reason}")
    for waiver in view.state.waived(now):
        gt.out(waiver_line(waiver))
    pages = [page for page in snapshot.pages() if not page.acknowledged]
    parts: dict[str, Sequence[Sequence[Cell]]] = {
        "under way": [
            (bead.id, bead.spec.title, lease.token, lease.agent or lease.actor, _left(lease, now))
            for bead, lease in _leases(view)
        ],
        "submitted": [
            (bead.id, bead.spec.title, bead.status.submission.token, bead.status.submission.base)
            for bead in snapshot.in_phase(Phase.SUBMITTED)
            if bead.status.submission
        ],
        "pages": page_rows(pages, now),
        "needed you": [(call.subject, call.text) for call in map(stuck_call, snapshot.in_phase(Phase.STUCK))],
    }
    if lost := [bead.id for bead in snapshot.live() if bead.conflicts]:
        gt.out(f"edits were lost at a merge: {len(lost)} to look at")
    for title, rows in parts.items():
        if rows:
            gt.out(Styled(title, "bold"))
            gt.table(rows, elastic=1)


def _left(lease: Lease, now: int) -> str:
    return f"{length(lease.expires - now)} left" if lease.expires > now else "over"
