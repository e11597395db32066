"""A Bead in full, for people: lines of parts that the context prints."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gt.cli.beads import phase_cell
from gt.cli.text import Cell, Styled, length, one_line, relative, table
from gt.cli.view import View
from gt.core.bead import Attempt, Bead, Phase, Spec
from gt.core.when import format_duration, format_time

Line = tuple[Cell, ...]


def portrait(bead: Bead, view: View) -> Iterator[Line]:
    """All there is to say about a Bead. Text of others is made safe by whoever prints it."""
    now = view.now
    yield (Styled(one_line(bead.spec.title), "bold"),)
    yield (f"{bead.id}  {bead.spec.type}  P{bead.spec.priority}  ", phase_cell(bead))
    yield (f"created {relative(bead.created.at, now)} by {one_line(bead.created.by)}",)
    yield from _origins(bead)
    yield from _standing(bead, view)
    yield from _fields(bead.spec, view)
    yield from _lost(bead, now)
    children = view.children(bead.id)
    yield from ((f"{'child:':<12}{_named(child)}",) for child in children)
    yield from _texts(bead)
    yield from _attempts(bead, now)
    yield from _evidence(bead)
    for note in bead.notes:
        yield ("",)
        yield (Styled(f"note, {relative(note.at, now)} by {one_line(note.by)}", "dim"),)
        yield from _indented(note.text)
    for page in view.snapshot.pages():
        if page.subject == bead.id:
            seen = f"acknowledged by {page.acknowledged.by}" if page.acknowledged else f"gt ack {page.id}"
            yield (
                f"{'page:':<12}{page.id} {one_line(page.reason)}: {one_line(page.text)} ({one_line(seen)})",
            )


def _origins(bead: Bead) -> Iterator[Line]:
    """What it is called where it was imported from."""
    for where, own in bead.extra.items():
        if isinstance(own, dict) and isinstance(own.get("id"), str):
            url = f" {one_line(own['url'])}" if isinstance(own.get("url"), str) else ""
            yield (f"{one_line(where) + ':':<12}{one_line(own['id'])}{url}",)


def _standing(bead: Bead, view: View) -> Iterator[Line]:
    """What became of it so far, and what it waits for."""
    status, now = bead.status, view.now
    if status.lease:
        ends = relative(status.lease.expires, now)
        yield (f"{'leased:':<12}{one_line(status.lease.actor)} under {status.lease.token}, ends {ends}",)
        yield (f"{'worktree:':<12}{one_line(status.lease.worktree)}",)
    if status.submission and bead.phase is Phase.SUBMITTED:
        made = status.submission
        when = relative(made.at, now)
        yield (f"{'submitted:':<12}{made.commit[:12]} for {made.base} under {made.token}, {when}",)
        if made.offered and made.offered.url:
            yield (f"{'offered:':<12}{one_line(made.offered.url)}, {relative(made.offered.at, now)}",)
        yield from ((f"{'approved:':<12}{one_line(each.by)}",) for each in status.approvals)
    if status.submission and bead.phase is Phase.PROPOSED:
        made = status.submission
        yield (f"{'comes with:':<12}{made.commit[:12]} for {made.base}",)
        yield (f"{'':<12}gt diff {bead.id}",)
    if status.landed:
        yield (f"{'landed:':<12}{status.landed.commit[:12]}, {relative(status.landed.at, now)}",)
        yield from _reverted(bead, view)
    if status.closed:
        closed = status.closed
        note = f": {one_line(closed.note)}" if closed.note else ""
        yield (f"{'closed:':<12}{closed.reason} by {one_line(closed.by)}, {relative(closed.at, now)}{note}",)
    if status.stuck:
        yield (f"{'stuck:':<12}{status.stuck.reason}, {one_line(_first(status.stuck.evidence))}",)
    if status.question:
        yield (f"{'question:':<12}{one_line(status.question.text)}",)
        if status.question.answer is not None:
            yield (f"{'answer:':<12}{one_line(status.question.answer)}",)
    why = view.waiting(bead) if bead.phase is Phase.OPEN else None
    if why:
        yield (f"{'waits:':<12}it {one_line(why.text)}",)
        if why.hint:
            yield (f"{'':<12}{why.hint}",)


def _reverted(bead: Bead, view: View) -> Iterator[Line]:
    """By what its landing was taken back, or is about to be."""
    from gt.core.reverts import under_way, undone_by

    done = undone_by(bead, view.reverts)
    if done is not None and done.status.landed is not None:
        yield (f"{'reverted:':<12}by {done.id}, {relative(done.status.landed.at, view.now)}",)
        yield (f"{'':<12}gt reopen {bead.id}",)
    elif (coming := under_way(bead, view.reverts)) is not None:
        yield (f"{'revert:':<12}{_named(coming)}",)


def _fields(spec: Spec, view: View) -> Iterator[Line]:
    values = {
        "parent": _reference(spec.parent, view) if spec.parent else None,
        "labels": ", ".join(sorted(spec.labels)),
        "agent": spec.agent,
        "base": spec.base,
        "attempts": spec.attempts and f"at most {spec.attempts}",
        "budget": spec.usd and f"at most {spec.usd:.2f} USD",
        "deadline": spec.deadline and format_duration(spec.deadline),
        "deferred": spec.defer and f"until {format_time(spec.defer)}",
        "held": "by a person" if spec.hold else None,
        "review": "a person approves before it lands" if spec.review else None,
    }
    yield from ((f"{name + ':':<12}{one_line(value)}",) for name, value in values.items() if value)
    yield from ((f"{'needs:':<12}{_reference(need, view)}",) for need in sorted(spec.needs))
    for kind, ids in sorted(spec.links.items()):
        yield from ((f"{one_line(kind) + ':':<12} {_reference(to, view)}",) for to in sorted(ids))


def _lost(bead: Bead, now: int) -> Iterator[Line]:
    """What lost against another value when two clones' edits were merged."""
    for each in bead.conflicts:
        value = each.lost if isinstance(each.lost, str) else json.dumps(each.lost, ensure_ascii=False)
        who = f"{one_line(each.by)}, {relative(each.at, now)}"
        yield (f"{'lost:':<12}{one_line(each.field)} by {who}: {one_line(value.rstrip())}",)
    if bead.conflicts:
        yield (f"{'':<12}gt dismiss {bead.id}",)


