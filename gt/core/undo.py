"""Taking back what one commit of the ledger did: its inverse, applied to the ledger as it is now.

Pure. What has come to depend on the commit since stands in the way, and is named; then nothing is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Protocol

from gt.core import moves
from gt.core.bead import Attempt, Bead, Closed, CloseReason, FieldConflict, Lease, Note, Phase, Result
from gt.core.changes import changes
from gt.core.data import bead_data
from gt.core.draft import Known, check_graph
from gt.core.edit import edited, reapplied
from gt.core.page import Page
from gt.core.ready import satisfied
from gt.core.state import TownState
from gt.core.town import Limits
from gt.core.values import dataclass
from gt.errors import Refused

PEOPLES = frozenset(
    {"accept", "ack", "answer", "approve", "close", "dismiss", "edit", "reopen", "retry", "undo"}
)
"""The verbs whose changes of a status are a person's word, which the person can take back."""

INSTEAD = {
    "landed": "reopen",
    "submit": "withdraw",
    "request": "withdraw",
    "claim": "stop",
    "withdraw": "claim",
    "release": "claim",
    "undo": "claim",
    "accept": "withdraw",
}
"""The verb to type where a change of a status by another can't be taken back; for all others it is `retry`."""


class Now(Known, Protocol):
    """What is asked of the ledger as it is: a Snapshot answers it."""

    def needed_by(self, bead: str) -> tuple[Bead, ...]: ...
    def referring(self, bead: str) -> tuple[Bead, ...]: ...
    def pages(self) -> tuple[Page, ...]: ...
    def state(self) -> TownState: ...


@dataclass(frozen=True, slots=True)
class Deed:
    """What one commit did: every object it changed, before and after; None: there was, or is, no such object."""

    commit: str
    verb: str
    beads: Mapping[str, tuple[Bead | None, Bead | None]] = field(default_factory=dict)
    pages: Mapping[str, tuple[Page | None, Page | None]] = field(default_factory=dict)
    state: tuple[TownState, TownState] | None = None
    others: tuple[str, ...] = ()
    """Files that it changed and that are none of these."""


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes it back, when, and what is kept of the claims that end by it: by Bead, the pinned commit."""

    actor: str
    now: int
    heads: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why something can't be taken back."""

    subject: str
    why: str
    """A clause that goes after the subject."""
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Inverse:
    """The objects as they shall be, those that are so already left out; and all that stands in the way."""

    beads: Mapping[str, Bead]
    pages: Mapping[str, Page]
    state: TownState | None
    obstacles: tuple[Obstacle, ...]


def inverse(deed: Deed, now: Now, taker: Taker) -> Inverse:
    """What takes the deed back."""
    work = _Work(deed, now, taker)
    for path in deed.others:
        work.block(path, "says what this ledger is", "gt log --patch")
    for name, (before, after) in deed.beads.items():
        current = now.find(name)
        restored = work.bead(name, before, after, current)
        if restored is not None and restored != current:
            work.beads[name] = restored
    work.restore_pages()
    work.restore_state()
    if not work.obstacles:
        work.check_dependents()
    return Inverse(work.beads, work.pages, work.state, tuple(work.obstacles))


