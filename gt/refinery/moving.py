"""Moving a target, wherever it is checked out: by one compare-and-swap, with the files first where there are any."""

from __future__ import annotations

from gt.core.values import dataclass
from gt.git import refs
from gt.git.repo import Repo
from gt.git.worktree import checked_out
from gt.lock import Held
from gt.refinery import pins
from gt.refinery.checkout import InTheWay, Record, bring_forward


@dataclass(frozen=True, slots=True)
class Mover:
    """Who moves a target, why and when; `merging` is the merge lock."""

    repo: Repo
    merging: Held
    actor: str
    why: str
    now: int

    def move(self, target: str, old: str, new: str) -> str | None:
        """Move it from `old` to `new`, which contains that. Returns what prevented it, as a sentence; then nothing moved.

        Raises Busy when another git holds the target's lock or works in the worktree it is checked out in.
        """

        def swap(seen_from: Repo) -> None:
            ref = pins.branch(target)
            refs.swap(seen_from, ref, new, old, message=self.why, actor=self.actor, now=self.now)

        try:
            found = checked_out(self.repo, target)
            if len(found) > 1:
                return f"{target} is checked out more than once"
            if not found:
                swap(self.repo)
            else:
                there = found[0]
                record = Record(str(there.git_dir), str(there.path), pins.branch(target), old, new)
                bring_forward(self.repo, there, record, self.merging, swap)
        except refs.RaceLost:
            return f"{target} moved"
        except InTheWay as error:
            return error.message
        return None

    def put(self, ref: str, oid: str | None) -> None:
        """Move one of gt's own refs."""
        pins.put(self.repo, ref, oid, why=self.why, actor=self.actor, now=self.now)
