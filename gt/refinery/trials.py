"""Trials: the gates that a commit must pass before it goes to a stage, and what their kept outcomes say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gt.core.promotion import Evidence, Proof
from gt.core.town import StageSpec, Town
from gt.core.values import dataclass
from gt.git import refs
from gt.git.merge import is_ancestor
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.control import SURE
from gt.refinery.gates import Check, along, checks, environment
from gt.refinery.outcomes import EVER, TRIES, Outcome, Verdict
from gt.refinery.pins import branch

WHAT = "promote"
"""Stands for a stage's gate runs among the kept outcomes: they are no part of a merge."""

EACH = SURE + TRIES
"""How many runs of one gate on one commit it takes at most until it is decided."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One gate on one commit, and what is known of it."""

    town: Town
    check: Check
    proof: Proof
    last: Outcome | None
    left: int
    """How many more runs it may take."""

    @property
    def why(self) -> str:
        """What it came to, as a clause."""
        gate = self.check.gate.name
        if self.last is None:
            return f"gate {gate} wasn't run"
        how = "could not be run" if self.proof is Proof.STALLED else "is red on it"
        return f"gate {gate} {how}: {self.last.why} (log: {self.last.log})"


@dataclass(frozen=True, slots=True)
class Judge:
    """Looks outcomes up; `environ` is that in which gates would run now, None: that in which they ran last."""

    repo: Repo
    now: int
    environ: Mapping[str, str] | None

    def trials(self, town: Town, spec: StageSpec, tree: str, *, proven: bool) -> tuple[Trial, ...]:
        """All that must pass on this tree. Unless it is `proven` to have passed the target's own gates, these too.

        A gate of the target that runs after landings isn't asked for here, but its red counts.
        """
        found: dict[str, Trial] = {}
        for settings in (town, replace(town, gates=spec.gates))[proven:]:
            for check in checks(self.repo, settings, tree):
                found.setdefault(check.key, self._trial(settings, check))
        for gate in town.gates:
            if gate.when == "after":
                (check,) = along(self.repo, town, gate, [tree])
                trial = self._trial(town, check)
                if trial.proof is Proof.RED:
                    found.setdefault(check.key, trial)
        return tuple(found.values())

    def _trial(self, town: Town, check: Check) -> Trial:
        # However old: what is red must not be tried again by the clock alone.
        seen = outcomes.kept(self.repo, check.key, self.now, EVER)
        if seen:
            where = (
                environment(self.repo, town, check.gate, self.environ)
                if self.environ is not None
                else seen[-1].environment
            )
            seen = tuple(each for each in seen if each.environment == where)
        last = seen[-1] if seen else None
        fails, stalls = (_count(seen, verdict) for verdict in (Verdict.FAIL, Verdict.COULD_NOT_RUN))
        if _count(seen, Verdict.PASS):
            return Trial(town, check, Proof.GREEN, last, 0)
        if fails >= SURE:
            return Trial(town, check, Proof.RED, last, 0)
        if stalls >= TRIES:
            return Trial(town, check, Proof.STALLED, last, 0)
        return Trial(town, check, Proof.OPEN, last, EACH - fails - stalls)


def _count(seen: Iterable[Outcome], verdict: Verdict) -> int:
    return sum(1 for each in seen if each.verdict is verdict)


def evidence(trials: Iterable[Trial]) -> Evidence:
    """What these come to together: the first that speaks against the commit decides."""
    known = tuple(trials)
    for proof in (Proof.RED, Proof.STALLED):
        against = next((trial for trial in known if trial.proof is proof), None)
        if against is not None:
            return Evidence(proof, against.why)
    left = sum(trial.left for trial in known)
    return Evidence(Proof.OPEN, "", left) if left else Evidence(Proof.GREEN)


def in_use(repo: Repo, stages: Iterable[str]) -> frozenset[str]:
    """The keys of the outcomes that say of a commit whether it may go to a stage, where one of these hasn't got it yet."""
    places = [refs.read(repo, branch(stage)) for stage in stages]
    found: dict[str, set[str]] = {}
    for outcome in outcomes.everything(repo) if places else ():
        for member in outcome.members:
            what, _, commit = member.partition("/")
            if what == WHAT:
                found.setdefault(commit, set()).add(outcome.key)
    with Objects(repo) as odb:
        there = [commit for commit in found if odb.has(commit)]
    lacking = (c for c in there if any(at is None or not is_ancestor(repo, c, at) for at in places))
    return frozenset(key for commit in lacking for key in found[commit])
