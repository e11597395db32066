"""Several machines share a ledger: fetch, bring both together, push; again, while others are quicker.

The network is used without the ledger's lock. The local ledger moves once the remote has accepted what it moves to.
Whatever is killed here, the next call finds the remote, the local ledger, or both, where they were or where they were
to go, and goes on from there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from gt import lock
from gt.core.values import dataclass
from gt.errors import Busy, NotFound, Refused
from gt.git import refs
from gt.git.changes import counts
from gt.git.lineage import between, merge_bases, steps
from gt.git.merge import is_ancestor
from gt.git.objects import Objects
from gt.git.remote import Denied, Overtaken, Update, push
from gt.git.run import git
from gt.lock import Held
from gt.store.account import Account, read, together
from gt.store.counterpart import Counterpart
from gt.store.integrate import Merger, integrate
from gt.store.layout import writable
from gt.store.ledger import LEDGER, Ledger, Message
from gt.store.tree import LedgerTree
from gt.store.turns import turns

TRIES = 50
PAUSE = 0.3
"""Seconds, at most, before the second try; any wait up to that is as likely. It becomes shorter for who lost more often:
a longer one would starve him, for the newest come first then."""

WAIT = 300.0
"""Seconds to wait for another process that syncs."""

YIELD = (4.0, 2.0)
"""After a sync in a crowd the next one of the same clone begins later, by a random time: at most so many times what the
accepted try took, and at most so many seconds. Who has just won has nothing to merge, and would win again and again."""

SKEW = 120
"""Seconds by which a remote's newest commit may lie in the future before somebody is told."""


def _nothing() -> None:
    return


def pause(lost: int) -> None:
    """Wait a moment after others were quicker, so many times in a row: the less, the more often they were."""
    time.sleep(random.uniform(0, PAUSE / lost))


def courtesy(took: float, *, crowd: bool) -> float:
    """For how many seconds others are let go first, after a try that took so many; 0 where there was no crowd."""
    times, most = YIELD
    return random.uniform(0, min(most, times * took)) if crowd else 0.0


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What came of bringing two ledgers together."""

    remote: str
    tip: str
    """The ledger of this clone."""
    sent: int
    """Commits that the remote didn't have, and has now; merges not counted."""
    received: int
    """Commits that this clone didn't have, and has now; merges not counted."""
    account: Account
    """What was decided; of the moves refused only those made in this clone."""
    tries: int
    """How often the remote was asked; 0 if another process did it for this one."""
    skew: int = 0
    """By how many seconds the remote's newest commit lies in the future, where that is much."""
    pushed: bool = True
    """Whether the remote has all that this call found here."""
    took: float = 0.0
    """Seconds of the try that was accepted."""


def publish(
    ledger: Ledger,
    remote: Counterpart,
    merger: Merger,
    *,
    send: bool = True,
    restore: bool = False,
    first: Callable[[], object] = _nothing,
    wait: float = WAIT,
) -> SyncReport:
    """Bring the ledger of this clone and the remote's together; with `send` the remote gets ours too.

    When it returns, the remote has accepted every move that was made here before the call, or `account.refused` names
    it: a claim counts if the lease is still there. `first` is called before anything is sent: it sends what the ledger
    speaks of. `restore` gives the remote back what it has lost. Raises Conflict
    where it lost something, Malformed for what can't be read, Refused for an unrelated ledger, Busy when others are
    quicker each time, Unreachable, Denied; then nothing has been taken over.
    """
    mine = ledger.tip()
    turn = turns(ledger.repo, remote.remote)
    seen = turn.latest()
    with talking(ledger, wait):
        if send and not restore and turn.covers(seen):
            return _done_by_another(ledger, remote, mine)
        begun = turn.begin()
        with telling(remote):
            report = Conversation(
                ledger, remote, merger, send=send, restore=restore, first=first
            ).until_accepted()
        if send:
            crowd = report.tries > 1 or report.received > 0
            turn.end(begun, courtesy(report.took, crowd=crowd))
    account = replace(report.account, refused=_refused(ledger, mine, report.tip).refused)
    return replace(report, account=account)


