"""`gt undo`: what one commit of the ledger did is taken back by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt.core.bead import Bead
from gt.core.changes import changes
from gt.core.data import bead_data, page_data
from gt.core.undo import Deed, Inverse, Obstacle, Taker, inverse
from gt.core.values import dataclass
from gt.errors import Refused
from gt.fleet import keep
from gt.git.repo import Repo
from gt.refinery.landing import last_look
from gt.store import deeds
from gt.store.history import Event, Sought, log
from gt.store.layout import STATE
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from gt.store.patches import Patch
from gt.store.records import state_data

SHOWN = 3
"""How many later commits, and how many obstacles, a refusal names."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was, or would be, taken back."""

    done: Event
    patches: tuple[Patch, ...]
    """What that changes; nothing if it is as if it had never been done."""
    commit: str | None
    """The commit that takes it back; None if there is none."""
    by: Event | None = None
    """The commit that had taken it back already."""


def undo(repo: Repo, ledger: Ledger, named: str | None, *, dry_run: bool, actor: str, now: int) -> Undone:
    """Take back the named commit, or (None) the last thing that this actor did by hand and nobody took back.

    All of it or nothing, in one commit; a commit that is taken back already stays so. `dry_run` writes nothing.
    Waits for a landing under way. Raises Refused for what can't be meant, and where something depends on it: then it
    names what, and of a Bead the later commits behind that.
    """
    done = deeds.latest(repo, actor) if named is None else deeds.named(repo, named)
    if (by := deeds.taken_back(repo, done)) is not None:
        return Undone(done, (), None, by)
    deed = deeds.deed(repo, done)
    if dry_run:
        with ledger.read() as snapshot:
            return Undone(
                done, _patches(snapshot, _taken(repo, snapshot, done, deed, Taker(actor, now))), None
            )
    outcome: list[tuple[Patch, ...]] = []
    taker = Taker(actor, now, _secured(repo, ledger, deed, actor, now))

    def change(snapshot: Snapshot) -> Changes:
        made = _taken(repo, snapshot, done, deed, taker)
        outcome[:] = [_patches(snapshot, made)]
        return Changes(made.beads, made.pages, made.state)

    message = Message(
        f"undo {done.commit[:12]}: {done.subject}",
        "undo",
        actor,
        tuple(deed.beads),
        now,
        ((deeds.UNDOES, done.commit),),
    )
    with last_look(repo), ledger.hold() as held:
        before = ledger.tip()
        with ledger.update(held, message, change) as after:
            made = after.tip
    return Undone(done, outcome[0], None if made == before else made)


def _taken(repo: Repo, snapshot: Snapshot, done: Event, deed: Deed, taker: Taker) -> Inverse:
    made = inverse(deed, snapshot, taker)
    if made.obstacles:
        raise _refused(repo, done, deed, made.obstacles)
    return made


def _secured(repo: Repo, ledger: Ledger, deed: Deed, actor: str, now: int) -> Mapping[str, str | None]:
    """What their own claims that end by this left, pinned before the ledger lets go of them."""
    heads: dict[str, str | None] = {}
    with ledger.read() as snapshot:
        for name, (before, after) in deed.beads.items():
            lease = after.status.lease if after and before and not before.status.lease else None
            current = snapshot.find(name)
            if (
                lease
                and not lease.lock
                and lease.actor == actor
                and current
                and current.status.lease == lease
            ):
                heads[name] = keep.secure(repo, current, lease, now).head
    return heads


def _refused(repo: Repo, done: Event, deed: Deed, obstacles: Sequence[Obstacle]) -> Refused:
    said = [f"{each.subject} {each.why}" for each in obstacles[:SHOWN]]
    if len(obstacles) > SHOWN:
        said.append(f"and {len(obstacles) - SHOWN} more")
    first = obstacles[0]
    about = Sought(bead=first.subject, after=done.commit) if first.subject in deed.beads else None
    later = [f"{each.commit[:12]} ({each.subject})" for each in (log(repo, about, SHOWN) if about else ())]
    since = f"; since then: {', '.join(later)}" if later else ""
    return Refused(
        f"can't undo {done.commit[:12]} ({done.subject}): {'; '.join(said)}{since}", hint=first.hint
    )


def _patches(snapshot: Snapshot, made: Inverse) -> tuple[Patch, ...]:
    """What the inverse changes, as fields."""
    found = [
        Patch("Bead", name, changes(_data(snapshot.find(name)), _data(bead)))
        for name, bead in made.beads.items()
    ]
    there = {page.id: page for page in snapshot.pages()}
    found += [
        Patch("Page", name, changes(page_data(there[name]), page_data(page)))
        for name, page in made.pages.items()
    ]
    if made.state is not None:
        found.append(Patch("TownState", STATE, changes(state_data(snapshot.state()), state_data(made.state))))
    return tuple(found)


def _data(bead: Bead | None) -> dict[str, object] | None:
    return None if bead is None else bead_data(bead, seconds=True)
