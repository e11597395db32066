"""A page: a call for a human, one per subject, reason and epoch, sent until it got through, acknowledged by a person."""

from __future__ import annotations

from gt.core.values import dataclass

MAX_SENDS = 5
"""After so many failed sends a page waits to be seen by `gt pages` and `gt status`."""

FIRST_WAIT = 60
"""Seconds after the first send, if that failed; doubled for each further one. Longer than a send takes: who began it may
be another machine."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Which person took note of a page, and when."""

    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Page:
    """A call for a human."""

    id: str
    subject: str
    """What it is about: a Bead's id, `target:main`, `agent:claude`, `town`."""
    reason: str
    epoch: str
    """What makes a second call about the same thing a new one: the time it began, a commit."""
    text: str
    at: int
    sends: int = 0
    """How often sending was tried, or is being tried."""
    tried: int | None = None
    """When it was tried last."""
    sent: int | None = None
    """When a send succeeded."""
    acknowledged: Acknowledged | None = None


def page_id(subject: str, reason: str, epoch: str) -> str:
    """The same call has the same id, wherever and however often it is made."""
    # Every read of the ledger comes through here, and next to none makes a page.
    import hashlib

    named = f"{subject}\0{reason}\0{epoch}".encode("utf-8", "backslashreplace")
    return "p-" + hashlib.sha256(named).hexdigest()[:12]


def next_send(page: Page) -> int | None:
    """When it may be sent (again), in seconds since the epoch; None if it got through, was seen, or was tried enough."""
    if page.sent is not None or page.acknowledged or page.sends >= MAX_SENDS:
        return None
    due = page.at + FIRST_WAIT * ((1 << page.sends) - 1)
    # Whoever tried last may be at it yet, however old the page is.
    return due if page.tried is None else max(due, page.tried + FIRST_WAIT)