def unite(ledger: Ledger, remote: Counterpart, merger: Merger, *, wait: float = WAIT) -> SyncReport:
    """Bring the ledger of this clone into the remote's, which has nothing in common with it and keeps its identity.

    Raises Refused where they have something in common, and otherwise what `publish` does.
    """
    with talking(ledger, wait), telling(remote):
        return Conversation(ledger, remote, merger, strange=True).until_accepted()


def _done_by_another(ledger: Ledger, remote: Counterpart, mine: str) -> SyncReport:
    tip = ledger.tip()
    return SyncReport(remote.remote, tip, 0, 0, _refused(ledger, mine, tip), 0)


def _refused(ledger: Ledger, mine: str, tip: str) -> Account:
    """The moves that `mine` contains and that a merge since then refused, whoever made it."""
    if mine == tip:
        return Account()
    merges = (step for step in steps(ledger.repo, mine, tip) if len(step.parents) > 1)
    refused = (each for step in merges for each in read(step.message).refused)
    return Account(tuple(dict.fromkeys(each for each in refused if _has(ledger, mine, each.commit))))


def _has(ledger: Ledger, tip: str, commit: str) -> bool:
    """Whether `tip` contains what somebody calls a commit."""
    plain = len(commit) == len(tip) and not commit.strip("0123456789abcdef")
    asked = ("merge-base", "--is-ancestor", commit, tip)
    return plain and git(ledger.repo, *asked, ok=(0, 1, 128)).code == 0


def talking(ledger: Ledger, wait: float = WAIT) -> AbstractContextManager[Held]:
    """The lock of who talks to a remote about the ledger."""
    return lock.hold(ledger.repo.gt_dir / "sync.lock", wait)


