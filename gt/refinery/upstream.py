"""A target as the remote has it that it is pushed to: what was seen of it last, and bringing ours to where that is.

The remote's own `refs/gt/landing/<target>` says what gts landed on it. Whoever may push there may say so: they may push
to the target as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gt import lock
from gt.core.bead import Bead, Phase
from gt.core.ids import submission_ref
from gt.core.state import Acceptance
from gt.core.town import Town
from gt.core.values import dataclass
from gt.git import refs
from gt.git.lineage import steps
from gt.git.merge import changed_paths, is_ancestor
from gt.git.network import PATIENCE
from gt.git.objects import Objects
from gt.git.remote import ask, bring, choose
from gt.git.repo import Repo
from gt.git.worktree import checked_out
from gt.refinery import pins
from gt.refinery.accepted import is_given_up
from gt.refinery.checkout import obstacles
from gt.refinery.moving import Mover
from gt.refinery.pins import Tips
from gt.refinery.places import merge_lock, unfinished
from gt.refinery.told import members
from gt.store.snapshot import Snapshot
from gt.store.targets import shared_through


@dataclass(frozen=True, slots=True)
class Parting:
    """How a target differs from what the remote had of it, in a way that only a person can put right."""

    cause: str
    """`behind`, `unpushed`, `rewound`, `replaced`, `parted` or `unshared`."""
    why: str
    """A clause after the target's name."""
    lost: bool = False
    """Whether it is about a landing that the remote doesn't have any more."""


def look(
    repo: Repo, remote: str, targets: Iterable[str], more: Iterable[str] = (), *, patience: float = PATIENCE
) -> Mapping[str, str]:
    """Ask the remote where these targets are, and the refs `more`; bring what is new of the targets here.

    Where nothing is, nothing is written. Returns where all of them are there. Raises NotFound for a remote that isn't
    set up in this clone, Unreachable, Denied and Busy.
    """
    choose(repo, remote)
    known = {ref: into for name in targets for ref, into in _kept(name).items()}
    found = ask(repo, remote, *known, *more, patience=patience)
    new = {ref: into for ref, into in known.items() if ref in found and refs.read(repo, into) != found[ref]}
    if new:
        with lock.hold(repo.gt_dir / "sync.lock"):
            bring(repo, remote, new, patience=patience)
    return found


def _kept(target: str) -> dict[str, str]:
    """The remote's refs that tell of a target, each with where it is kept here."""
    return {
        pins.branch(target): pins.there_ref(target),
        pins.landing_ref(target): pins.said_ref(target),
    }


def bring_work(repo: Repo, remote: str, submitted: Iterable[Bead]) -> dict[str, str]:
    """Bring the submitted commits here that are missing, by the pins that the remote has of them; returns these.

    Raises Unreachable, Denied and Busy.
    """
    wanted = missing_work(repo, submitted)
    found = ask(repo, remote, *wanted) if wanted else {}
    # A pin of ours is never moved: it may be all that keeps something.
    new = [ref for ref in found if refs.read(repo, ref) is None]
    bring(repo, remote, {ref: ref for ref in new})
    return {ref: commit for ref, commit in found.items() if wanted[ref] == commit}


def missing_work(repo: Repo, submitted: Iterable[Bead]) -> dict[str, str]:
    """The pins of submitted commits that aren't in this repository, with the commits."""
    subs = [(bead.id, sub) for bead in submitted if (sub := bead.status.submission)]
    if not subs:
        return {}
    with Objects(repo) as odb:
        return {submission_ref(bead, sub.token): sub.commit for bead, sub in subs if not odb.has(sub.commit)}


def ahead(repo: Repo, target: str, tip: str) -> str:
    """Where the remote is with a target, if the branch here, at `tip`, is only behind that; else `tip`."""
    there = refs.read(repo, pins.there_ref(target))
    behind = there is not None and there != tip and is_ancestor(repo, tip, there)
    return there if behind and there else tip


def is_behind(repo: Repo, target: str) -> bool:
    """Whether the branch here is only behind what the remote had."""
    tip = refs.read(repo, pins.branch(target))
    return tip is not None and ahead(repo, target, tip) != tip


def can_follow(repo: Repo, target: str) -> bool:
    """Whether the branch here can be brought to what the remote had, as far as a look tells."""
    tip = refs.read(repo, pins.branch(target))
    if tip is None:
        return False
    there = ahead(repo, target, tip)
    return there != tip and in_the_way(repo, target, tip, there) is None


