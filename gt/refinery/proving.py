"""Proving one train: which gates must pass on its tree, what is known of them, and running those that aren't known.

Decides nothing about anybody: it keeps outcomes, and says green, red or could-not-run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field

from gt.core.docket import NOBODY, Ids
from gt.core.town import Town
from gt.core.values import dataclass
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.gates import Check, checks, environment
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.running import run
from gt.refinery.train import Train
from gt.refinery.yard import Yard


@dataclass(frozen=True, slots=True)
class Test:
    """One gate on one tree, in one environment."""

    town: Town
    check: Check
    environment: str

    @property
    def excused(self) -> bool:
        """Whether a failure of it holds nobody: the target is red for it as well, and a person lets that be."""
        return self.check.gate.excused

    def known(self, repo: Repo, now: int, ttl: int = outcomes.TTL) -> tuple[Outcome, ...]:
        """The outcomes that count for it, oldest first."""
        kept = outcomes.kept(repo, self.check.key, now, ttl)
        return tuple(each for each in kept if each.environment == self.environment)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A train, and all that must pass before it lands. Without cars it is the target itself."""

    train: Train
    tree: str
    tests: tuple[Test, ...]

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.train.members)

    def proofs(self, repo: Repo, now: int) -> tuple[Outcome, ...] | None:
        """A fresh pass for each test, or a failure of one that is excused; None if one is missing."""
        found = []
        for test in self.tests:
            decisive = outcomes.verdict(test.known(repo, now))
            if decisive is None or (decisive.verdict is not Verdict.PASS and not test.excused):
                return None
            found.append(decisive)
        return tuple(found)


def candidate(yard: Yard, train: Train, towns: Iterable[Town]) -> Candidate:
    """What must pass under each of these settings on the train's tree; a gate that both have counts once."""
    with Objects(yard.repo) as odb:
        tree = train.cars[-1].tree if train.cars else odb.commit(train.tip).tree
    tests: dict[str, Test] = {}
    for town in towns:
        for check in checks(yard.repo, town, tree):
            name = environment(yard.repo, town, check.gate, yard.environ)
            tests.setdefault(check.key, Test(town, check, name))
    return Candidate(train, tree, tuple(tests.values()))


def of_tree(yard: Yard, tip: str, tree: str, town: Town) -> Candidate:
    """What must pass on a tree as it is, whatever it is made of; `tip` is the target's."""
    tests = [
        Test(town, check, environment(yard.repo, town, check.gate, yard.environ))
        for check in checks(yard.repo, town, tree)
    ]
    return Candidate(Train(tip, ()), tree, tuple(tests))


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of a candidate's gates."""

    verdict: Verdict
    outcome: Outcome | None = None
    """The one that was not a pass; None if all passed."""
    ran: bool = True
    """Whether any gate was run: all may be known already."""


@dataclass(slots=True)
class Keys:
    """The keys under which gates run at this moment: nobody runs the same twice at once."""

    taken: set[str] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def held(self, key: str, cancelled: Callable[[], bool]) -> Iterator[bool]:
        """Hold a key, once whoever holds it is done with it; gives whether one had to wait for that."""
        waited = False
        with self.changed:
            while key in self.taken:
                waited = True
                self.changed.wait(0.2)
                if cancelled():
                    raise KeyboardInterrupt
            self.taken.add(key)
        try:
            yield waited
        finally:
            with self.changed:
                self.taken.discard(key)
                self.changed.notify_all()


@dataclass(frozen=True, slots=True)
class Slot:
    """Where gates run, and what tells them to stop."""

    number: int
    cancelled: Callable[[], bool]


def prove(
    yard: Yard,
    it: Candidate,
    slot: Slot,
    keys: Keys,
    *,
    queue: str,
    fresh: bool = False,
    doubted: Ids = NOBODY,
    began: float | None = None,
    label: str = "",
) -> Proved:
    """Run the gates that nothing is known of, in the order given; the rest are left out at the first that isn't a pass.

    One that is excused may fail.
    `fresh`: what was red before doesn't answer. `doubted`: of these gates, what was green before doesn't either. `began`: when this was begun (default: now), by the clock that tells which of two runs came first. Raises
    KeyboardInterrupt when cancelled: then the gate that ran is dead, and nothing of it is recorded.
    """
    ran = False
    for test in it.tests:
        with keys.held(test.check.key, slot.cancelled) as waited:
            outcome = None
            if waited or test.check.gate.name not in doubted:
                outcome = _known(yard, it, test, fresh=fresh and not waited)
            if outcome is None:
                outcome = _run(yard, it, test, slot, queue, label, began if not ran else None)
                ran = True
            else:
                yard.say(f"{label}: gate {test.check.gate.name}: {outcome.verdict} (kept)")
        if outcome.verdict is not Verdict.PASS and not (outcome.verdict is Verdict.FAIL and test.excused):
            return Proved(outcome.verdict, outcome, ran)
    return Proved(Verdict.PASS, ran=ran)


def _known(yard: Yard, it: Candidate, test: Test, *, fresh: bool) -> Outcome | None:
    ttl = outcomes.TTL if it.train.cars else outcomes.CONTROL_TTL
    seen = test.known(yard.repo, yard.clock(), ttl)
    if not it.train.cars and not test.excused:
        # What landed by a waiver failed as a candidate: what it is as the target, a control says.
        seen = outcomes.by_itself(seen)
    decisive = outcomes.verdict(seen)
    if decisive is None or (fresh and decisive.verdict is Verdict.FAIL and not test.excused):
        return None
    return decisive


def _run(
    yard: Yard, it: Candidate, test: Test, slot: Slot, queue: str, label: str, began: float | None
) -> Outcome:
    gate = test.check.gate.name
    yard.say(f"{label}: gate {gate} ...")
    made = run(
        yard, test.town, test.check, it.train.head,
        base=it.train.tip, members=it.members, queue=queue, slot=slot.number, cancelled=slot.cancelled, began=began,
    )  # fmt: skip
    yard.say(f"{label}: gate {gate}: {made.verdict} ({made.why}, {made.seconds:.1f} s)")
    return made
