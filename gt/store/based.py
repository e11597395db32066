"""Which open Beads could begin by what they need, and couldn't by their base: that hasn't the landing in it.

The ledger says what has landed; whether a branch of this clone has it is for git to say. What it said is remembered for as
long as the branch goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import field
from urllib.parse import quote

from gt.core.bead import Bead
from gt.core.ids import landing_ref, there_ref
from gt.core.ready import Lack, Look, needs_of
from gt.core.state import Acceptance
from gt.core.values import dataclass
from gt.errors import GtError
from gt.git import config, refs
from gt.git.merge import is_ancestor_here
from gt.git.reach import outside, present
from gt.git.repo import Repo
from gt.store.cachefile import keep, recall
from gt.store.targets import shared_through


def beginnings(repo: Repo, tips: Mapping[str, str]) -> dict[str, str]:
    """Where attempts begin at these targets, by where they are here.

    In a town of several machines that is where its remote was seen to have them.
    """
    with suppress(GtError):  # settings that can't be read are told as the target's trouble
        if shared_through(repo) is not None:
            return {name: refs.read(repo, there_ref(name)) or tip for name, tip in tips.items()}
    return dict(tips)


@dataclass(slots=True)
class Bases:
    """The branches that attempts begin from in this clone; git is asked once what they have."""

    repo: Repo
    tips: Mapping[str, str]
    """The targets, the default first, and where attempts at them begin."""
    words: Mapping[str, Acceptance]
    """What a person accepted of how others moved them."""
    asked: dict[tuple[str, str], Absence | None] = field(default_factory=dict)
    """For each branch and commit: None, if it has that."""

    def lacking(self, beads: Iterable[Bead], look: Look) -> dict[str, Lack]:
        """For each of these Beads whose base lacks the landing of something that it or one above it needs: which."""
        default = next(iter(self.tips), "")
        needs = [
            (bead, need, need.status.landed.commit, base)
            for bead in beads
            if (base := bead.spec.base or default) in self.tips
            for name in needs_of(bead, look)
            if (need := look(name)) and need.status.landed
        ]
        self._ask({(base, commit) for _, _, commit, base in needs} - self.asked.keys())
        found: dict[str, Lack] = {}
        for bead, need, commit, base in needs:
            absence, sub = self.asked[base, commit], need.status.submission
            if absence is not None:
                taken = absence.taken and sub is not None and sub.base == base
                hint = None if absence.here else self._fetching() or _letting_be(bead, need.id)
                found.setdefault(bead.id, Lack(need.id, commit, base, taken, hint))
        return found

    def _ask(self, new: set[tuple[str, str]]) -> None:
        if not new:
            return
        for base in sorted({base for base, _ in new}):
            wanted = {commit for there, commit in new if there == base}
            absent = _absent(self.repo, base, self.tips[base], wanted)
            taken = self._taken(base, {commit for commit, here in absent.items() if here})
            for commit in wanted:
                here = absent.get(commit)
                self.asked[base, commit] = None if here is None else Absence(here, commit in taken)

    def _taken(self, base: str, commits: set[str]) -> frozenset[str]:
        """Those of these commits that were on the branch, as far as this clone or a person's word tells."""
        own, word = refs.read(self.repo, landing_ref(base)), self.words.get(base)
        ends = present(self.repo, [*([own] if own else []), *(word.without if word else ())])
        return frozenset(commits) - outside(self.repo, commits, ends) if commits and ends else frozenset()

    def _fetching(self) -> str | None:
        """What may bring a commit that isn't here; None where there is nothing to fetch from."""
        if (self.repo.common_dir / "shallow").exists():
            return "git fetch --unshallow"
        keys = (key for key, _ in config.load(self.repo.common_dir / "config"))
        return (
            "git fetch --all" if any(k.startswith("remote.") and k.endswith(".url") for k in keys) else None
        )


@dataclass(frozen=True, slots=True)
class Absence:
    """That a branch hasn't got a commit."""

    here: bool
    """Whether the commit is in this repository."""
    taken: bool
    """Whether it was on the branch once."""


def _letting_be(bead: Bead, need: str) -> str:
    """What ends a wait for what can't come; one above the Bead may be who needs it."""
    return f"gt dep rm {bead.id} {need}" if need in bead.spec.needs else f"gt show {bead.spec.parent}"


def _absent(repo: Repo, base: str, tip: str, commits: set[str]) -> dict[str, bool]:
    """Those of these commits that the branch hasn't got, and whether they are here at all."""
    seen = repo.gt_dir / "cache" / "contained" / quote(base, safe="")
    at, *had = (recall(seen) or " ").split(" ")
    known = frozenset(had) if at and is_ancestor_here(repo, at, tip) else frozenset()
    new = frozenset(commits) - known - {tip}
    here = present(repo, new)
    out = (new - here) | outside(repo, here, [tip])
    if at != tip or new - out:
        keep(seen, " ".join([tip, *sorted(known | (new - out))]))
    return {commit: commit in here for commit in out}
