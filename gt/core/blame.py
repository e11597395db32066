"""Whose failure a failure is: rules that a preset or a town's settings give, in order; the first that fits decides.

None of them decides success: whether anything was done is for git to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Self

from gt.core.bead import Result
from gt.core.values import dataclass

EXIT, DEADLINE, STALL = "exit", "deadline", "stall"
ENDS = (EXIT, DEADLINE, STALL)
"""How a run may have ended that a rule speaks of: by itself, or stopped by gt at its deadline or for a stall."""

VERDICTS = (Result.INFRA, Result.INTERRUPTED, Result.WORK_FAILED, Result.CRASHED)
"""What a rule may say of a run."""

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Rule:
    """All of the conditions that are given must hold."""

    result: Result
    reason: str
    codes: frozenset[int] = frozenset()
    """Exit codes; empty: any but 0, or any at all when the agent itself reports a failure."""
    output: str = ""
    """A regular expression that is searched for in what the agent says: its error, or the log's end if it reports
    none; of one that had to be stopped, its last words."""
    signals: frozenset[int] = frozenset()
    """The numbers of signals that ended it."""
    fields: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    """For dotted paths into the last JSON object that it printed: which values may stand there."""
    within: int | None = None
    """It ended before it had run for so many seconds."""
    changed: bool | None = None
    """Whether it changed anything."""
    ended: frozenset[str] = frozenset({EXIT})
    """Which of `ENDS` it is for."""

    @classmethod
    def infra(
        cls, reason: str, *, codes: frozenset[int] = frozenset(), output: str = "", hung: bool = False
    ) -> Self:
        """A failure that says nothing about the work; `hung`: of one that had to be stopped."""
        ended = frozenset({DEADLINE, STALL} if hung else {EXIT})
        return cls(Result.INFRA, reason, codes, output, ended=ended)


def found_at(fields: Mapping[str, object], path: str) -> object:
    """What stands at a dotted path; None where nothing does."""
    at: object = fields
    for name in path.split("."):
        if not isinstance(at, dict):
            return None
        at = at.get(name)
    return at
