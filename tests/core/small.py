"""Small Beads, made in a line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gt.core.bead import (
    Attempt,
    Bead,
    Closed,
    CloseReason,
    Created,
    Landed,
    Lease,
    Phase,
    Result,
    Spec,
    Status,
    Stuck,
    StuckReason,
    Submission,
)

NOW = 1795377600
OID = "0" * 40


def bead(name: str, phase: Phase = Phase.OPEN, **fields: Any) -> Bead:
    """A Bead called `gt-<name>` (filled up with zeros) in a phase, with whatever that phase speaks of."""
    fields = dict(fields)
    wake = fields.pop("wake", None)
    reason = fields.pop("closed", CloseReason.DONE)
    for key in ("needs", "labels"):
        if key in fields:
            fields[key] = frozenset(fields[key])
    status = Status(
        phase=phase,
        wake=wake,
        lease=lease() if phase is Phase.LEASED else None,
        submission=submission() if phase is Phase.SUBMITTED else None,
        landed=Landed(OID, OID, NOW) if phase is Phase.LANDED else None,
        closed=Closed(reason, "", NOW, "alice") if phase is Phase.CLOSED else None,
        stuck=Stuck(StuckReason.ATTEMPTS, NOW, "why") if phase is Phase.STUCK else None,
    )
    if phase is Phase.SUBMITTED:
        status = replace(status, attempts=(attempt("1-aaaa", Result.SUBMITTED),))
    return Bead(gt(name), f"uid of {name}", Created(NOW, "alice"), Spec(title=name, **fields), status)


def with_work(proposal: Bead) -> Bead:
    """The same proposal, with a commit that it will submit once it is accepted."""
    return replace(proposal, status=replace(proposal.status, submission=submission("1-aaaa")))


def gt(name: str) -> str:
    """The id behind a short name."""
    return f"gt-{name:0<8}"


def lease(token: str = "1-aaaa", **fields: Any) -> Lease:
    defaults: dict[str, Any] = {
        "agent": "claude",
        "actor": "alice",
        "host": "h",
        "boot": "b",
        "clone": "c",
        "lock": True,
        "pid": 1,
        "pidstart": 1,
        "started": NOW,
        "expires": NOW + 3600,
        "worktree": "/w",
        "branch": "gt/x/1-aaaa",
        "base": "main",
        "basecommit": OID,
    }
    return Lease(token, **{**defaults, **fields})


def submission(token: str = "1-aaaa", commit: str = OID) -> Submission:
    return Submission(token, commit, "gt/x/1-aaaa", "main", OID, "", "merge", NOW, "alice")


def attempt(token: str, result: Result, at: int = NOW) -> Attempt:
    return Attempt(token, "claude", at - 60, at, result, "because")
