"""What a `gt merge` did, and what it left: told as it goes, and summed up in an exit code."""

from __future__ import annotations

from dataclasses import field

from gt.core.bead import Landed, Result, Submission
from gt.core.state import Waiver
from gt.core.values import dataclass
from gt.core.world import Queued, Standing
from gt.refinery.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Rejection:
    """A submission that wasn't taken."""

    bead: str
    token: str
    result: Result
    reason: str


@dataclass(slots=True)
class MergeReport:
    """What a merge did, and what it left."""

    target: str
    start: str | None
    end: str | None = None
    landed: list[tuple[str, str, Landed]] = field(default_factory=list)
    """Bead, token, where."""
    waivers: list[Waiver] = field(default_factory=list)
    """What these landings hung on: each let a gate be red."""
    offered: list[tuple[str, Submission]] = field(default_factory=list)
    """What others were asked to land: Bead and submission."""
    rejected: list[Rejection] = field(default_factory=list)
    left: tuple[Queued, ...] = ()
    """What is still submitted for the target, in landing order."""
    trouble: str | None = None
    """What stops all landing on the target; a clause after its name."""
    runs: list[Outcome] = field(default_factory=list)
    kept: tuple[str, ...] = ()
    """The user's files that a killed landing's repair left as they were."""

    def standing(self, standing: Standing) -> tuple[Queued, ...]:
        """What is left in one standing."""
        return tuple(queued for queued in self.left if queued.standing is standing)

    @property
    def exit_code(self) -> int:
        """3 something was rejected, 20 a person must act, 10 there is more to do, 11 waiting, 0 all done."""
        if self.rejected:
            return 3
        if self.trouble or self.standing(Standing.HELD):
            return 20
        if self.standing(Standing.DUE):
            return 10
        return 11 if self.left else 0
