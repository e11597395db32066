"""Sending a landing to the remote that its target is pushed to: it has landed when that has accepted it.

One push moves the target, what the remote knows of gt's own landings, and, where several machines work the town, a
ledger that says what is being landed; each only from where it was looked at, all or nothing. A server that dies amid
them may keep a part. Each part alone does no harm: an intent is no landing, and a target that moved tells of what landed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gt.core import moves
from gt.core.bead import Submission
from gt.core.town import Town
from gt.core.values import dataclass
from gt.git import refs
from gt.git.merge import is_ancestor
from gt.git.remote import Overtaken, Update, ask, push
from gt.refinery import pins, upstream
from gt.refinery.moving import Mover
from gt.store.hub import hub_of
from gt.store.ledger import Changes, Ledger, Message
from gt.store.snapshot import Snapshot

Look = Callable[[Snapshot], str | None]
"""What in a state of the ledger speaks against a landing, as a sentence; None: nothing."""


class _Overruled(Exception):
    """The landing must not be sent: says why."""


@dataclass(frozen=True, slots=True)
class Landing:
    """What is to be sent: the target moves from `old` to `new`, which lands these submissions, by Bead."""

    target: str
    old: str
    new: str
    members: Mapping[str, Submission]


def send(mover: Mover, ledger: Ledger, town: Town, landing: Landing, look: Look) -> str | None:
    """Send a landing; None once it is accepted, or where the target isn't pushed anywhere. Else why it wasn't sent.

    `look` is the last look at the ledger, made anew each time that another machine was quicker. Where the target itself
    moved, ours is brought to where it is now. Raises Unreachable (what the remote has is unknown then), Denied, Busy.
    """
    remote = town.refinery.push
    if remote is None:
        return None
    it = _Sending(mover, remote, landing)
    try:
        hub = hub_of(ledger, mover.actor, mover.now)
        if hub is not None and hub.name == remote:
            hub.update(lambda snapshot: it.intent(snapshot, look), it.updates)
        else:
            push(mover.repo, remote, it.updates())
    except _Overruled as error:
        _catch_up(it)
        return str(error)
    except Overtaken as error:
        _catch_up(it)
        return error.message
    mover.put(pins.there_ref(landing.target), landing.new)
    mover.put(pins.said_ref(landing.target), landing.new)
    return None


def tell(mover: Mover, remote: str, target: str) -> None:
    """Tell the remote what gt landed on it, where a push that came to half its end left that out."""
    own, said, there = (
        refs.read(mover.repo, ref(target)) for ref in (pins.landing_ref, pins.said_ref, pins.there_ref)
    )
    if own is None or there is None or own == said or not is_ancestor(mover.repo, own, there):
        return
    if said is None or is_ancestor(mover.repo, said, own):
        push(mover.repo, remote, [Update(pins.landing_ref(target), own, said)])
        mover.put(pins.said_ref(target), own)


@dataclass(slots=True)
class _Sending:
    """One landing on its way."""

    mover: Mover
    remote: str
    landing: Landing
    asked: bool = False

    def updates(self) -> Sequence[Update]:
        """The refs of the remote that are to move; raises _Overruled if the target isn't where it was gated on."""
        repo, target = self.mover.repo, self.landing.target
        ref, own = pins.branch(target), pins.landing_ref(target)
        if self.asked:
            found = ask(repo, self.remote, ref, own)
            there, said = found.get(ref), found.get(own)
        else:
            there, said = refs.read(repo, pins.there_ref(target)), refs.read(repo, pins.said_ref(target))
        self.asked = True
        if there != self.landing.old:
            raise _Overruled(f"{target} of {self.remote} isn't where it was gated on")
        return [Update(ref, self.landing.new, there), Update(own, self.landing.new, said)]

    def intent(self, snapshot: Snapshot, look: Look) -> tuple[Message, Callable[[Snapshot], Changes]]:
        """The ledger's word on what is being landed."""
        why = look(snapshot)
        if why is not None:
            raise _Overruled(why)
        landing = self.landing

        def change(snapshot: Snapshot) -> Changes:
            coming = {
                name: moves.intend(snapshot.get(name), sub.token, sub.commit, landing.new)
                for name, sub in landing.members.items()
            }
            return Changes(coming)

        names = tuple(sorted(landing.members))
        subject = f"landing {', '.join(names)} on {landing.target} as {landing.new[:12]}"
        return Message(subject, "landing", self.mover.actor, names, self.mover.now), change


def _catch_up(it: _Sending) -> None:
    upstream.look(it.mover.repo, it.remote, [it.landing.target])
    upstream.follow(it.mover, it.landing.target)
