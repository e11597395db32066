"""Locks on refs and files of git's: a dead gt's are healed, another git's are named with their age."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from gt.core.finding import Finding, Severity
from gt.core.when import format_duration
from gt.drive.checkup.scene import Scene
from gt.git.leftlocks import left_locked
from gt.git.standing import Owner, standing
from gt.store.ledger import LEDGER

YOUNG = 60
"""Seconds for which another git's lock is none of our business: it is at work."""


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about locks that stand, and what dead gts had prepared."""
    locks = standing(scene.repo)
    for lock in locks:
        if lock.owner is Owner.DEAD:
            text = f"is locked by {lock.owner}"
            yield Finding("dead-lock", Severity.WARNING, str(lock.ref), text, f"gt heal {lock.ref}")
        elif lock.owner is Owner.FOREIGN and scene.now - lock.since >= YOUNG:
            age = format_duration(scene.now - lock.since)
            text = f"was made {age} ago by {lock.owner}, which is at work there or died at it"
            repair = f"gt repair --foreign-lock {shlex.quote(str(lock.path))}"
            yield Finding("foreign-lock", Severity.ERROR, str(lock.path), text, repair)
    locked = {lock.ref for lock in locks if lock.owner is Owner.DEAD}
    for ref in left_locked(scene.repo, LEDGER):
        if ref not in locked:
            text = "a gt died while it moved it, and left what it had prepared"
            yield Finding("dead-lock", Severity.NOTE, ref, text, f"gt heal {ref}")
