"""`gt repair`: what can be put right of what `gt doctor` finds, planned first, carried out when it is wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import field

from gt.core.bead import Note
from gt.core.finding import Finding
from gt.core.ids import is_id
from gt.core.values import dataclass
from gt.drive.doctor import examine
from gt.drive.hands import Hands
from gt.errors import GtError, NotFound, Refused
from gt.git import refs
from gt.store import index, mending
from gt.store.audit import index_files
from gt.store.ledger import Message
from gt.store.mending import Mend
from gt.verbs.heal import heal

Deed = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Repair:
    """One finding, and what would be done about it."""

    finding: Finding
    text: str
    """A sentence without a full stop."""
    mend: Mend | None = None
    """For a file of the ledger: all of these are put right by one commit."""
    deed: Deed | None = None


@dataclass(slots=True)
class Repaired:
    """What became of them."""

    done: list[Repair] = field(default_factory=list)
    failed: list[tuple[Repair, GtError]] = field(default_factory=list)
    commit: str | None = None
    """The ledger's commit, if it was changed: reverting it takes everything back."""


def planned(hands: Hands, names: Iterable[str]) -> tuple[Repair, ...]:
    """What would be done about the findings of these names (a check's, a subject's or both), or all. Only looks.

    A file that is only missing in this clone is left alone unless it is named: another clone may have it, and what is
    put in its place here would be the later edit there. Raises NotFound for a name that fits no finding, Refused for one that has no repair here.
    """
    wanted = tuple(names)
    deep = any(name.partition(":")[0] in ("index", "index.db") for name in wanted)
    found = examine(hands.repo, hands.ledger, hands.clock(), deep=deep)
    chosen = [each for each in found if not wanted or set(wanted) & {each.name, each.check, each.subject}]
    for name in wanted:
        if not any(name in (each.name, each.check, each.subject) for each in chosen):
            raise NotFound("finding", name, hint="gt doctor")
    repairs = [repair for each in chosen if (repair := _repair(hands, each)) is not None]
    if not wanted:
        repairs = [repair for repair in repairs if repair.mend is None or not repair.mend.absent]
    if wanted and not repairs:
        first = chosen[0]
        raise Refused(f"{first.subject} {first.text}: gt repair can't mend that", hint=first.repair)
    return tuple(repairs)


def carry_out(hands: Hands, repairs: Iterable[Repair]) -> Repaired:
    """Do it. Killed at any point, a part of it is done and the rest is found again; one that fails stops no other."""
    outcome = Repaired()
    ledgers = []
    for repair in repairs:
        if repair.deed is None:
            ledgers.append(repair)
            continue
        try:
            repair.deed()
        except GtError as error:
            outcome.failed.append((repair, error))
        else:
            outcome.done.append(repair)
    if ledgers:
        _commit(hands, ledgers, outcome)
    return outcome


def _commit(hands: Hands, repairs: list[Repair], outcome: Repaired) -> None:
    mends = [repair.mend for repair in repairs if repair.mend is not None]
    now, actor = hands.clock(), hands.actor
    named = (mend.path.rpartition("/")[2].removesuffix(".yaml") for mend in mends)
    beads = tuple(name for name in named if is_id(name))
    first, more = _printable(mends[0].path), f" and {len(mends) - 1} more" if len(mends) > 1 else ""
    message = Message(f"repair {first}{more}", "repair", actor, beads, now)
    try:
        with hands.ledger.hold() as held:
            before = hands.ledger.tip()
            after = mending.apply(
                hands.ledger,
                held,
                mends,
                message,
                lambda text: Note(f"n-{hands.digits(4)}", now, actor, text),
            )
    except GtError as error:
        outcome.failed += [(repair, error) for repair in repairs]
        return
    outcome.done += repairs
    outcome.commit = after if after != before else None


def _printable(path: str) -> str:
    """A path for a commit's message, which other programs print as it is."""
    return path if path.isprintable() else ascii(path)


def _repair(hands: Hands, finding: Finding) -> Repair | None:
    match finding.check:
        case "unreadable" | "misplaced" | "missing-file":
            mend = mending.mend_of(hands.repo, hands.ledger.tip(), finding.subject)
            if mend is not None:
                return Repair(finding, f"{finding.subject} {mend.text}", mend=mend)
            return _reread(hands, finding)
        case "unpinned":
            return _pin(hands, finding)
        case "dead-lock":
            text = f"{finding.subject}: what the dead gt left is removed"
            return Repair(finding, text, deed=lambda: heal(hands.repo, finding.subject))
        case "index":
            deed = _renewed(hands)
            return Repair(finding, "the index is made again from the ledger", deed=deed)
        case "old-index":
            return Repair(finding, f"{finding.subject} is removed", deed=_removed(hands, finding.subject))
        case _:
            return None


def _reread(hands: Hands, finding: Finding) -> Repair | None:
    """A file whose object was missing when the index was made, and is here again: another clone had it."""
    if not mending.is_good(hands.repo, hands.ledger.tip(), finding.subject):
        return None

    def reread() -> None:
        with hands.ledger.read() as snapshot:
            stale = any(problem.where == finding.subject for problem in snapshot.problems())
        if stale:  # else it was made again for another file
            _renewed(hands)()

    text = f"{finding.subject} can be read again: the index is made again from the ledger"
    return Repair(finding, text, deed=reread)


def _pin(hands: Hands, finding: Finding) -> Repair | None:
    """The pin that should keep a commit which is still here."""
    from gt.drive.checkup.commits import wanted_pins

    bead = finding.subject.split("/")[3]
    with hands.ledger.read() as snapshot:
        commit = dict(wanted_pins(snapshot.get(bead))).get(finding.subject)
    there = refs.read(hands.repo, finding.subject)
    if commit is None or there is not None:
        return None  # what another commit stands in is for a person to look at

    def pin() -> None:
        refs.swap(
            hands.repo, finding.subject, commit, None, message="repair", actor=hands.actor, now=hands.clock()
        )

    return Repair(finding, f"{finding.subject} is made: it keeps {commit[:12]}", deed=pin)


def _renewed(hands: Hands) -> Deed:
    return lambda: index.renew(hands.repo, hands.ledger.tip)


def _removed(hands: Hands, name: str) -> Deed:
    def remove() -> None:
        for path in index_files(hands.repo)[1]:
            if path.name == name:
                for suffix in ("", "-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        os.unlink(f"{path}{suffix}")

    return remove
