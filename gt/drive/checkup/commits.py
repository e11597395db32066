"""The commits that Beads name: here, pinned, and on the target where they are said to have landed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from gt.core import ids
from gt.core.bead import Bead, Phase
from gt.core.finding import Finding, Severity
from gt.drive.checkup.files import repair_of
from gt.drive.checkup.scene import Scene
from gt.errors import Refused
from gt.fleet import places, roster
from gt.git import refs
from gt.git.merge import is_ancestor
from gt.git.reach import outside, present
from gt.git.worktree import checked_out
from gt.refinery.pins import there_ref
from gt.store.targets import shared_through

_PINS = ("refs/gt/sub/", "refs/gt/wip/")


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about submissions, what attempts left, landings, and pins of Beads that aren't there."""
    kept = [(bead, ref, oid) for bead in scene.beads.values() for ref, oid in wanted_pins(bead)]
    landed = {b.id: b.status.landed.commit for b in scene.beads.values() if b.status.landed}
    scene.tell("commits")
    here = present(scene.repo, [*(oid for _, _, oid in kept), *landed.values()])
    loose = outside(scene.repo, {oid for _, _, oid in kept if oid in here})
    for bead, ref, oid in kept:
        submitted = ref.startswith("refs/gt/sub/") and bead.phase is Phase.SUBMITTED
        if oid not in here:
            if bead.phase.over:
                continue
            severity = Severity.ERROR if submitted else Severity.NOTE
            text = f"{oid[:12]} of {bead.id} is not in this clone"
            shared = submitted and _is_shared(scene)
            if submitted and not shared:
                text += ": it can be merged where it was submitted; or push this ref there, and fetch it here"
            yield Finding("missing-commit", severity, ref, text, "gt sync" if shared else None)
        elif (submitted and scene.pins.get(ref) != oid) or (oid in loose and _is_owed(scene, bead, ref)):
            text = f"doesn't keep {oid[:12]} of {bead.id}: a git gc may remove it"
            yield Finding("unpinned", Severity.ERROR, ref, text, repair_of("unpinned", ref))
    yield from _landings(scene, {name: oid for name, oid in landed.items() if oid in here})
    yield from _orphans(scene)


def _is_owed(scene: Scene, bead: Bead, ref: str) -> bool:
    """Whether it is for this clone to keep what this ref would: what was left in another clone is kept there."""
    if bead.phase.over:
        return False
    name = bead.id, ref.rpartition("/")[2]
    traces = (roster.lock_path, places.log_path, places.record_path)
    was_here = any(os.path.lexists(path(scene.repo, *name)) for path in traces)
    return was_here or ref.startswith("refs/gt/sub/") or not _is_shared(scene)


def _is_shared(scene: Scene) -> bool:
    """Whether several machines work the town, so that a sync brings what was submitted."""
    try:
        return shared_through(scene.repo) is not None
    except Refused:
        return False


def wanted_pins(bead: Bead) -> Iterator[tuple[str, str]]:
    """The refs that should keep what a Bead names, with the commits."""
    submission = bead.status.submission
    if submission is not None and bead.phase in (Phase.SUBMITTED, Phase.PROPOSED):
        yield ids.submission_ref(bead.id, submission.token), submission.commit
    for attempt in bead.status.attempts:
        taken = submission is not None and attempt.token == submission.token
        if attempt.head is not None and not taken:
            yield ids.wip_ref(bead.id, attempt.token), attempt.head


def _landings(scene: Scene, landed: dict[str, str]) -> Iterator[Finding]:
    """Commits that landed once and that no target has any more."""
    tips = [oid for name in scene.targets if (oid := refs.read(scene.repo, f"refs/heads/{name}"))]
    if not tips:
        return
    lost = outside(scene.repo, landed.values(), tips)
    for target in scene.targets if lost else ():
        there = refs.read(scene.repo, there_ref(target))
        if there is not None and (still := outside(scene.repo, lost, [there])) != lost:
            yield _behind(scene, target, there_ref(target), "its remote", len(lost - still))
            lost = still
    for target in scene.targets if lost else ():
        if refs.read(scene.repo, there_ref(target)) is not None:
            continue  # what the user fetched may be older than where gt saw it last
        for ref in refs.listing(scene.repo, "refs/remotes"):
            if ref.split("/", 3)[3:] != [target]:
                continue
            outside_too = outside(scene.repo, lost, [ref])
            if outside_too != lost:
                yield _behind(scene, target, ref, ref.removeprefix("refs/remotes/"), len(lost - outside_too))
            lost = outside_too
    for name, oid in landed.items():
        if oid in lost:
            text = f"landed as {oid[:12]}, which is on no target of this clone any more"
            yield Finding("landing-lost", Severity.WARNING, name, text, f"gt reopen {name}")


def _behind(scene: Scene, target: str, ref: str, whose: str, count: int) -> Finding:
    """Another clone's landings are where a remote has a target, and have to be brought in."""
    text = f"lacks {count} landing{'' if count == 1 else 's'} that {whose} has"
    if not is_ancestor(scene.repo, f"refs/heads/{target}", ref):
        # What brings it in is for a person to choose: each has something that the other hasn't.
        both = shlex.quote(f"{target}...{ref}")
        return Finding("target-behind", Severity.NOTE, target, text, f"git log --oneline --left-right {both}")
    return Finding("target-behind", Severity.NOTE, target, text, _bring(scene, target, ref))


def _bring(scene: Scene, target: str, ref: str) -> str:
    """What brings a target forward to where a remote has it."""
    if ref == there_ref(target):
        return "gt sync"
    places = checked_out(scene.repo, target)
    if not places:
        return f"git fetch . {shlex.quote(f'{ref}:refs/heads/{target}')}"
    name = shlex.quote(ref.removeprefix("refs/remotes/"))
    return f"git -C {shlex.quote(str(places[0].path))} merge --ff-only {name}"


def _orphans(scene: Scene) -> Iterator[Finding]:
    if scene.snapshot is None:
        return
    unreadable = {problem.where.rpartition("/")[2].removesuffix(".yaml") for problem in scene.problems}
    for ref in scene.pins:
        bead = ref.split("/")[3] if ref.startswith(_PINS) else None
        if bead is not None and bead not in scene.beads and bead not in unreadable:
            text = "keeps work for a Bead that is not on this ledger"
            yield Finding("pin-without-bead", Severity.NOTE, ref, text, f"git log {ref}")
