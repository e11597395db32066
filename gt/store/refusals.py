"""What is told, on the Bead itself, of moves that others' moves didn't allow: what, why, and where the work is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gt.core.bead import Bead, Note
from gt.core.ids import submission_ref, wip_ref, work_branch
from gt.store.account import Refusal
from gt.store.again import Step

Refused = Sequence[tuple[Refusal, Step]]


def noted(bead: Bead, refused: Refused) -> Bead:
    """The Bead with one note on these refusals, in the name of who made the moves: the same whoever makes it, and when."""
    if not refused:
        return bead
    first, step = refused[0]
    name = f"refused-{first.commit[:16]}"
    if any(note.id == name for note in bead.notes):
        return bead
    by = said(step.deed.message, "Gt-Actor") or bead.created.by
    note = Note(name, step.deed.time, by, _text(refused))
    return replace(bead, notes=(*bead.notes, note))


def _text(refused: Refused) -> str:
    first, step = refused[0]
    verbs = ", ".join(dict.fromkeys(said(step.deed.message, "Gt-Verb") or "a change" for _, step in refused))
    actor = said(step.deed.message, "Gt-Actor") or "somebody"
    what = f"{verbs} by {actor} (ledger commit {first.commit[:12]})"
    lines = [
        f"Not taken over when two machines' ledgers were brought together: {what}.",
        f"Why: this Bead {first.why}.",
    ]
    for host, token in _attempts(refused):
        branch = work_branch(first.bead, token)
        pins = f"{wip_ref(first.bead, token)}, {submission_ref(first.bead, token)}"
        where = f" on {host}" if host else ""
        lines.append(f"The work of attempt {token} is kept{where}: branch {branch}, or {pins}.")
    return "\n".join(lines) + "\n"


def _attempts(refused: Refused) -> list[tuple[str, str]]:
    """The attempts whose moves were refused: host (if it is known) and token."""
    found: dict[str, str] = {}
    for _, step in refused:
        before, after = (step.before.status if step.before else None), step.after.status
        lease = after.lease or (before.lease if before else None)
        if lease:
            found[lease.token] = lease.host
        if after.submission and (before is None or before.submission != after.submission):
            found.setdefault(after.submission.token, "")
    return [(host, token) for token, host in found.items()]


def said(message: str, trailer: str) -> str:
    """What a commit of the ledger says under this trailer; empty if nothing."""
    values = (line.partition(": ")[2] for line in message.splitlines() if line.startswith(f"{trailer}: "))
    return next(values, "")
