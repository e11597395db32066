"""What gate runs took, as kept outcomes tell it, and what this machine has: how many can run at once follows from both."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from gt.core.slotting import Machine, Usage
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.outcomes import Outcome


def machine() -> Machine:
    """The cores that this process may use, and the memory there is."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024
    except (ValueError, OSError, AttributeError):
        memory = 0
    return Machine(cores, memory)


def usage(runs: Sequence[Outcome], repo: Repo) -> list[Usage]:
    """What the last gate runs took: these, or (where there are none) those that are kept."""
    return measured(runs[-outcomes.LATELY :] or tuple(outcomes.lately(repo)))


def measured(runs: Iterable[Outcome]) -> list[Usage]:
    """What these took."""
    return [Usage(each.gate, each.seconds, each.cpu, each.rss) for each in runs if each.seconds]
