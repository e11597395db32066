"""Trains: submissions merged in memory, one on another, on a target's tip.

Knows what the target would be with all of them; whether they may land, and by which commits, is told elsewhere. The
same members on the same tip give the same commits, so that a train can be made again and again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gt.core.bead import Submission
from gt.git.merge import Change, changed_paths, merge_trees
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.refinery.footprint import footprint

CANDIDATE = "gt <gt>"
"""Who signs what is only a candidate: no clock and no person may change its id."""


@dataclass(frozen=True, slots=True)
class Member:
    """A submission, and whose it is."""

    bead: str
    sub: Submission

    @property
    def name(self) -> str:
        """As kept outcomes name it."""
        return f"{self.bead}/{self.sub.token}/{self.sub.commit}"


@dataclass(frozen=True, slots=True)
class Car:
    """A member's place in a train."""

    member: Member
    commit: str
    """A merge of the car before (or the tip) and the submitted commit."""
    tree: str
    changes: tuple[Change, ...]
    """What it changes of the car before."""
    strays: tuple[str, ...]
    """Paths that would change though the submission doesn't change them: nothing like that lands."""


@dataclass(frozen=True, slots=True)
class Left:
    """A member that found no place."""

    member: Member
    conflicts: tuple[str, ...]
    """The paths in conflict; none if it changes nothing on the cars before it."""
    messages: str = ""


@dataclass(frozen=True, slots=True)
class Train:
    """Cars in landing order on a tip."""

    tip: str
    cars: tuple[Car, ...]
    left: tuple[Left, ...] = ()

    @property
    def head(self) -> str:
        """The commit that has it all."""
        return self.cars[-1].commit if self.cars else self.tip

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(car.member for car in self.cars)


@dataclass(slots=True)
class Yardmaster:
    """Couples trains, and remembers every coupling while it lives."""

    repo: Repo
    known: dict[tuple[str, str], Car | Left] = field(default_factory=dict)
    """By the commit before and the submitted commit."""

    def train(self, tip: str, members: Iterable[Member]) -> Train:
        """The members coupled in their order. One that conflicts with the tip or a car before it is left.

        All objects are durable when this returns. Raises GitFailed where a commit is missing.
        """
        cars: list[Car] = []
        left: list[Left] = []
        at = tip
        for member in members:
            made = self._coupled(at, member, tip)
            if isinstance(made, Left):
                left.append(made)
            else:
                cars.append(made)
                at = made.commit
        return Train(tip, tuple(cars), tuple(left))

    def _coupled(self, at: str, member: Member, tip: str) -> Car | Left:
        key = (at, member.sub.commit)
        found = self.known.get(key)
        if found is None or found.member != member:
            found = self.known[key] = self._couple(at, member, tip)
        return found

    def _couple(self, at: str, member: Member, tip: str) -> Car | Left:
        sub = member.sub
        merged = merge_trees(self.repo, at, sub.commit, arena=self.repo.gt_dir / "arena")
        if merged.tree is None:
            return Left(member, merged.conflicts or ("",), merged.messages)
        changes = changed_paths(self.repo, at, merged.tree)
        if not changes:
            return Left(member, ())
        own = footprint(self.repo, tip, sub.commit)
        strays = tuple(sorted(change.path for change in changes if change.path not in own))
        with Objects(self.repo) as odb:
            odb.include(merged.tree, (odb.commit(parent).tree for parent in (at, sub.commit)))
            commit = odb.add_commit(
                merged.tree, (at, sub.commit), f"candidate {member.name}", CANDIDATE, sub.at
            )
            odb.flush()
        return Car(member, commit, merged.tree, changes, strays)
