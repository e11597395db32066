"""What a ledger says of itself and of its town at run time: the values of `gt.yaml` and `state.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from gt.core.values import dataclass
from gt.core.when import format_time

FORMAT = 1
"""The ledger format that this version reads and writes."""


@dataclass(frozen=True, slots=True)
class LedgerMeta:
    """What a ledger says of itself, in `gt.yaml`."""

    lineage: str
    prefix: str
    min_reader: int = 1
    min_writer: int = 1


@dataclass(frozen=True, slots=True)
class Paused:
    """A person's brake on the whole town."""

    by: str
    reason: str
    until: int | None = None

    @property
    def told(self) -> str:
        """Who stopped the town, why and for how long, as a sentence without a full stop."""
        until = f" until {format_time(self.until)}" if self.until is not None else ""
        return f"{self.by} paused the town{until} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Word:
    """A person's word that a commit may go to a stage."""

    commit: str
    by: str
    at: int
    signature: str | None = None


MOST_LOST = 32
"""So many landings that a person let go are remembered of a branch."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's word that a branch may be where others moved it. As text: `COMMIT`, or `LOST LOST..COMMIT`."""

    commit: str
    """Where the branch was then; empty: it was removed."""
    without: tuple[str, ...] = ()
    """The commits that gt had put there and that aren't on it any more, the one that was let go last at the end."""

    @classmethod
    def of(cls, text: str) -> Acceptance:
        without, _, commit = text.rpartition("..")
        return cls(commit, tuple(without.split()))

    def __str__(self) -> str:
        return f"{' '.join(self.without)}..{self.commit}" if self.without else self.commit

    def after(self, before: Acceptance | None) -> Acceptance:
        """The word, given after another on the same branch: what was let go before stays so."""
        kept = tuple(each for each in (before.without if before else ()) if each not in self.without)
        return Acceptance(self.commit, (*kept, *self.without)[-MOST_LOST:])


LONGEST_WAIVER = 7 * 86400
"""Seconds: a waiver holds no longer, whoever gave it."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A person's word that a gate which is red on a target doesn't hold landing there, for a while."""

    target: str
    gate: str
    by: str
    reason: str
    at: int
    until: int
    tip: str
    """The target's commit then: what is red there, or on what landed since and was never green, is meant."""
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class TownState:
    """The town's runtime data, in `state.yaml`."""

    paused: Paused | None = None
    acknowledged: Mapping[str, Acceptance] = field(default_factory=dict)
    """For each target or stage, up to where a person has accepted moves that gt did not make."""
    waivers: tuple[Waiver, ...] = ()
    """By target and gate; those that are over may still be among them."""
    approved: Mapping[str, Word] = field(default_factory=dict)
    """For each stage, which commit a person vouched for last."""

    def is_paused(self, now: int) -> bool:
        """Whether a person has stopped the whole town, for now."""
        return self.paused is not None and (self.paused.until is None or self.paused.until > now)

    def waived(self, now: int) -> tuple[Waiver, ...]:
        """The waivers whose time isn't over."""
        return tuple(each for each in self.waivers if each.until > now)