def parted(repo: Repo, target: str, town: Town, word: Acceptance | None, lost: str | None) -> Parting | None:
    """What is wrong between a target here and on the remote that it is pushed to; None if nothing, or it isn't pushed.

    In a town of several machines each target must be pushed where these look. `word`: what a person accepted of how
    others moved it; `lost`: see there. Asks nobody.
    """
    remote, shared = town.refinery.push, shared_through(repo)
    tip = refs.read(repo, pins.branch(target))
    if shared is not None and shared != remote:
        lacks = f"isn't pushed to {shared}, where the other machines look: its settings lack refinery.push"
        return Parting("unshared", lacks)
    if remote is None or tip is None:
        return None
    there = refs.read(repo, pins.there_ref(target))
    if there is None:
        return Parting("unshared", f"isn't known to be on {remote}")
    if there == tip:
        return None
    if is_ancestor(repo, tip, there):
        why = in_the_way(repo, target, tip, there)
        return Parting("behind", f"is behind {remote}'s {there[:12]}, and {why}") if why else None
    others = town.refinery.land is not None
    own = lost if others else refs.read(repo, pins.landing_ref(target))
    if own is not None and not is_ancestor(repo, own, there):
        if is_ancestor(repo, own, tip):
            landed = (
                f"has {own[:12]}, which {'' if others else 'gt '}landed and {remote} doesn't have any more"
            )
            if is_given_up(repo, word, own):
                return Parting("parted", f"{landed}, as a person accepted", lost=True)
            if is_ancestor(repo, there, tip):
                return Parting("rewound", landed, lost=True)
            return Parting("replaced", f"{landed}, and lacks some that {remote} has", lost=True)
        if not is_given_up(repo, word, own):
            return None  # it was taken from here, too: that is to be settled first
    if is_ancestor(repo, there, tip):
        return Parting("unpushed", f"has commits that {remote} doesn't have")
    return Parting("parted", f"has commits that {remote} doesn't have, and lacks some that {remote} has")


def lost(repo: Repo, target: str, town: Town, snapshot: Snapshot) -> str | None:
    """The last landing on the remote's target that the ledger knows of, if it isn't there any more; None: it is.

    Where others land, only what is on the target here is looked at. Asks nobody.
    """
    # In this order: a merge that is at work moves them in the other.
    said = refs.read(repo, pins.said_ref(target))
    there = refs.read(repo, pins.there_ref(target))
    if there is None:
        return None
    if town.refinery.land is not None:
        return _lost_of_others(repo, target, there, snapshot)
    return _lost_of_gts(repo, said, there, snapshot)


def _lost_of_gts(repo: Repo, said: str | None, there: str, snapshot: Snapshot) -> str | None:
    """What the remote says of it may be of a push that came to half its end. What the ledger has as landed was there."""
    if said is None or said == there or is_ancestor(repo, said, there):
        return None
    with Objects(repo) as odb:
        named = {bead for bead, _, _ in members(odb.commit(said).message)}
    found = (snapshot.find(name) for name in sorted(named))
    return said if any(bead is not None and _landed_as(bead) == said for bead in found) else None


def _lost_of_others(repo: Repo, target: str, there: str, snapshot: Snapshot) -> str | None:
    tip = refs.read(repo, pins.branch(target))
    if tip is None or tip == there or is_ancestor(repo, tip, there):
        return None
    landed = {_landed_as(bead) for bead in snapshot.in_phase(Phase.LANDED)}
    return next((step.oid for step in steps(repo, there, tip) if step.oid in landed), None)


def _landed_as(bead: Bead) -> str | None:
    return bead.status.landed.commit if bead.status.landed else None


def knowing(at: Tips, landing: str | None) -> Tips:
    """What is pinned of a target here, with a landing of another clone's that came after, and was lost."""
    return at if landing is None else Tips(at.tip, landing, None)


def follow_all(
    repo: Repo, names: Iterable[str], why: str, actor: str, now: int
) -> tuple[dict[str, str], dict[str, str]]:
    """Bring targets to where the remote had them: those that were, each with its commit, and those that could not be, with why.

    Where a merge is at work, or one that died left something that comes first, nothing is done: a merge does it.
    """
    brought: dict[str, str] = {}
    left: dict[str, str] = {}
    held = None if unfinished(repo) else lock.try_hold(merge_lock(repo))
    if held is None:
        return brought, left
    try:
        mover = Mover(repo, held, actor, why, now)
        for name in names:
            behind = is_behind(repo, name)
            prevented = follow(mover, name)
            if prevented is not None:
                left[name] = prevented
            elif behind:
                brought[name] = refs.read(repo, pins.branch(name)) or ""
    finally:
        lock.release(held)
    return brought, left


def in_the_way(repo: Repo, target: str, tip: str, there: str) -> str | None:
    """What of the user's keeps a target from being brought to `there`; a clause, or None."""
    found = checked_out(repo, target)
    if len(found) > 1:
        return "it is checked out more than once"
    why = obstacles(repo, found[0], changed_paths(repo, tip, there)) if found else None
    return f"can't be brought there in {found[0].path}: {why}" if why else None


def follow(mover: Mover, target: str) -> str | None:
    """Bring a target to where the remote had it, if it is only behind that; with it, what gts are known to have landed.

    Changes nothing where there is nothing to do. Returns what prevents it, as a sentence. Killed between any two of
    its moves, it is finished by the next call, or by the next merge. Raises what `Mover.move` does.
    """
    repo = mover.repo
    at, there = pins.tips(repo, target), refs.read(repo, pins.there_ref(target))
    if at.tip is None or there is None:
        return None
    said = refs.read(repo, pins.said_ref(target))
    # What isn't on the remote's target was sent by a push that came to half its end, or taken away again.
    news = (
        said is not None
        and said != at.own
        and (at.own is None or not is_ancestor(repo, said, at.own))
        and is_ancestor(repo, said, there)
    )
    behind = at.tip != there and is_ancestor(repo, at.tip, there)
    if news and behind:
        mover.put(pins.next_ref(target), said)
    if behind:
        why = mover.move(target, at.tip, there)
        if why is not None:
            return why
    if news and (behind or at.tip == there):
        mover.put(pins.landing_ref(target), said)
    return None
