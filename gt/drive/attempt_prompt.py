"""What an agent is primed with: the prompt, from the Bead and what earlier attempts left on this clone."""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Bead, Lease, Result
from gt.core.prompt import TAIL, Evidence, build
from gt.core.reverts import LINK, taken_back
from gt.drive.attempt_start import Start, start_of
from gt.fleet import launch
from gt.fleet.places import log_path
from gt.git.repo import Repo
from gt.store.snapshot import Snapshot
from gt.store.targets import targets


def prompt_for(repo: Repo, snapshot: Snapshot, bead: Bead, start: Start | None) -> str:
    """The prompt of an attempt that begins at `start`; None: it isn't known where one would."""
    evidence = Evidence(tail=_tail(repo, bead), reverted=_reverted(snapshot, bead))
    if start is not None:
        evidence = replace(evidence, merged=start.merged, aside=start.aside, conflicts=start.conflicts)
    else:
        evidence = replace(evidence, aside=_last_work(bead))
    lease = bead.status.lease
    base = lease.base if lease else bead.spec.base or targets(repo)[0]
    return build(bead, evidence, base, _above(snapshot, bead))


def prime(repo: Repo, snapshot: Snapshot, bead: Bead, now: int) -> str:
    """The prompt as an attempt at this Bead has it, or would have it if it began now."""
    lease: Lease | None = bead.status.lease
    # A person's claim begins at the target, whatever was left before.
    attempt = lease is not None and lease.lock
    return prompt_for(repo, snapshot, bead, start_of(repo, bead, lease, now) if lease and attempt else None)


def _tail(repo: Repo, bead: Bead) -> str:
    """The end of the output of the last attempt that ended; an agent's JSON report isn't worth reading."""
    ended = bead.status.attempts
    if not ended:
        return ""
    text = launch.tail(log_path(repo, bead.id, ended[-1].token), TAIL * 2)
    return "\n".join(line for line in text.splitlines() if not line.startswith('{"type":'))


def _last_work(bead: Bead) -> str | None:
    """What the last attempt that left any left; None after one that was taken."""
    for attempt in reversed(bead.status.attempts):
        if attempt.result is Result.SUBMITTED:
            return None
        if attempt.head:
            return attempt.head
    return None


def _reverted(snapshot: Snapshot, bead: Bead) -> tuple[str, ...]:
    found = taken_back(bead, lambda name: snapshot.linked_to(name, f"link:{LINK}"))
    return tuple(f"{each.spec.title}\n\n{each.spec.body}" for each in found)


def _above(snapshot: Snapshot, bead: Bead) -> tuple[Bead, ...]:
    found: list[Bead] = []
    above = bead.spec.parent
    while above is not None and all(above != each.id for each in found):
        parent = snapshot.find(above)
        if parent is None:
            break
        found.append(parent)
        above = parent.spec.parent
    return tuple(found)
