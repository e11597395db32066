"""Who claims, as a lease records it: the process, its machine and its clone."""

from __future__ import annotations

import os

from gt.drive.hands import Hands
from gt.fleet import processes, roster
from gt.verbs.claim import Holder


def holder(hands: Hands, *, agent: bool) -> Holder:
    """Who claims: this process, in the name of its actor."""
    pid = os.getpid()
    return Holder(
        actor="" if agent else hands.actor,
        host=roster.host(),
        boot=processes.boot_id(),
        clone=roster.clone(hands.repo),
        agent=agent,
        pid=pid if agent else 0,
        pidstart=(processes.start_time(pid) or 0) if agent else 0,
    )
