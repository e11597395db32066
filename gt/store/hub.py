"""The remote through which several machines work one town: what counts there is what it has accepted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from gt.core.values import dataclass
from gt.git.changes import counts
from gt.git.remote import Overtaken, Unreachable, Update
from gt.store.account import Account, together
from gt.store.counterpart import Counterpart, counterpart
from gt.store.integrate import Merger
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from gt.store.sending import Sending
from gt.store.sync import (
    TRIES,
    Conversation,
    SyncReport,
    courtesy,
    pause,
    publish,
    talking,
    telling,
)
from gt.store.targets import limits_of, shared_through
from gt.store.turns import turns

Deed = tuple[Message, Callable[[Snapshot], Changes]]
"""What is to be written, and as what."""


class Unsure(Unreachable):
    """The remote gave no answer to what was sent: it may have it. This clone has it, as yet unsent."""


@dataclass(frozen=True, slots=True)
class Hub:
    """The town's remote, as seen from this clone."""

    ledger: Ledger
    remote: Counterpart
    merger: Merger

    @property
    def name(self) -> str:
        """What git calls the remote here."""
        return self.remote.remote

    def sync(self, *, send: bool = True, restore: bool = False) -> SyncReport:
        """Bring both ledgers together, after the work that ours speaks of. Raises what `sync.publish` does."""
        first = self._work().send
        if send:
            first()
        return publish(self.ledger, self.remote, self.merger, send=send, restore=restore, first=first)

    def update(
        self, decide: Callable[[Snapshot], Deed], also: Callable[[], Sequence[Update]] = tuple
    ) -> Account:
        """Change the ledger by one commit that counts: when this returns, the remote has accepted it.

        `decide` says what to do in a state that has all that the remote has; it is asked again, with `also`, each time
        that somebody else was quicker, and raises what ends the attempt: nothing has been changed then. The refs of
        `also` move on the remote together with the ledger, or nothing does. Returns what bringing the ledgers
        together decided. Raises Unsure when no answer came, and otherwise what `sync.publish` does.
        """
        turn = turns(self.ledger.repo, self.name)
        with talking(self.ledger), telling(self.remote):
            begun = turn.begin()
            talk = Conversation(self.ledger, self.remote, self.merger, first=self._work().send)
            decided: list[Account] = []
            for number in range(1, TRIES + 1):
                began, known = time.monotonic(), self.remote.known()
                theirs = self.remote.fetched()
                crowd = number > 1 or theirs != known
                if theirs is not None:
                    decided += talk.bring_home(theirs)[1]
                also_now = also()
                with self.ledger.read() as snapshot:
                    at = snapshot.tip
                    commit = self.ledger.draft(snapshot, *decide(snapshot))
                if commit == theirs and not also_now:
                    self.remote.track(theirs, self.merger.actor, self.merger.now)
                    break
                try:
                    ours = talk.push(commit, theirs, also_now)
                except Overtaken:
                    pause(number)
                    continue
                except Unreachable as error:
                    talk.bring_home(commit)
                    raise Unsure(error.message, hint=error.hint) from None
                decided += talk.bring_home(commit, at)[1]
                if ours or commit == theirs:
                    break
                # The very same was done elsewhere at the same time: what is left to do is decided on that.
            else:
                raise talk.overtaken()
            turn.end(begun, courtesy(time.monotonic() - began, crowd=crowd))
            return together(decided)

    def waiting(self) -> str:
        """What of this clone the remote isn't known to have, as a clause; empty: nothing. Asks nobody."""
        known, tip = self.remote.known(), self.ledger.tip()
        if known is None:
            return f"{self.name} isn't known to have this ledger"
        count = 0 if tip == known else counts(self.ledger.repo, tip, known)[0]
        if count:
            what = "1 commit of the ledger is" if count == 1 else f"{count} commits of the ledger are"
            return f"{what} not on {self.name}"
        work = len(self._work().missing())
        if work:
            what = "1 submitted commit is" if work == 1 else f"{work} submitted commits are"
            return f"{what} not known to be on {self.name}"
        return ""

    def _work(self) -> Sending:
        return Sending(self.ledger, self.name)


def hub_of(ledger: Ledger, actor: str, now: int) -> Hub | None:
    """The town's remote, None where it is worked on one machine. Raises Refused as `shared_through` and `counterpart`."""
    name = shared_through(ledger.repo)
    if name is None:
        return None
    merger = Merger(actor, now, partial(limits_of, ledger.repo))
    return Hub(ledger, counterpart(ledger.repo, name), merger)
