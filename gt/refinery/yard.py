"""What a run of the Refinery is given: where, who, the clock, the environment, and whom to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from gt.core.values import dataclass
from gt.git.repo import Repo
from gt.refinery.outcomes import Outcome


def _silent(_told: object) -> None:
    return


@dataclass(frozen=True, slots=True)
class Yard:
    """Where the Refinery works."""

    repo: Repo
    actor: str
    clock: Callable[[], int]
    """Seconds since the epoch; asked again and again, for gates take their time."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """The user's environment; gates get what is allowed of it."""
    say: Callable[[str], None] = _silent
    """Told, one line at a time, what is going on."""
    ran: Callable[[Outcome], None] = _silent
    """Told of every gate run that came to an end."""
