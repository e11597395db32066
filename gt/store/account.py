"""What a merge of two ledgers decided by itself: written into its commit as trailers, and read back from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gt.core.values import dataclass

REFUSED = "Gt-Refused"
LOST = "Gt-Lost"
RENAMED = "Gt-Renamed"
RESTORED = "Gt-Restored"

TOLD = 200
"""Characters of a reason that a trailer takes."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A move made here that what others did meanwhile doesn't allow."""

    commit: str
    """The commit of the ledger that made it."""
    bead: str
    why: str


@dataclass(frozen=True, slots=True)
class Account:
    """What one merge decided."""

    refused: tuple[Refusal, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    """Bead and field: both sides changed it, and the value that lost is kept in the Bead's `conflicts`."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Old and new id of a Bead whose id another one had, too."""
    restored: tuple[str, ...] = ()
    """Files that one side had lost, or that couldn't be read there."""

    @property
    def beads(self) -> tuple[str, ...]:
        """The Beads that it decided about, sorted."""
        named = {refusal.bead for refusal in self.refused} | {bead for bead, _ in self.lost}
        return tuple(sorted(named | {new for _, new in self.renamed}))

    def trailers(self) -> Iterator[tuple[str, str]]:
        """As lines of a commit message."""
        for refusal in self.refused:
            yield REFUSED, f"{refusal.commit} {refusal.bead} {refusal.why}"[:TOLD]
        for bead, field in self.lost:
            yield LOST, f"{bead} {field}"
        for old, new in self.renamed:
            yield RENAMED, f"{old} {new}"
        for path in self.restored:
            yield RESTORED, path


def read(message: str) -> Account:
    """What a commit's message says was decided; empty for any other message."""
    found: dict[str, list[str]] = {REFUSED: [], LOST: [], RENAMED: [], RESTORED: []}
    for line in message.splitlines():
        name, colon, value = line.partition(": ")
        if colon and name in found:
            found[name].append(value)
    return Account(
        refused=tuple(Refusal(*_three(value)) for value in found[REFUSED]),
        lost=tuple(_pairs(found[LOST])),
        renamed=tuple(_pairs(found[RENAMED])),
        restored=tuple(found[RESTORED]),
    )


def together(accounts: Iterable[Account]) -> Account:
    """What several merges decided, each thing once."""
    many = tuple(accounts)
    return Account(
        refused=tuple(dict.fromkeys(each for account in many for each in account.refused)),
        lost=tuple(dict.fromkeys(each for account in many for each in account.lost)),
        renamed=tuple(dict.fromkeys(each for account in many for each in account.renamed)),
        restored=tuple(dict.fromkeys(each for account in many for each in account.restored)),
    )


def _three(value: str) -> tuple[str, str, str]:
    commit, _, rest = value.partition(" ")
    bead, _, why = rest.partition(" ")
    return commit, bead, why


def _pairs(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    for value in values:
        one, _, other = value.partition(" ")
        yield one, other
