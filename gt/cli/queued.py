"""Submissions as people read them, beside the trouble of their targets."""

from __future__ import annotations

from gt.core.world import Queued


def waits(queued: Queued, trouble: str | None) -> str:
    """Why a submission is where it is; `trouble` is that of its target, told beside it: once is enough."""
    return queued.why.removesuffix(f", which {trouble}") if trouble else queued.why
