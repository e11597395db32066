"""A Bead: what people want of it (`spec`), what gt observed and did (`status`), and how both look as plain data.

Values only. Which change of a status is legal is said in `moves`; when a Bead is ready, in `ready`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from gt.core.values import dataclass

API_VERSION = "gt/v1"

TYPES = ("task", "bug", "feature", "epic", "chore", "decision", "spike", "convoy")
"""The types every town knows; a town may add its own."""


class Phase(StrEnum):
    """Where a Bead is. Waiting and ready are computed, never stored."""

    PROPOSED = "proposed"
    OPEN = "open"
    LEASED = "leased"
    SUBMITTED = "submitted"
    LANDED = "landed"
    CLOSED = "closed"
    STUCK = "stuck"

    @property
    def over(self) -> bool:
        """Whether the Bead has ended."""
        return self in (Phase.LANDED, Phase.CLOSED)


class CloseReason(StrEnum):
    """Why a Bead ended without landing."""

    DONE = "done"
    WONTFIX = "wontfix"
    DUPLICATE = "duplicate"
    OBSOLETE = "obsolete"


class Result(StrEnum):
    """How an attempt ended."""

    SUBMITTED = "submitted"
    NO_CHANGE = "no-change"
    WORK_FAILED = "work-failed"
    DEADLINE = "deadline"
    STALLED = "stalled"
    CRASHED = "crashed"
    INFRA = "infra"
    INTERRUPTED = "interrupted"
    RELEASED = "released"
    ASKED = "asked"
    RED = "red"
    CONFLICT = "conflict"
    OVERTAKEN = "overtaken"
    REJECTED = "rejected"

    @property
    def counted(self) -> bool:
        """Whether it costs the Bead one of its attempts."""
        return self in _COUNTED


_COUNTED = frozenset(
    {
        Result.NO_CHANGE,
        Result.WORK_FAILED,
        Result.DEADLINE,
        Result.STALLED,
        Result.CRASHED,
        Result.RED,
        Result.CONFLICT,
        Result.REJECTED,
    }
)


class StuckReason(StrEnum):
    """Why only a person can move a Bead on."""

    ATTEMPTS = "attempts-spent"
    INTERRUPTIONS = "interruptions-spent"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Created:
    """When, and by whom."""

    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Spec:
    """What people want."""

    title: str
    type: str = "task"
    priority: int = 2
    """0 is the highest, 4 the lowest."""
    body: str = ""
    acceptance: str = ""
    labels: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    """Ids that must have landed, or been closed as done, before this one starts."""
    parent: str | None = None
    links: Mapping[str, frozenset[str]] = field(default_factory=dict)
    agent: str | None = None
    base: str | None = None
    """The target branch; None is the town's first."""
    attempts: int | None = None
    """How many counted attempts it may have in its life; None is the town's limit."""
    usd: float | None = None
    """US dollars that its attempts may cost in its life; None is the town's limit."""
    deadline: int | None = None
    """Seconds one attempt may take."""
    defer: int | None = None
    """Not before this time."""
    hold: bool = False
    review: str | None = None
    """`all`: a person approves before it lands."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys this version doesn't know, kept as they are."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a Bead, under which token, until when."""

    token: str
    agent: str
    actor: str
    host: str
    boot: str
    clone: str
    lock: bool
    """Whether the holder's processes hold the attempt's file lock: only then a free lock means a dead holder."""
    pid: int
    pidstart: int
    """The start time of that process, in the kernel's clock ticks since boot; 0 if unknown."""
    started: int
    expires: int
    worktree: str
    branch: str
    base: str
    """The target branch."""
    basecommit: str
    """Its commit when the attempt began."""


@dataclass(frozen=True, slots=True)
class Offered:
    """That a submission was offered to others, who land it on its target: as a pull request, say."""

    at: int
    """From then on it may have been."""
    tip: str
    """The target's commit that it was proven on last."""
    opened: int | None = None
    """When the command that offers it succeeded; None: it is to be run, and may have been."""
    url: str = ""
    """Where people find it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A commit offered for landing; of a proposal, what will be offered once it is accepted."""

    token: str
    commit: str
    branch: str
    base: str
    basecommit: str
    spec: str
    strategy: str
    at: int
    by: str
    agent: str = ""
    landing: str | None = None
    """The commit that some machine sent to a remote's target to land it; whether it arrived, the target says."""
    offered: Offered | None = None
    """Where others are asked to land it; whether they have, the target says."""


@dataclass(frozen=True, slots=True)
class Landed:
    """The first-parent commit of the target that brought a submission in."""

    commit: str
    tree: str
    at: int


@dataclass(frozen=True, slots=True)
class Closed:
    """How a Bead ended without landing."""

    reason: CloseReason
    note: str
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """Why a person must act, since when, and what shows it."""

    reason: StuckReason
    since: int
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What an agent asked a person."""

    text: str
    at: int
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's word for one commit on one base, with the protected files as they would be."""

    commit: str
    base: str
    protected: str
    by: str
    at: int
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """The record of one try that has ended."""

    token: str
    agent: str
    start: int
    end: int
    result: Result
    reason: str = ""
    head: str | None = None
    """The commit that keeps what it left, pinned under refs/gt/wip or refs/gt/sub."""
    commits: int = 0
    usage: Mapping[str, float] = field(default_factory=dict)
    log: str | None = None
    resets: int | None = None
    """When its agent said that the limit it ran into is over; None: it ran into none, or didn't say."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark that stays with the Bead."""

    id: str
    at: int
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """What gt has observed and done."""

    phase: Phase = Phase.OPEN
    observed: str = ""
    lease: Lease | None = None
    submission: Submission | None = None
    landed: Landed | None = None
    closed: Closed | None = None
    stuck: Stuck | None = None
    question: Question | None = None
    approvals: tuple[Approval, ...] = ()
    wake: int | None = None
    attempts: tuple[Attempt, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """The losing value of a merge between two people's edits, kept until dismissed."""

    field: str
    lost: Any
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Bead:
    """A unit of work."""

    id: str
    uid: str
    created: Created
    spec: Spec
    status: Status = Status()
    notes: tuple[Note, ...] = ()
    clock: Mapping[str, int] = field(default_factory=dict)
    """When each field that changed after creation last changed."""
    conflicts: tuple[FieldConflict, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def phase(self) -> Phase:
        return self.status.phase

    @property
    def counted(self) -> int:
        """How many of its attempts are spent."""
        return sum(1 for attempt in self.status.attempts if attempt.result.counted)

    @property
    def next_ordinal(self) -> int:
        """The number of the next attempt: it only grows."""
        numbers = [int(a.token.partition("-")[0]) for a in self.status.attempts]
        if self.status.lease:
            numbers.append(int(self.status.lease.token.partition("-")[0]))
        # What is only proposed is no attempt yet, and may never be one.
        if self.status.submission and self.phase is not Phase.PROPOSED:
            numbers.append(int(self.status.submission.token.partition("-")[0]))
        return max(numbers, default=0) + 1

    def attempt(self, token: str) -> Attempt | None:
        """The record of the attempt with this token."""
        return next((a for a in self.status.attempts if a.token == token), None)
