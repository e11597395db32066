"""Trains: submissions merged in memory, one on another, on a target's tip.

Knows what the target would be with all of them; whether they may land, and by which commits, is told elsewhere. The
same members on the same tip give the same commits, so that a train can be made again and again.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import field

from gt.core.bead import Submission
from gt.core.values import dataclass
from gt.errors import Malformed
from gt.git.filling import is_partial
from gt.git.lineage import between
from gt.git.merge import Change, changed_paths, merge_trees
from gt.git.objects import MissingObject, Objects
from gt.git.picking import carried
from gt.git.repo import Repo
from gt.git.treediff import diff_trees, merged_apart
from gt.refinery.footprint import footprint, simple_changes
from gt.refinery.restack import restacked

CANDIDATE = "gt <gt>"
"""Who signs what is only a candidate: no clock and no person may change its id."""

CANDIDATE_OF = "candidate "
"""Begins the message of a car's commit; then comes the member's name."""


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
        aboard: set[str] = set()
        for member in members:
            brought = between(self.repo, [tip], member.sub.commit)
            under = [car.member.sub.commit for car in cars if car.member.sub.commit in brought]
            made = self._coupled(
                at, member, tip, alone=aboard.isdisjoint(brought), under=under[-1] if under else None
            )
            if isinstance(made, Left):
                left.append(made)
            else:
                cars.append(made)
                at = made.commit
                aboard |= brought
        return Train(tip, tuple(cars), tuple(left))

    def _coupled(self, at: str, member: Member, tip: str, *, alone: bool, under: str | None) -> Car | Left:
        key = (at, member.sub.commit)
        found = self.known.get(key)
        if found is None or found.member != member:
            found = self.known[key] = self._couple(at, member, tip, alone=alone, under=under)
        return found

    def _couple(self, at: str, member: Member, tip: str, *, alone: bool, under: str | None) -> Car | Left:
        """`alone`: no car before has any of its commits, so that it left their history where it left the tip's.

        `under`: what the last car before submitted that this one is built on.
        """
        theirs = restacked(self.repo, tip, member.sub.commit)
        found = self._apart(at, member, tip, theirs) if alone else None
        return found or self._merged(at, member, tip, theirs, under)

    def _apart(self, at: str, member: Member, tip: str, theirs: str) -> Car | None:
        """As `_merged`, without a process; None where something that it changes isn't as it was."""
        if is_partial(self.repo):
            return None
        with Objects(self.repo) as odb, suppress(MissingObject, Malformed):
            own, before = simple_changes(self.repo, tip, theirs), odb.commit(at).tree
            tree = merged_apart(odb, before, own) if own else None
            if tree is not None:
                changes = tuple(diff_trees(odb, before, tree, self.repo.zero))
                return self._car(odb, at, member, footprint(self.repo, tip, theirs), tree, changes)
        return None

    def _merged(self, at: str, member: Member, tip: str, theirs: str, under: str | None) -> Car | Left:
        arena, own = self.repo.gt_dir / "arena", footprint(self.repo, tip, theirs)
        if under is not None and theirs != member.sub.commit:
            # By its history it would bring what is below it once more: the car that has that has another commit's.
            merged = carried(self.repo, at, under, member.sub.commit, arena=arena)
        else:
            merged = merge_trees(self.repo, at, theirs, arena=arena)
        if merged.tree is None:
            return Left(member, merged.conflicts or ("",), merged.messages)
        changes = changed_paths(self.repo, at, merged.tree)
        if not changes:
            return Left(member, ())
        with Objects(self.repo) as odb:
            odb.include(merged.tree, (odb.commit(parent).tree for parent in (at, theirs)))
            return self._car(odb, at, member, own, merged.tree, changes)

    def _car(
        self,
        odb: Objects,
        at: str,
        member: Member,
        own: frozenset[str],
        tree: str,
        changes: tuple[Change, ...],
    ) -> Car:
        """The car with this tree, held against what the submission changes, whoever merged it."""
        sub = member.sub
        strays = tuple(sorted(change.path for change in changes if change.path not in own))
        commit = odb.add_commit(tree, (at, sub.commit), f"{CANDIDATE_OF}{member.name}", CANDIDATE, sub.at)
        odb.flush()
        return Car(member, commit, tree, changes, strays)
