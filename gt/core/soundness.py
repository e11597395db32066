"""What the moves imply of every Bead they made, and the schema doesn't ask: where it fails, somebody else wrote it.

Pure: a Bead in, clauses that go after its id out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gt.core.bead import Bead, Phase, StuckReason
from gt.core.ids import ORDINAL_DIGITS, ordinal
from gt.core.page import Page, page_id
from gt.core.when import format_time

AHEAD = 2 * 86400
"""Seconds that a time in the past may lie in the future before a clock must be wrong: time zones, and some."""


def contradictions(bead: Bead) -> Iterator[str]:
    """Parts of a status that don't go with its phase."""
    status, phase = bead.status, bead.phase
    parts = (
        ("submission", status.submission, (Phase.PROPOSED, Phase.SUBMITTED, Phase.LANDED)),
        ("landed", status.landed, (Phase.LANDED,)),
        ("closed", status.closed, (Phase.CLOSED,)),
        ("stuck", status.stuck, (Phase.STUCK,)),
        ("wake", status.wake, (Phase.OPEN,)),
    )
    for name, part, phases in parts:
        if part is not None and phase not in phases:
            yield f"is {phase}, and has status.{name}"
    question = status.question
    if status.stuck and status.stuck.reason is StuckReason.QUESTION and (not question or question.answer):
        yield "is stuck for a question, and has none that is open"
    if phase is Phase.SUBMITTED and status.submission and bead.attempt(status.submission.token) is None:
        yield f"has {status.submission.token} submitted, and no record of that attempt"


def doubles(bead: Bead) -> Iterator[str]:
    """Tokens that stand for two attempts, and ordinals after which no token can come."""
    tokens = Counter(attempt.token for attempt in bead.status.attempts)
    for token, count in tokens.items():
        if count > 1:
            yield f"has {count} records of attempt {token}"
    lease = bead.status.lease
    if lease and lease.token in tokens:
        yield f"is leased under {lease.token}, which is over"
    if bead.next_ordinal >= 10**ORDINAL_DIGITS:
        yield f"has an attempt number {bead.next_ordinal - 1}: none can come after it"
    if lease and ordinal(lease.token) < max(map(ordinal, tokens), default=0):
        yield f"is leased under {lease.token}, though later attempts are over"


def impossible_times(bead: Bead, now: int) -> Iterator[str]:
    """Times that lie in the future, or end before they begin."""
    for name, at in _past(bead):
        if at > now + AHEAD:
            yield f"has {name} in the future: {format_time(at)}"
    for attempt in bead.status.attempts:
        if attempt.end < attempt.start:
            yield f"has attempt {attempt.token}, which ended before it began"
    lease = bead.status.lease
    if lease and lease.expires < lease.started:
        yield "has a lease that ends before it begins"


def _past(bead: Bead) -> Iterator[tuple[str, int]]:
    """Every time that something is said to have happened at."""
    status = bead.status
    yield "created.at", bead.created.at
    yield from ((f"clock.{key}", at) for key, at in bead.clock.items())
    yield from ((f"note {note.id}", note.at) for note in bead.notes)
    yield from ((f"the end of attempt {each.token}", each.end) for each in status.attempts)
    if status.lease:
        yield "lease.started", status.lease.started
    if status.submission:
        yield "submission.at", status.submission.at
        if status.submission.offered:
            yield "submission.offered.at", status.submission.offered.at
    if status.landed:
        yield "landed.at", status.landed.at
    if status.closed:
        yield "closed.at", status.closed.at
    if status.stuck:
        yield "stuck.since", status.stuck.since


def misnamed(page: Page) -> str | None:
    """Why a page's id isn't that of its call; None if it is."""
    right = page_id(page.subject, page.reason, page.epoch)
    return None if page.id == right else f"says what {right} would say: the same call could be made twice"
