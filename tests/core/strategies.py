"""Arbitrary Beads, for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gt.core.bead import (
    Approval,
    Attempt,
    Bead,
    Closed,
    CloseReason,
    Created,
    FieldConflict,
    Landed,
    Lease,
    Note,
    Offered,
    Phase,
    Question,
    Result,
    Spec,
    Status,
    Stuck,
    StuckReason,
    Submission,
)
from gt.core.ids import ALPHABET

times = st.integers(0, 4_000_000_000)
text = st.text(st.characters(codec="utf-8"), max_size=60)
line = text.map(lambda s: s.replace("\n", " "))
title = line.filter(str.strip)
ids = st.text(ALPHABET, min_size=8, max_size=8).map(lambda s: f"gt-{s}")
tokens = st.tuples(st.integers(1, 99), st.text(ALPHABET, min_size=4, max_size=4)).map(
    lambda t: f"{t[0]}-{t[1]}"
)
oids = st.text("0123456789abcdef", min_size=40, max_size=40)
branch = st.sampled_from(["main", "release/1.0", "gt/gt-00000000/1-0000"])


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


specs = st.builds(
    Spec,
    title=title,
    type=st.sampled_from(["task", "bug", "epic", "own"]),
    priority=st.integers(0, 4),
    body=text,
    acceptance=text,
    labels=st.frozensets(title, max_size=3),
    needs=st.frozensets(ids, max_size=3),
    parent=maybe(ids),
    links=st.dictionaries(
        st.sampled_from(["related", "discovered-from"]), st.frozensets(ids, min_size=1), max_size=2
    ),
    agent=maybe(title),
    base=maybe(branch),
    attempts=maybe(st.integers(1, 50)),
    usd=maybe(st.integers(1, 9).map(float) | st.floats(0.01, 9)),
    deadline=maybe(st.integers(1, 1_000_000)),
    defer=maybe(times),
    hold=st.booleans(),
    review=st.sampled_from([None, "all"]),
)
leases = st.builds(
    Lease,
    token=tokens,
    agent=line,
    actor=line,
    host=line,
    boot=line,
    clone=line,
    lock=st.booleans(),
    pid=st.integers(0, 99999),
    pidstart=st.integers(0, 99999),
    started=times,
    expires=times,
    worktree=line,
    branch=branch,
    base=branch,
    basecommit=oids,
)
submissions = st.builds(
    Submission,
    token=tokens,
    commit=oids,
    branch=branch,
    base=branch,
    basecommit=oids,
    spec=line,
    strategy=st.sampled_from(["merge", "squash"]),
    at=times,
    by=line,
    agent=line,
    landing=maybe(oids),
    offered=maybe(st.builds(Offered, at=times, tip=oids, opened=maybe(times), url=line)),
)
attempts = st.builds(
    Attempt,
    token=tokens,
    agent=line,
    start=times,
    end=times,
    result=st.sampled_from(Result),
    reason=text,
    head=maybe(oids),
    commits=st.integers(0, 9),
    usage=st.dictionaries(
        st.sampled_from(["usd", "tokens"]), st.integers(0, 9) | st.floats(0, 9), max_size=2
    ),
    log=maybe(title),
    resets=maybe(times),
)
landings = st.builds(Landed, oids, oids, times)
closings = st.builds(Closed, st.sampled_from(CloseReason), text, times, line)
stucks = st.builds(Stuck, st.sampled_from(StuckReason), times, text)


@st.composite
def statuses(draw: st.DrawFn) -> Status:
    phase = draw(st.sampled_from(Phase))

    def of(wanted: Phase, strategy: st.SearchStrategy[Any]) -> Any:
        return draw(strategy) if phase is wanted else None

    return Status(
        phase=phase,
        observed=draw(line),
        lease=of(Phase.LEASED, leases),
        submission=draw(maybe(submissions)) if phase is Phase.PROPOSED else of(Phase.SUBMITTED, submissions),
        landed=of(Phase.LANDED, landings),
        closed=of(Phase.CLOSED, closings),
        stuck=of(Phase.STUCK, stucks),
        question=draw(maybe(st.builds(Question, text, times, maybe(text)))),
        approvals=tuple(
            draw(st.lists(st.builds(Approval, oids, line, line, line, times, maybe(text)), max_size=2))
        ),
        wake=draw(maybe(times)),
        attempts=tuple(draw(st.lists(attempts, max_size=3))),
    )


beads = st.builds(
    Bead,
    id=ids,
    uid=line.filter(bool),
    created=st.builds(Created, times, line),
    spec=specs,
    status=statuses(),
    notes=st.lists(st.builds(Note, line.filter(bool), times, line, text), max_size=3).map(tuple),
    clock=st.dictionaries(st.sampled_from(["spec.title", "spec.body"]), times, max_size=2),
    conflicts=st.lists(
        st.builds(FieldConflict, line.filter(bool), text.filter(bool), line, times), max_size=2
    ).map(tuple),
)