@dataclass(slots=True)
class _Work:
    """An inverse in the making."""

    deed: Deed
    now: Now
    taker: Taker
    beads: dict[str, Bead] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    state: TownState | None = None
    obstacles: list[Obstacle] = field(default_factory=list)

    def block(self, subject: str, why: str, hint: str | None = None) -> None:
        self.obstacles.append(Obstacle(subject, why, hint))

    def bead(self, name: str, before: Bead | None, after: Bead | None, current: Bead | None) -> Bead | None:
        """The Bead without the deed; None where there is none to be, or something is in the way."""
        if after is None:
            if current is not None and current != before:
                self.block(name, "was made anew since", f"gt show {name}")
            return before
        if current is None:
            self.block(name, "isn't in the ledger any more", "gt list --all")
            return None
        if before is None:
            return self.unmade(after, current)
        if not current.uid == after.uid == before.uid:
            self.block(name, "is another Bead now", f"gt log {name}")
            return None
        restored = self.remarks(before, after, self.status(before, after, current))
        spec, clashes = reapplied(after.spec, before.spec, restored.spec)
        for each in clashes:
            self.block(name, f"has another {each} since", f"gt log {name} --patch")
        if spec.base != current.spec.base and current.phase in (Phase.LEASED, Phase.SUBMITTED):
            self.block(name, f"is {current.phase}: where it lands can't be changed now", f"gt why {name}")
        return edited(restored, spec, self.taker.now)

    def unmade(self, after: Bead, current: Bead) -> Bead | None:
        """A Bead that nobody touched since it was made, closed: that it was there is never forgotten."""
        name = current.id
        fields = dict.fromkeys(change.field for change in changes(bead_data(after), bead_data(current)))
        if fields:
            hint = f"gt close {name} --reason obsolete"
            self.block(name, f"isn't as it was made: {', '.join(fields)}", hint)
            return None
        if current.phase in (Phase.LEASED, Phase.SUBMITTED):
            self.block(name, f"is {current.phase}", f"gt show {name}")
            return None
        note = f"undone: {self.deed.commit[:12]}"
        ended = Closed(CloseReason.OBSOLETE, note, self.taker.now, self.taker.actor)
        # One that came from elsewhere may have been over there.
        return moves.close(moves.reopen(current, Limits()) if current.phase.over else current, ended)

    def status(self, before: Bead, after: Bead, current: Bead) -> Bead:
        """The Bead with the status that the deed found."""
        if before.status in (after.status, current.status):
            return current
        name, lease = current.id, after.status.lease
        if current.status != after.status:
            self.block(name, f"was moved on since: it is {current.phase}", f"gt log {name}")
        elif lease and not lease.lock and before.phase is Phase.OPEN and self.deed.verb == "claim":
            return self.released(current, lease)
        elif (
            self.deed.verb not in PEOPLES
            or before.status.lease != lease
            or before.status.attempts != after.status.attempts
        ):
            verb = "release" if lease and not lease.lock else INSTEAD.get(self.deed.verb, "retry")
            hint = f"gt {verb} {name}"
            self.block(name, f"went from {before.phase} to {after.phase}, which can't be taken back", hint)
        else:
            return replace(current, status=before.status)
        return current

    def released(self, current: Bead, lease: Lease) -> Bead:
        """A person's claim, given back as by `gt release`: the token stays used, and what they did is kept."""
        if lease.actor != self.taker.actor:
            self.block(current.id, f"is held by {lease.actor}", f"gt show {current.id}")
            return current
        attempt = Attempt(
            token=lease.token,
            agent=lease.agent,
            start=lease.started,
            end=self.taker.now,
            result=Result.RELEASED,
            reason="the claim was undone",
            head=self.taker.heads.get(current.id),
        )
        return moves.end(current, attempt, Limits(), self.taker.now)

    def remarks(self, before: Bead, after: Bead, current: Bead) -> Bead:
        """Notes and lost values: what was added goes, a note only by its author's hand; what went comes back."""
        old, new, notes = (_named(bead.notes) for bead in (before, after, current))
        kept = dict(notes)
        for name in new.keys() - old.keys():
            there = kept.pop(name, None)
            if there is not None and there.by != self.taker.actor:
                why = f"has a note that only {there.by} may take away"
                self.block(current.id, why, f"gt show {current.id}")
        kept.update(
            {name: note for name, note in old.items() if name not in new or notes.get(name) == new[name]}
        )
        lost = [each for each in current.conflicts if each in before.conflicts or each not in after.conflicts]
        lost += [each for each in before.conflicts if each not in after.conflicts and each not in lost]
        return replace(
            current,
            notes=current.notes if kept == notes else tuple(sorted(kept.values(), key=_age)),
            conflicts=current.conflicts if lost == list(current.conflicts) else _ordered(lost, before),
        )

    def restore_pages(self) -> None:
        there = {page.id: page for page in self.now.pages()}
        for name, (before, after) in self.deed.pages.items():
            if before is None or after is None or replace(before, acknowledged=after.acknowledged) != after:
                self.block(name, "is a call that went out", f"gt ack {name}")
            elif there.get(name) == after:
                self.pages[name] = before
            elif there.get(name) != before:
                self.block(name, "was changed since", "gt pages --all")

    def restore_state(self) -> None:
        if self.deed.state is None:
            return
        before, after = self.deed.state
        current = self.now.state()
        if before.acknowledged != after.acknowledged:
            why = "has accepted where a target was moved to, and may have landed on it"
            self.block("the town", why, "gt queue")
            return
        made = current
        for name, since, hint in (
            ("paused", "was paused or resumed since", "gt status"),
            ("waivers", "got or lost a waiver since", "gt waive"),
            ("approved", "has another word for a stage since", "gt status"),
        ):
            was, became, now = (getattr(state, name) for state in (before, after, current))
            if was != became == now:
                made = replace(made, **{name: was})
            elif was not in (became, now):
                self.block("the town", since, hint)
        if made != current:
            self.state = made

    def check_dependents(self) -> None:
        """What others made of these Beads since, and what no Bead may be."""
        for name, bead in self.beads.items():
            was = self.now.find(name)
            if self.deed.beads[name][0] is None:
                self.check_named(name)
            elif bead.phase.over and not (was and was.phase.over):
                self.check_children(name)
            if was is not None and satisfied(was) and not satisfied(bead):
                self.check_begun(name)
        try:
            check_graph(self.beads.values(), self.now)
        except Refused as error:
            why = f"can't have its needs and its parent back: {error.message}"
            self.block(next(iter(self.beads)), why, error.hint)

    def check_named(self, name: str) -> None:
        for each in self.now.referring(name):
            if each.id not in self.beads and not each.phase.over:
                self.block(name, f"is named by {each.id}", f"gt show {each.id}")

    def check_children(self, name: str) -> None:
        for child in self.now.children(name):
            phase = self.beads.get(child.id, child).phase
            if not phase.over and phase is not Phase.PROPOSED:
                self.block(name, f"has a child that is {phase}, {child.id}", f"gt show {child.id}")

    def check_begun(self, name: str) -> None:
        for each in self.now.needed_by(name):
            if each.phase in (Phase.LEASED, Phase.SUBMITTED):
                self.block(name, f"is needed by {each.id}, which is {each.phase} since", f"gt show {each.id}")


def _named(notes: tuple[Note, ...]) -> dict[str, Note]:
    return {note.id: note for note in notes}


def _age(note: Note) -> tuple[int, str]:
    return note.at, note.id


def _ordered(lost: list[FieldConflict], before: Bead) -> tuple[FieldConflict, ...]:
    """As they stood before, those that came since last."""
    known = list(before.conflicts)
    return tuple(sorted(lost, key=lambda each: known.index(each) if each in known else len(known)))
