"""What attempts have on this machine: leases whose holders are gone, and what those that are over left behind."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from gt.core import ids
from gt.core.bead import Bead
from gt.core.finding import Finding, Severity
from gt.core.when import format_time
from gt.core.world import Remains, lease_grace
from gt.drive.checkup.scene import Scene
from gt.drive.leftovers import leftovers
from gt.drive.observe import look_at_targets
from gt.errors import GtError
from gt.fleet import roster
from gt.fleet.places import recorded, worktree_path
from gt.git import refs

_WORK = "refs/heads/gt"


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about leases, processes, worktrees, branches and locks of attempts."""
    if scene.snapshot is None:
        return
    for bead in scene.beads.values():
        yield from _lease(scene, bead)
    left = leftovers(scene.repo, scene.find)
    for zombie in left.zombies:
        text = f"attempt {zombie.token} is over, and something of it still runs"
        name = f"{zombie.bead} {zombie.token}"
        yield Finding("zombie", Severity.WARNING, zombie.bead, text, f"gt kill {name}")
    for each in left.remains:
        text = f"is the {each.what} of an attempt that is over; all of it is kept elsewhere"
        yield Finding("garbage", Severity.NOTE, each.path, text, f"gt prune {each.bead} {each.token}")
    yield from _worktrees(scene, left.remains)
    yield from _branches(scene)


def _lease(scene: Scene, bead: Bead) -> Iterator[Finding]:
    lease = bead.status.lease
    if lease is None:
        return
    end = f"gt expire {bead.id} {lease.token}"
    if roster.state(scene.repo, bead.id, lease) is roster.Holder.DEAD:
        text = f"is leased to attempt {lease.token}, whose process is dead"
        yield Finding("dead-lease", Severity.WARNING, bead.id, text, end)
    elif scene.now >= lease.expires + lease_grace(lease):
        text = f"has a lease that ended at {format_time(lease.expires)}"
        yield Finding("expired-lease", Severity.WARNING, bead.id, text, end)


def _worktrees(scene: Scene, remains: tuple[Remains, ...]) -> Iterator[Finding]:
    """Directories below the town's roots that are called after attempts, and belong to none that is under way."""
    known = {each.path for each in remains}
    for path in sorted(_named(scene)):
        parts = path.name.split("-")
        name, token = "-".join(parts[:2]), "-".join(parts[2:])
        bead = scene.beads.get(name)
        lease = bead.status.lease if bead else None
        attempt = bead.attempt(token) if bead else None
        if str(path) in known or (lease and lease.token == token) or (attempt and not attempt.agent):
            continue
        if bead is None:
            text = "is called after an attempt at a Bead that is not on this ledger"
            hint = None
        elif recorded(scene.repo, name, token) is None:
            text, hint = "is called after an attempt that is over, and git has no record of it", None
        elif attempt is None:
            text = "is called after an attempt that the ledger has no record of: a sync may have refused its claim"
            hint = f"git worktree remove {shlex.quote(str(path))}"
        else:
            text, hint = (
                "belongs to an attempt that is over, and holds something that isn't kept",
                f"gt prune {name} {token}",
            )
        yield Finding("orphaned-worktree", Severity.WARNING, str(path), text, hint)


def _named(scene: Scene) -> set[Path]:
    _, towns = look_at_targets(scene.repo)
    found: set[Path] = set()
    for town in towns.values():
        try:
            root = worktree_path(scene.repo, town.worktrees.root, "gt-00000000", "1-0000").parent
            names = os.listdir(root)
        except (GtError, OSError):
            continue
        found.update(root / name for name in names if _is_attempt(name))
    return found


def _is_attempt(name: str) -> bool:
    parts = name.split("-")
    return len(parts) == 4 and ids.is_id("-".join(parts[:2])) and ids.is_token("-".join(parts[2:]))


def _branches(scene: Scene) -> Iterator[Finding]:
    unreadable = {problem.where.rpartition("/")[2].removesuffix(".yaml") for problem in scene.problems}
    for ref in refs.listing(scene.repo, _WORK):
        bead = ref.removeprefix(f"{_WORK}/").partition("/")[0]
        if bead not in scene.beads and bead not in unreadable:
            text = "is a branch of gt's for no Bead on this ledger"
            yield Finding("branch-without-bead", Severity.NOTE, ref, text, f"git log {ref}")