def _reference(bead: str, view: View) -> str:
    found = view.look(bead)
    return _named(found) if found else f"{bead}  (not in this ledger)"


def _named(bead: Bead) -> str:
    return f"{bead.id}  {bead.phase}  {one_line(bead.spec.title)}"


def _texts(bead: Bead) -> Iterator[Line]:
    for name, text in (("", bead.spec.body), ("acceptance", bead.spec.acceptance)):
        if text:
            yield ("",)
            if name:
                yield (Styled(name, "dim"),)
            yield from _indented(text)


def _indented(text: str) -> Iterator[Line]:
    yield from ((f"    {line}".rstrip(),) for line in text.rstrip("\n").split("\n"))


def _attempts(bead: Bead, now: int) -> Iterator[Line]:
    if not bead.status.attempts:
        return
    yield ("",)
    rows = [
        ("ATTEMPT", "AGENT", "RESULT", "WHEN", "TOOK", "REASON"),
        *(_attempt(a, now) for a in bead.status.attempts),
    ]
    yield from ((line,) for line in table(rows))


def _evidence(bead: Bead) -> Iterator[Line]:
    """Why it is stuck, where one line doesn't say it: a gate's output, say."""
    stuck = bead.status.stuck
    if stuck and stuck.evidence.strip() != _first(stuck.evidence).strip():
        yield ("",)
        yield (Styled("evidence", "dim"),)
        yield from _indented(stuck.evidence)


def _first(text: str) -> str:
    return text.strip("\n").partition("\n")[0]


def _attempt(attempt: Attempt, now: int) -> tuple[str, ...]:
    took = length(max(0, attempt.end - attempt.start))
    result = attempt.result.value
    return attempt.token, attempt.agent, result, relative(attempt.end, now), took, _first(attempt.reason)
