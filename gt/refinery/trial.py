"""Trying one candidate: merged on the target's tip, gated as the target's own settings say, judged.

Decides, and keeps outcomes; lands nothing and writes no ledger. A rejection needs a green control run of the target.
"""

from __future__ import annotations

from dataclasses import dataclass

from gt.core.bead import Bead, Result, Submission
from gt.core.town import TOWN_FILE, Town
from gt.errors import Malformed
from gt.git.committing import Committer
from gt.git.merge import changed_paths
from gt.git.objects import Objects
from gt.refinery import control, evidence, outcomes, pins
from gt.refinery.candidate import Preview, fresh
from gt.refinery.commits import Unlayable, lay
from gt.refinery.gates import Check, checks, environment
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.running import run
from gt.refinery.train import Member, Yardmaster
from gt.refinery.yard import Yard
from gt.store.settings import town_at


@dataclass(frozen=True, slots=True)
class Green:
    """Proven: may land on this very tip."""

    made: Preview
    proofs: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not to be taken, and why."""

    result: Result
    reason: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nothing can be said now: something could not be run, or the target itself is red. Outcomes tell which."""

    why: str


Verdicts = Green | Rejected | Undecided


@dataclass(frozen=True, slots=True)
class Trial:
    """One submission on one tip."""

    yard: Yard
    bead: Bead
    sub: Submission
    tip: str
    town: Town
    queue: str
    """Whose gate runs these are; see `control.queue_name`."""
    foreign: bool = False
    """Whether the tip has commits of others: it must be green itself first."""

    def verdict(self) -> Verdicts:
        """Merge and gate; raises KeyboardInterrupt when interrupted."""
        repo = self.yard.repo
        if self.foreign and (bad := self._control(checks(repo, self.town, self.tip_tree()))):
            return bad
        made = fresh(repo, self.tip, self.sub.commit, self.town)
        if made.tree is None:
            result = Result.CONFLICT if self.tip == self.sub.basecommit else Result.OVERTAKEN
            return Rejected(result, evidence.of_conflict(repo, self.sub, made))
        if not made.changed:
            return Rejected(Result.NO_CHANGE, evidence.of_nothing(self.sub, made))
        if made.strays:
            return Undecided(f"would change {made.strays[0]}, which its commits don't change")
        return self._unlayable() or self._gated(made, made.tree)

    def _unlayable(self) -> Rejected | None:
        """What keeps it from landing the way it was submitted to; told before any gate runs."""
        if self.sub.strategy != "rebase":
            return None
        yard, train = self.yard, Yardmaster(self.yard.repo).train(self.tip, [Member(self.bead.id, self.sub)])
        committer = Committer(yard.repo, yard.actor, yard.clock())
        try:
            lay(yard.repo, train, {self.bead.id: self.bead}, self.town, {}, committer)
        except Unlayable as error:
            result = Result.CONFLICT if self.tip == self.sub.basecommit else Result.OVERTAKEN
            return Rejected(result, error.why)
        return None

    def tip_tree(self) -> str:
        with Objects(self.yard.repo) as odb:
            return odb.commit(self.tip).tree

    def _gated(self, made: Preview, tree: str) -> Verdicts:
        yard, ref = self.yard, pins.candidate_ref(self.bead.id, self.sub.token)
        with Objects(yard.repo) as odb:
            parents = (self.tip, self.sub.commit)
            odb.include(tree, (odb.commit(parent).tree for parent in parents))
            commit = odb.add_commit(tree, parents, f"candidate {self.bead.id}", yard.actor, yard.clock())
            odb.flush()
        pins.put(yard.repo, ref, commit, why="gate a candidate", actor=yard.actor, now=yard.clock())
        try:
            return self._judged(made, tree, commit)
        finally:
            pins.put(yard.repo, ref, None, why="gated", actor=yard.actor, now=yard.clock())

    def _judged(self, made: Preview, tree: str, commit: str) -> Verdicts:
        proofs: list[Outcome] = []
        for town in (self.town, *self._new_town(commit)):
            if isinstance(town, Rejected):
                return town
            for check in checks(self.yard.repo, town, tree):
                if any(proof.key == check.key for proof in proofs):
                    continue
                outcome = self._outcome(town, check, commit)
                if outcome.verdict is Verdict.COULD_NOT_RUN:
                    return Undecided(f"gate {check.gate.name} could not be run: {outcome.why}")
                if outcome.verdict is Verdict.FAIL:
                    return self._red(made, check, outcome)
                proofs.append(outcome)
        return Green(made, tuple(proofs))

    def _new_town(self, commit: str) -> tuple[Town | Rejected, ...]:
        """The settings that a candidate brings: a change of the gates must pass both the old and the new ones."""
        changed = (change.path for change in changed_paths(self.yard.repo, self.tip, commit))
        if not any(path == ".gt" or path.startswith(".gt/") for path in changed):
            return ()
        try:
            return (town_at(self.yard.repo, commit),)
        except Malformed as error:
            return (Rejected(Result.RED, f"would leave {TOWN_FILE} unreadable: {error.message}"),)

    def _outcome(self, town: Town, check: Check, commit: str) -> Outcome:
        """What is known of a check, or what a run of it gives."""
        yard = self.yard
        env = environment(yard.repo, town, check.gate, yard.environ)
        known = (o for o in outcomes.kept(yard.repo, check.key, yard.clock()) if o.environment == env)
        kept = outcomes.verdict(known)
        if kept is not None:
            yard.say(f"{self.bead.id}: gate {check.gate.name}: {kept.verdict} (kept)")
            return kept
        member = f"{self.bead.id}/{self.sub.token}/{self.sub.commit}"
        yard.say(f"{self.bead.id}: gate {check.gate.name} ...")
        made = run(yard, town, check, commit, base=self.tip, members=(member,), queue=self.queue)
        yard.say(f"{self.bead.id}: gate {check.gate.name}: {made.verdict} ({made.why}, {made.seconds:.1f} s)")
        return made

    def _red(self, made: Preview, check: Check, failed: Outcome) -> Verdicts:
        """Red: this submission's fault only if the target is green under the same gates."""
        gates = checks(self.yard.repo, self.town, self.tip_tree())
        same = tuple(each for each in gates if each.gate == check.gate)
        return self._control(same or gates) or Rejected(Result.RED, evidence.of_red(self.sub, made, failed))

    def _control(self, gates: tuple[Check, ...]) -> Undecided | None:
        """What keeps the target from being green by these checks; None if it is."""
        yard = self.yard
        for check in gates:
            env = environment(yard.repo, self.town, check.gate, yard.environ)
            outcome = control.control(yard.repo, check, env, yard.clock())
            if outcome is None:
                yard.say(f"{self.sub.base}: control run of gate {check.gate.name} ...")
                outcome = run(yard, self.town, check, self.tip, base=self.tip, members=(), queue=self.queue)
                yard.say(f"{self.sub.base}: gate {check.gate.name}: {outcome.verdict} ({outcome.why})")
            if outcome.verdict is not Verdict.PASS:
                return Undecided(
                    f"{self.sub.base} itself: gate {check.gate.name}: {outcome.verdict}, {outcome.why}"
                )
        return None
