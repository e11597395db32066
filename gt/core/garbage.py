"""What gt and git leave lying about on a machine, piece by piece: what may go, and what stays and why."""

from __future__ import annotations

from enum import StrEnum

from gt.core.values import dataclass

MONTH = 30 * 86400
"""Seconds for which leftovers are kept, unless a person says otherwise."""


class Kind(StrEnum):
    """What a piece is."""

    LOG = "log"
    """What an attempt's agent, its set-up or a child of `gt run` printed."""
    NOTES = "notes"
    """gt's own file about an attempt that is over."""
    OUTCOME = "outcome"
    """What came of a gate run, and what the gate printed."""
    RUNS = "runs"
    """How many gate runs a tip has had."""
    SCRATCH = "scratch"
    """A directory in which something was merged or sent, by a gt that died at it."""
    SLOT = "slot"
    """A worktree that gates run in; made again when it is needed."""
    PIN = "pin"
    """A ref that keeps what was submitted, or what an attempt left."""
    INDEX = "index"
    """An index of the ledger that was replaced because it was broken."""
    KEEP = "keep"
    """What kept a new pack from other gits until a ref led to it, by a gt that died before."""
    JOURNAL = "journal"
    """Objects that gt wrote, once more; see the ledger's journal."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that was looked at."""

    kind: Kind
    name: str
    """Its path, or the full name of a ref."""
    size: int = 0
    """Bytes on disk; 0 for a ref, whose objects git counts."""
    stays: str = ""
    """Why it is kept, as a clause; empty: it may go."""