@contextmanager
def telling(remote: Counterpart) -> Iterator[None]:
    """A remote that may not be written to can be read from."""
    try:
        yield
    except Denied as error:
        if error.hint is None:
            error.hint = f"gt sync {remote.remote} --no-push"
        raise


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation with a remote; its lock is held."""

    ledger: Ledger
    remote: Counterpart
    merger: Merger
    send: bool = True
    restore: bool = False
    first: Callable[[], object] = _nothing
    """What is to be done before anything is sent."""
    strange: bool = False
    """Whether the two have nothing in common, and are to be united."""

    def until_accepted(self) -> SyncReport:
        for number in range(1, TRIES + 1):
            began = time.monotonic()
            try:
                return replace(self._round(number), took=time.monotonic() - began)
            except Overtaken:
                pause(number)
        raise self.overtaken()

    def overtaken(self) -> Busy:
        """The error for who was never the quickest."""
        name = self.remote.remote
        return Busy(f"others are quicker at {name}, {TRIES} times in a row", hint=f"gt sync {name}")

    def _round(self, number: int) -> SyncReport:
        repo, merger = self.ledger.repo, self.merger
        theirs = self.remote.fetched(restore=self.restore)
        mine = self.ledger.tip()
        if theirs is None and self.strange:
            raise NotFound("ledger", f"beads of {self.remote.remote}", hint=f"gt sync {self.remote.remote}")
        if theirs is None:
            return self._first(mine, number)
        if self.strange and merge_bases(repo, mine, theirs):
            name = self.remote.remote
            raise Refused(f"the ledger of {name} is of this very town", hint=f"gt sync {name}")
        known = self.remote.known()
        whole, first = mine, Account()
        if self.restore and known is not None:
            whole, first = self._together(mine, known)
        target, account = self._together(whole, theirs)
        # What can wait does: the longer it takes from the fetch to the push, the more often others are quicker.
        if self.send and target != theirs:
            self.push(target, theirs)
        elif known is None or not self.restore or is_ancestor(repo, known, theirs):
            self.remote.track(theirs, merger.actor, merger.now)
        tip, more = self.bring_home(target, mine)
        ours, new = counts(repo, mine, theirs)
        return SyncReport(
            remote=self.remote.remote,
            tip=tip,
            sent=ours if self.send else 0,
            received=new,
            account=together((first, account, *more)),
            tries=number,
            skew=self._skew(theirs),
            pushed=self.send or not ours,
        )

    def _first(self, mine: str, number: int) -> SyncReport:
        """The remote has no ledger yet, or none any more."""
        if not self.send:
            raise NotFound("ledger", f"beads of {self.remote.remote}", hint=f"gt sync {self.remote.remote}")
        with self.ledger.read() as snapshot:
            for problem in snapshot.problems():
                raise problem
        self.push(mine, None)
        count = len(between(self.ledger.repo, (), mine))
        return SyncReport(self.remote.remote, mine, count, 0, Account(), number)

    def push(self, target: str, theirs: str | None, also: Sequence[Update] = ()) -> bool:
        """Move the remote's ledger to a commit that contains what is there, and with it, or not at all, other refs.

        Returns whether this moved it: another may have brought it there.
        """
        merger = self.merger
        self.first()
        if self.ledger.tip() != target:  # else the branch keeps it
            self.remote.keep(target, merger.actor, merger.now)
        moved = push(self.ledger.repo, self.remote.remote, [Update(LEDGER, target, theirs), *also])
        self.remote.track(target, merger.actor, merger.now)
        return LEDGER in moved

    def _skew(self, theirs: str) -> int:
        with Objects(self.ledger.repo) as odb:
            ahead = odb.commit(theirs).commit_time - self.merger.now
        return ahead if ahead > SKEW else 0

    # bringing together

    def _together(self, mine: str, theirs: str) -> tuple[str, Account]:
        """The commit that has what both have, made where there is none, and what making it decided."""
        repo = self.ledger.repo
        if mine == theirs:
            return mine, Account()
        with Objects(repo) as odb:
            # Several only after merges that crossed; any of them serves, and everybody takes the same.
            base = min(merge_bases(repo, mine, theirs), default=None)
            if base is None and not self.strange:
                raise self._unrelated(odb, theirs)
            made = integrate(repo, odb, base, mine, theirs, self.merger, restore=self.restore)
            for end in (theirs, mine):
                other = mine if end == theirs else theirs
                if base == other and made.tree == odb.commit(end).tree:
                    return end, made.account
            writable(made.meta)
            message = self._message(made.account)
            oid = odb.add_commit(made.tree, (theirs, mine), message.text(), message.author(), self.merger.now)
            odb.flush()
        return oid, made.account

    def _unrelated(self, odb: Objects, theirs: str) -> Refused:
        name, lineage = self.remote.remote, LedgerTree(odb, theirs).meta().lineage
        return Refused(
            f"{name} has a ledger of another town ({lineage}): they have nothing in common",
            hint=f"gt join {name}",
        )

    def _message(self, account: Account) -> Message:
        verb = "join" if self.strange else "sync"
        subject = f"{verb}: bring the ledgers of {self.remote.remote} and this clone together"
        who, now = self.merger.actor, self.merger.now
        return Message(subject, verb, who, account.beads, now, tuple(account.trailers()))

    def bring_home(self, target: str, mine: str | None = None) -> tuple[str, list[Account]]:
        """Move the local ledger to a commit that contains `target` and all that was written here.

        `target` was made from the local ledger at `mine`, if that is given: nothing of it need be looked at then.
        Returns the commit, and what was decided for it.
        """
        for patient in (False, False, True):
            if not patient:
                tip = self.ledger.tip()
                new, account = self._onto(target, tip, mine)
            with self.ledger.hold() as held:
                if patient:  # who writes without a pause waits for us now
                    tip = self.ledger.tip()
                    new, account = self._onto(target, tip, mine)
                if new == tip:
                    return tip, []
                try:
                    self.ledger.advance(held, new, tip, self._message(account))
                except refs.RaceLost:
                    continue
                return new, [account]
        raise Busy("somebody keeps moving the branch beads", hint="git reflog beads")

    def _onto(self, target: str, tip: str, mine: str | None) -> tuple[str, Account]:
        """The commit for a local ledger that is at `tip` by now, and what making it decided."""
        if tip in (mine, target):
            return target, Account()
        repo = self.ledger.repo
        return (tip, Account()) if is_ancestor(repo, target, tip) else self._together(tip, target)
