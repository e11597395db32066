"""Plain data as Beads and pages, with every key checked.

Keys that this version doesn't know are kept where a newer one may add some (Bead, spec, status) and refused elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gt.core import bead as b
from gt.core import checks as c
from gt.errors import Malformed

if TYPE_CHECKING:
    from gt.core.page import Page  # most reads see no page, and start sooner without its values


def _spec(r: c.Reader) -> b.Spec:
    no_words: frozenset[str] = frozenset()
    spec = b.Spec(
        title=r.need("title", c.title),
        type=r.take("type", c.title, "task"),
        priority=r.take("priority", c.priority, 2),
        body=r.take("body", c.text, ""),
        acceptance=r.take("acceptance", c.text, ""),
        labels=r.take("labels", c.words, no_words),
        needs=r.take("needs", c.bead_ids, no_words),
        parent=r.take("parent", c.bead_id, None),
        links=r.take("links", c.links, {}),
        agent=r.take("agent", c.title, None),
        base=r.take("base", c.branch, None),
        attempts=r.take("attempts", c.positive, None),
        usd=r.take("usd", c.money, None),
        deadline=r.take("deadline", c.duration, None),
        defer=r.take("defer", c.time, None),
        hold=r.take("hold", c.flag, False),
        review=r.take("review", c.review, None),
        extra=r.left,
    )
    r.left = {}
    return spec


def _lease(r: c.Reader) -> b.Lease:
    return b.Lease(
        token=r.need("token", c.token),
        agent=r.need("agent", c.line),
        actor=r.need("actor", c.line),
        host=r.need("host", c.line),
        boot=r.take("boot", c.line, ""),
        clone=r.need("clone", c.line),
        lock=r.take("lock", c.flag, False),
        pid=r.take("pid", c.number, 0),
        pidstart=r.take("pidstart", c.number, 0),
        started=r.need("started", c.time),
        expires=r.need("expires", c.time),
        worktree=r.take("worktree", c.line, ""),
        branch=r.take("branch", c.branch, ""),
        base=r.need("base", c.branch),
        basecommit=r.need("basecommit", c.oid),
    )


def _offered(r: c.Reader) -> b.Offered:
    return b.Offered(
        at=r.need("at", c.time),
        tip=r.need("tip", c.oid),
        opened=r.take("opened", c.time, None),
        url=r.take("url", c.line, ""),
    )


def _submission(r: c.Reader) -> b.Submission:
    return b.Submission(
        token=r.need("token", c.token),
        commit=r.need("commit", c.oid),
        branch=r.take("branch", c.branch, ""),
        base=r.need("base", c.branch),
        basecommit=r.need("basecommit", c.oid),
        spec=r.take("spec", c.line, ""),
        strategy=r.take("strategy", c.line, "merge"),
        at=r.need("at", c.time),
        by=r.need("by", c.line),
        agent=r.take("agent", c.line, ""),
        landing=r.take("landing", c.oid, None),
        offered=r.part("offered", _offered),
    )


def _approval(r: c.Reader) -> b.Approval:
    return b.Approval(
        commit=r.need("commit", c.oid),
        base=r.need("base", c.line),
        protected=r.take("protected", c.line, ""),
        by=r.need("by", c.line),
        at=r.need("at", c.time),
        signature=r.take("signature", c.text, None),
    )


def _attempt(r: c.Reader) -> b.Attempt:
    return b.Attempt(
        token=r.need("token", c.token),
        agent=r.take("agent", c.line, ""),
        start=r.need("start", c.time),
        end=r.need("end", c.time),
        result=r.need("result", lambda v, k: c.choice(b.Result, v, k)),
        reason=r.take("reason", c.text, ""),
        head=r.take("head", c.oid, None),
        commits=r.take("commits", c.number, 0),
        usage=r.take("usage", c.usage, {}),
        log=r.take("log", c.line, None),
        resets=r.take("resets", c.time, None),
    )


def _status(r: c.Reader) -> b.Status:
    status = b.Status(
        phase=r.take("phase", c.phase, b.Phase.OPEN),
        observed=r.take("observed", c.line, ""),
        lease=r.part("lease", _lease),
        submission=r.part("submission", _submission),
        landed=r.part(
            "landed", lambda p: b.Landed(p.need("commit", c.oid), p.need("tree", c.oid), p.need("at", c.time))
        ),
        closed=r.part(
            "closed",
            lambda p: b.Closed(
                p.need("reason", lambda v, k: c.choice(b.CloseReason, v, k)),
                p.take("note", c.text, ""),
                p.need("at", c.time),
                p.need("by", c.line),
            ),
        ),
        stuck=r.part(
            "stuck",
            lambda p: b.Stuck(
                p.need("reason", lambda v, k: c.choice(b.StuckReason, v, k)),
                p.need("since", c.time),
                p.take("evidence", c.text, ""),
            ),
        ),
        question=r.part(
            "question",
            lambda p: b.Question(
                p.need("text", c.text), p.need("at", c.time), p.take("answer", c.text, None)
            ),
        ),
        approvals=r.parts("approvals", _approval),
        wake=r.take("wake", c.time, None),
        attempts=r.parts("attempts", _attempt),
        extra=r.left,
    )
    r.left = {}
    return status


def _bead(r: c.Reader) -> b.Bead:
    if r.take("apiVersion", c.line, "") != b.API_VERSION:
        raise c.Wrong("apiVersion", f"must be {b.API_VERSION} (a newer gt wrote this?)")
    if r.take("kind", c.line, "") != "Bead":
        raise c.Wrong("kind", "must be Bead")
    created = r.part("created", lambda p: b.Created(p.need("at", c.time), p.need("by", c.line)))
    if created is None:
        raise c.Wrong("created", "is missing")
    spec = r.part("spec", _spec)
    if spec is None:
        raise c.Wrong("spec", "is missing")
    bead = b.Bead(
        id=r.need("id", c.bead_id),
        uid=r.need("uid", c.line),
        created=created,
        spec=spec,
        status=r.part("status", _status) or b.Status(),
        notes=r.parts(
            "notes",
            lambda p: b.Note(
                p.need("id", c.line), p.need("at", c.time), p.need("by", c.line), p.need("text", c.text)
            ),
        ),
        clock=r.take("clock", c.clock, {}),
        conflicts=r.parts(
            "conflicts",
            lambda p: b.FieldConflict(
                p.need("field", c.line),
                p.take("lost", c.anything, None),
                p.need("by", c.line),
                p.need("at", c.time),
            ),
        ),
        extra=r.left,
    )
    r.left = {}
    _coherent(bead)
    return bead


def _coherent(bead: b.Bead) -> None:
    """A phase has what it speaks of, so that no reader needs to ask twice."""
    status = bead.status
    for phase, name in (
        (b.Phase.LEASED, "lease"),
        (b.Phase.SUBMITTED, "submission"),
        (b.Phase.LANDED, "landed"),
        (b.Phase.CLOSED, "closed"),
        (b.Phase.STUCK, "stuck"),
    ):
        if status.phase is phase and getattr(status, name) is None:
            raise c.Wrong(f"status.{name}", f"is missing, though the phase is {phase}")
    if status.lease and status.phase is not b.Phase.LEASED:
        raise c.Wrong("status.lease", f"is there, though the phase is {status.phase}")


def bead_from(data: Any, where: str) -> b.Bead:
    """The Bead that this data describes. Raises Malformed, naming `where` and the key."""
    try:
        return _bead(c.Reader(data))
    except c.Wrong as wrong:
        raise Malformed(where, str(wrong)) from None


def spec_from(data: Any, where: str) -> b.Spec:
    """The spec that this data describes, as edited by a person: unknown keys are refused. Raises Malformed."""
    try:
        spec = _spec(c.Reader(data))
    except c.Wrong as wrong:
        raise Malformed(where, str(wrong)) from None
    for key in spec.extra:
        raise Malformed(where, f"{key}: is not a key of a spec")
    return spec


def page_from(data: Any, where: str) -> Page:
    """The page that this data describes. Raises Malformed."""
    try:
        return _page(c.Reader(data))
    except c.Wrong as wrong:
        raise Malformed(where, str(wrong)) from None


def _page(r: c.Reader) -> Page:
    from gt.core.page import Acknowledged, Page

    if r.take("apiVersion", c.line, "") != b.API_VERSION or r.take("kind", c.line, "") != "Page":
        raise c.Wrong("kind", f"must be a Page of {b.API_VERSION}")
    page = Page(
        id=r.need("id", c.page_id),
        subject=r.need("subject", c.line),
        reason=r.need("reason", c.line),
        epoch=r.take("epoch", c.line, ""),
        text=r.take("text", c.text, ""),
        at=r.need("at", c.time),
        sends=r.take("sends", c.number, 0),
        tried=r.take("tried", c.time, None),
        sent=r.take("sent", c.time, None),
        acknowledged=r.part(
            "acknowledged", lambda p: Acknowledged(p.need("by", c.line), p.need("at", c.time))
        ),
    )
    r.done()
    return page
