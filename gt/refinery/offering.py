"""Offering what is proven to others, who land it: where the target isn't gt's to move, by a pull request.

First the ledger says that it is offered, then the submitted commit is pushed as a branch of gt's, then the town's command
is run, then the ledger says that it is done. Killed between any two of these, the next merge goes on there; the
command is run again only where nobody knows that it succeeded. None of it is a landing: that is `observed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from gt.core import moves
from gt.core.bead import Bead, Offered, Submission
from gt.core.town import LandSpec, Town
from gt.core.values import dataclass
from gt.errors import IllegalMove
from gt.git import refs
from gt.git.objects import Objects
from gt.git.remote import Denied
from gt.refinery import asking, branches, pins
from gt.refinery.asking import Request
from gt.refinery.landing import NotNow, last_look, objector
from gt.refinery.message import landing_message
from gt.refinery.offers import Tries, is_begun, is_open, told, tries
from gt.refinery.outcomes import Outcome
from gt.refinery.train import Train
from gt.refinery.waived import relied_on
from gt.refinery.yard import Yard
from gt.store.hub import Unsure, hub_of
from gt.store.ledger import Changes, Ledger, Message
from gt.store.snapshot import Snapshot


class _Overruled(Exception):
    """Something in the ledger speaks against it: says what."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be offered: that is tried again, but not for ever."""

    why: str


def offer(
    yard: Yard, ledger: Ledger, target: str, train: Train, proofs: Sequence[Outcome], town: Town
) -> Offered | NotNow | Failed:
    """Offer a train of one that is proven on the target's tip. For the holder of the merge lock.

    Raises Unreachable and Busy, and KeyboardInterrupt when interrupted.
    """
    land = town.refinery.land
    (member,) = train.members
    assert land is not None
    it = _Offering(yard, ledger, town, member.bead, member.sub)
    with last_look(yard.repo):
        now = yard.clock()
        if refs.read(yard.repo, pins.branch(target)) != train.tip:
            return NotNow(f"{target} moved")
        look = objector(yard.repo, train, town, relied_on(town, proofs), now)
        mine = it.tries.begun
        try:
            with it.beginning(offered := Offered(now, train.tip)):
                before = it.note(offered, lambda seen: look(seen) or it.overtaken(seen, mine))
        except _Overruled as error:
            return NotNow(str(error))
    if it.tries.url is None:
        why = it.ask(land, before, train.tip, proofs)
        if why:
            return Failed(why)
    return it.conclude(train.tip)


@dataclass(frozen=True, slots=True)
class _Offering:
    """One merge's way to offer one submission."""

    yard: Yard
    ledger: Ledger
    town: Town
    bead: str
    sub: Submission

    @property
    def tries(self) -> Tries:
        return tries(self.yard.repo, self.bead, self.sub)

    @contextmanager
    def beginning(self, offered: Offered) -> Iterator[None]:
        """Remember here that this clone says so; what it said before, if it turns out that it can't."""
        before = self.tries.begun
        asking.begin(self.yard.repo, self.bead, self.sub, told(offered))
        try:
            yield
        except Unsure:
            raise  # the others may have its word
        except Exception:
            asking.begin(self.yard.repo, self.bead, self.sub, before)
            raise

    def overtaken(self, snapshot: Snapshot, mine: str) -> str | None:
        """Whether another machine was quicker; `mine`: what this clone set about before, as `Tries.begun` has it."""
        held, land = snapshot.get(self.bead).status.submission, self.town.refinery.land
        assert land is not None
        if held is None or held.offered is None:
            return None
        if is_open(held) or (mine != told(held.offered) and is_begun(held, land, self.yard.clock())):
            return f"another machine offers {self.bead}, or did"
        return None

    def note(self, offered: Offered, look: Callable[[Snapshot], str | None] = lambda _: None) -> Bead:
        """Write down how it is offered; returns the Bead as it was. Accepted by the town's remote, if it has one.

        `look` says what in a state of the ledger is against it: then _Overruled is raised, and nothing has changed.
        Raises IllegalMove where it isn't submitted so any more.
        """
        before: list[Bead] = []

        def change(snapshot: Snapshot) -> Changes:
            why = look(snapshot)
            if why is not None:
                raise _Overruled(why)
            found = snapshot.get(self.bead)
            before.append(found)
            after = moves.request(found, self.sub.token, self.sub.commit, offered)
            return Changes({self.bead: after} if after != found else {})

        actor, now = self.yard.actor, self.yard.clock()
        done = "offered" if offered.opened is not None else "offering"
        message = Message(f"{done} {self.bead} for {self.sub.base}", "request", actor, (self.bead,), now)
        hub = hub_of(self.ledger, actor, now)
        if hub is not None:
            hub.update(lambda _: (message, change))
        else:
            with self.ledger.hold() as held:
                self.ledger.update(held, message, change).close()
        return before[-1]

    def ask(self, land: LandSpec, before: Bead, tip: str, proofs: Sequence[Outcome]) -> str:
        """Push the branch and run the command; returns why that failed, as a clause, or empty."""
        repo, sub, remote = self.yard.repo, self.sub, self.town.refinery.push
        assert remote is not None
        try:
            branches.put(repo, remote, self.bead, sub)
        except Denied as error:
            asking.refuse(repo, self.bead, sub, error.message)
            return error.message
        with Objects(repo) as odb:
            submitted = odb.commit(sub.commit).message
        held = before.status.submission
        request = Request(
            self.bead,
            sub,
            tip,
            branches.name(self.bead, sub.token),
            remote,
            landing_message(
                before,
                sub,
                submitted,
                proofs,
                self.town.refinery.message,
                waivers=relied_on(self.town, proofs),
            ),
            again=self.tries.made > 0 or (held is not None and held.offered is not None),
        )
        return asking.ask(self.yard, self.town, land, request)

    def conclude(self, tip: str) -> Offered | NotNow:
        """Write down that it succeeded."""
        now = self.yard.clock()
        opened = Offered(now, tip, now, self.tries.url or "")
        try:
            self.note(opened)
        except IllegalMove as error:
            # It was taken back while the command ran.
            left = branches.retract(self.yard.repo, self.bead, replace(self.sub, offered=opened))
            return NotNow(f"{error.message}; {left}")
        return opened
