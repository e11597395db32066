"""The docket of a target: what waits to land on it, and what its gates said of which changes. All a plan is made from.

Plain values: whoever drives the Refinery fills them anew each time, from the ledger and the kept outcomes. A set of
changes means one tree: the tip it was gated on, with the set merged into it in landing order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from gt.core.values import dataclass

Ids = frozenset[str]
NOBODY: Ids = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """A submission that waits to land."""

    id: str
    rank: int = 2
    """Its class, 0 first: a hotfix, which takes the next free slot and that for itself."""
    at: int = 0
    """When it was submitted, in seconds; the older, the higher it ranks."""
    agent: str = ""
    """Whose it is: how often changes of this agent were bad says how likely this one is."""
    needs: Ids = NOBODY
    """What it can't land without: needs, and submissions among its ancestors. Those that have landed may be named."""
    apart: Ids = NOBODY
    """Waiting changes that it conflicts with: whichever comes first in order goes first, the other waits."""
    alone: bool = False
    """It lands by itself: it changes protected paths."""
    vetted: bool = False
    """These gates passed on its own head."""
    held: str = ""
    """Why a person must act before it can land, as a clause after its id. It isn't gated, and only what needs it waits."""


class Purpose(StrEnum):
    """What a gate run is for."""

    CONTROL = "control"
    """To know whether the target itself is green."""
    HOTFIX = "hotfix"
    """To land what can't wait."""
    GROUP = "group"
    """To land changes of which nothing is known, or learn that one of them is bad."""
    SPLIT = "split"
    """To find who is to blame among changes that were red together, or may be."""
    CONFIRM = "confirm"
    """To tell a flake from a failure: the same again."""
    CERTIFY = "certify"
    """To land changes that passed in different trees."""
    MEND = "mend"
    """To find out whether a change mends the target, which is red."""
    AFTER = "after"
    """To look after what has landed: whether its tree passes the slow gates, and who turned it red. Not the scheduler's."""
    HEDGE = "hedge"
    """To land the most at once, should a guess be right."""


@dataclass(frozen=True, slots=True)
class GateRun:
    """A run of the gates: planned, or under way."""

    base: str
    """The tip it is on."""
    members: Ids
    """None of them: the target itself."""
    purpose: Purpose = Purpose.GROUP
    why: str = ""
    """A sentence."""
    again: bool = False
    """The gates have failed on this very tree before; that outcome must not be taken for this run's."""
    left: float = field(default=1.0, compare=False)
    """Of a run under way: how much is left, as a part of the time such runs take; below 0 when it is overdue. It is the
    same run all the while."""


class Verdict(StrEnum):
    """How a gate run ended."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    COULD_NOT_RUN = "could-not-run"


@dataclass(frozen=True, slots=True)
class Tried:
    """A gate run that ended."""

    base: str
    members: Ids
    verdict: Verdict
    named: Ids = NOBODY
    """Members that the log of a failure points to: it has a path that they change."""
    works: bool = False
    """Of a failure: whether a run that began later, on whatever tree, passed the gate that failed. Before that it may be
    broken for everybody."""
    spell: str = ""
    """Names the failures between which nothing passed that gate; empty: it is known to be the only one."""


@dataclass(frozen=True, slots=True)
class Tip:
    """A commit the target was at."""

    name: str
    landed: Ids = NOBODY
    """What landed with it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was so, and how often it wasn't."""

    yes: float = 0.0
    no: float = 0.0

    def plus(self, yes: float, no: float) -> Tally:
        """With more seen."""
        return Tally(self.yes + yes, self.no + no)


@dataclass(frozen=True, slots=True)
class Record:
    """What the town has seen before; what this docket shows is added to it."""

    agents: Mapping[str, Tally] = field(default_factory=dict)
    """By agent: changes rejected as bad, and changes landed."""
    flakes: Tally = Tally()
    """Failed runs on trees that are good, and passed runs."""
    pairs: Tally = Tally()
    """Pairs of changes rejected as not going together, and pairs that landed."""


@dataclass(frozen=True, slots=True)
class Docket:
    """What a plan is made from."""

    changes: tuple[Change, ...]
    """What waits, in order of submission. Of what isn't here, `tips` tell what landed and `rejected` what was rejected;
    the rest was withdrawn."""
    tips: tuple[Tip, ...]
    """The target's tips, oldest first, the present one last. When others moved it: only from theirs on."""
    tried: tuple[Tried, ...] = ()
    """Runs that ended, oldest first. Those on a tip that isn't listed are ignored. Leave out what is too old to count,
    and what wasn't the tree that merging would give today."""
    running: tuple[GateRun, ...] = ()
    rejected: Ids = NOBODY
    record: Record = Record()
    now: int = 0
    """In seconds."""
    red: bool = False
    """The target itself is known to be red: all there is to do is to find what mends it."""

    @property
    def tip(self) -> str:
        """Where the target is."""
        return self.tips[-1].name

    def landed(self) -> dict[str, Ids]:
        """What had landed at each tip, since the first."""
        at: dict[str, Ids] = {}
        sofar = NOBODY
        for tip in self.tips:
            sofar = at[tip.name] = sofar | tip.landed
        return at
