"""Landing a proven train: the last look, then one compare-and-swap of the target.

Every first-parent commit of a landing is the Refinery's own, and its tree a gated tree. The ledger isn't written here:
that the target has it is enough, and is found again by its trailers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from gt import lock
from gt.core.bead import Bead, Landed, Phase
from gt.core.ready import satisfied
from gt.core.state import Waiver
from gt.core.town import Town
from gt.core.values import dataclass
from gt.git import refs
from gt.git.committing import Committer
from gt.git.remote import Denied
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.lock import Held
from gt.refinery import pins
from gt.refinery.approvals import approved, needs_approval
from gt.refinery.candidate import preview
from gt.refinery.commits import Unlayable, lay
from gt.refinery.landed import adopts
from gt.refinery.moving import Mover
from gt.refinery.outcomes import Outcome
from gt.refinery.outward import Landing, send
from gt.refinery.train import Member, Train
from gt.refinery.waived import relied_on
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger
from gt.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class NotNow:
    """It wasn't landed, and the target is as it was: look again."""

    why: str
    misfit: str = ""
    """The Bead that can't land in this company."""
    refused: bool = False
    """Git said no, and would say it again."""
    theirs: bool = False
    """It was the remote, which may mean one of several only."""


def last_look(repo: Repo) -> AbstractContextManager[Held]:
    """The lock from a landing's last look to its swap; taken by all that may take a submission back."""
    return lock.hold(repo.gt_dir / "landing.lock")


def land(
    yard: Yard,
    ledger: Ledger,
    merging: Held,
    target: str,
    train: Train,
    proofs: Mapping[str, Sequence[Outcome]],
    town: Town,
    bypass: str = "",
) -> Landed | NotNow:
    """Land a train whose last tree is proven on the target's tip; `merging` is the merge lock.

    `proofs` are the outcomes by tree; with a linear history those of every car. A failure among them counts as long as the
    waiver holds that `town` has for its gate. `bypass`: a person lands it without any,
    and this says who and why; all else is looked at as ever. Raises Busy when another git holds
    the target's lock or works in the worktree it is checked out in.
    """
    waivers = () if bypass else relied_on(town, (each for some in proofs.values() for each in some))
    with last_look(yard.repo):
        now = yard.clock()
        against = objector(yard.repo, train, town, waivers, now)
        with ledger.read() as snapshot:
            objection = against(snapshot)
            beads = {member.bead: snapshot.find(member.bead) for member in train.members}
        if objection is not None:
            return NotNow(objection)
        if refs.read(yard.repo, pins.branch(target)) != train.tip:
            return NotNow(f"{target} moved")
        known = {name: bead for name, bead in beads.items() if bead is not None}
        try:
            committer = Committer(yard.repo, yard.actor, now)
            adopted = adopts(yard.repo, pins.tips(yard.repo, target))
            laid = lay(yard.repo, train, known, town, proofs, committer, bypass, adopted)
        except Unlayable as error:
            return NotNow(f"{error.bead} {error.why}", error.bead)
        except GitFailed as error:  # it could not be signed
            return NotNow(error.message, refused=True)
        names = ", ".join(member.sub.commit[:12] for member in train.members)
        mover = Mover(yard.repo, merging, yard.actor, f"gt merge: {names}", now)
        members = {member.bead: member.sub for member in train.members}
        landing = Landing(target, train.tip, laid.head, members)
        mover.put(pins.next_ref(target), landing.new)
        try:
            why = send(mover, ledger, town, landing, against)
        except Denied as error:
            return NotNow(error.message, refused=True, theirs=True)
        why = why or _moved(yard, town, mover, landing)
        return NotNow(why) if why is not None else Landed(laid.head, train.cars[-1].tree, now)


def objector(
    repo: Repo, train: Train, town: Town, waivers: Sequence[Waiver], now: int
) -> Callable[[Snapshot], str | None]:
    """Says what in a state of the ledger speaks against landing; `waivers` are those that the proofs hang on."""
    return lambda snapshot: _ended(snapshot, waivers, now) or _objection(repo, snapshot, train, town, now)


def _ended(snapshot: Snapshot, waivers: Iterable[Waiver], now: int) -> str | None:
    """Which of these waivers is over, as the ledger is now: the gate holds landing again."""
    held = snapshot.state().waived(now)
    gone = next((each for each in waivers if each not in held), None)
    return f"gate {gone.gate} is red on {gone.target}, and that waiver is over" if gone is not None else None


def _objection(repo: Repo, snapshot: Snapshot, train: Train, town: Town, now: int) -> str | None:
    """What in the ledger, as it is now, speaks against landing."""
    if snapshot.state().is_paused(now):
        return "the town was paused"
    aboard = {member.bead for member in train.members}
    for car in train.cars:
        member = car.member
        bead = snapshot.find(member.bead)
        why = _against(repo, bead, member, train.tip, town)
        if why is not None or bead is None:
            return f"{member.bead} {why}"
        if car.strays:
            return f"{member.bead} would change {car.strays[0]}, which its commits don't change"
        unmet = [need for need in sorted(bead.spec.needs - aboard) if not _met(snapshot.find(need))]
        if unmet:
            return f"{member.bead} needs {', '.join(unmet)}"
    return None


def _met(need: Bead | None) -> bool:
    return need is not None and satisfied(need)


def _against(repo: Repo, found: Bead | None, member: Member, tip: str, town: Town) -> str | None:
    sub = member.sub
    if found is None or found.phase is not Phase.SUBMITTED or found.status.submission is None:
        return "is no longer submitted"
    there = found.status.submission
    if (there.token, there.commit, there.base) != (sub.token, sub.commit, sub.base):
        return f"has another submission, {there.token}"
    if found.spec.hold:
        return "is on hold"
    made = preview(repo, tip, sub.commit, town)
    if needs_approval(found, town, made) and not approved(repo, found, there, made, town):
        return "isn't approved"
    return None


def _moved(yard: Yard, town: Town, mover: Mover, landing: Landing) -> str | None:
    """Move the target here; returns what prevented it, unless it has landed already, on the remote."""
    why = mover.move(landing.target, landing.old, landing.new)
    if why is None:
        mover.put(pins.landing_ref(landing.target), landing.new)
    elif town.refinery.push is not None:
        yard.say(f"{landing.target} stays behind {town.refinery.push}'s here: {why}")
        return None
    return why
