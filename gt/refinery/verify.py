"""Checking afterwards that what landed is what was proven, for every first-parent commit of a target.

From the history and the kept outcomes alone, or by running the gates anew; either way under the settings that held
when the commit landed, those of its first parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum

from gt.core.town import Town
from gt.core.values import dataclass
from gt.errors import Malformed, NotFound
from gt.git import refs
from gt.git.lineage import Step, steps
from gt.git.merge import trailers
from gt.git.repo import Repo
from gt.refinery import outcomes, pins, waived
from gt.refinery.gates import Check, checks
from gt.refinery.landed import made_by_gt
from gt.refinery.message import BYPASS
from gt.refinery.outcomes import Verdict
from gt.refinery.running import run
from gt.refinery.yard import Yard
from gt.store.settings import town_at


class Proof(StrEnum):
    """What is known of one gate on one tree."""

    RUN = "run"
    """It passed just now."""
    KEPT = "kept"
    """An outcome that is kept here says that it passed."""
    RECORDED = "recorded"
    """A commit that gt made here says so in its trailers."""
    BYPASSED = "bypassed"
    """A person landed the commit without proof, and nothing has been said of it since."""
    WAIVED = "waived"
    """It was red, as it was on the target before, and a person had let that be; nothing has passed since."""
    RED = "red"
    NONE = "none"
    """Nothing here says anything, or it could not be run."""

    @property
    def good(self) -> bool:
        return self in (Proof.RUN, Proof.KEPT, Proof.RECORDED)


@dataclass(frozen=True, slots=True)
class Verified:
    """A commit of the target, and what is known of each gate on its tree."""

    commit: str
    subject: str
    own: bool
    """Whether gt made it."""
    proofs: tuple[tuple[str, Proof], ...]
    """By gate; none where the commit landed in a town without gates."""
    waivers: Mapping[str, str] = field(default_factory=dict)
    """For each gate that it was let be red for: until when, by whom and why; a clause after the gate."""

    @property
    def green(self) -> bool:
        return all(proof.good for _, proof in self.proofs)

    @property
    def red(self) -> bool:
        return any(proof is Proof.RED for _, proof in self.proofs)


def verify(
    yard: Yard, target: str, since: str | None = None, until: str | None = None, *, rerun: bool = False
) -> Iterator[Verified]:
    """Look at each first-parent commit of a target after `since` up to `until` (default: the tip), newest first.

    Without `since` it ends at the first commit that came before there were any settings. `rerun`: nothing kept is
    believed, the gates run. Raises NotFound without the target, KeyboardInterrupt when interrupted.
    """
    repo = yard.repo
    at = pins.tips(repo, target)
    if at.tip is None:
        raise NotFound("target", target, hint="gt status")
    own = made_by_gt(repo, at, since)
    for step in steps(repo, since, until or at.tip):
        town = _town(repo, step)
        if town is None and since is None:
            return
        found = checks(repo, town, step.tree) if town else ()
        word = _said(step) if step.oid in own else _Said()
        proofs = {
            each.gate.name: _rerun(yard, town, each, step, word)
            if rerun and town
            else _known(repo, each, word)
            for each in found
        }
        after = {gate: Proof.WAIVED for gate in word.waivers if gate not in proofs}
        yield Verified(
            step.oid, step.subject, step.oid in own, tuple({**proofs, **after}.items()), word.waivers
        )


def span(repo: Repo, target: str, text: str | None) -> tuple[str | None, str | None]:
    """The commits that `A..B`, `A..` or `A` names, as (since, until). Raises NotFound for what is no commit."""
    if not text:
        return None, None
    since, dots, until = text.partition("..")
    return _commit(repo, since), _commit(repo, until) if dots and until else refs.read(
        repo, pins.branch(target)
    )


def _commit(repo: Repo, name: str) -> str | None:
    from gt.git.run import git

    if not name:
        return None
    done = git(repo, "rev-parse", "--verify", "-q", "--end-of-options", f"{name}^{{commit}}", ok=(0, 1, 128))
    if done.code != 0:
        raise NotFound("commit", name, hint="git log --first-parent")
    return done.text


def _town(repo: Repo, step: Step) -> Town | None:
    """The settings that the commit had to satisfy; None if there were none that can be read."""
    if not step.parents:
        return None
    try:
        town = town_at(repo, step.parents[0])
    except Malformed:
        return None
    return town if town.gates or town.ungated else None


@dataclass(frozen=True, slots=True)
class _Said:
    """What the trailers of a landing commit say."""

    passed: frozenset[str] = frozenset()
    """The keys under which a gate passed."""
    excused: frozenset[str] = frozenset()
    """The keys under which it failed, and was let be."""
    waivers: Mapping[str, str] = field(default_factory=dict)
    bypassed: bool = False


def _said(step: Step) -> _Said:
    said = trailers(step.message)
    keys: dict[str, set[str]] = {"pass": set(), "waived": set()}
    for name, value in said:
        words = value.split()
        if name.lower() == "gt-gate" and len(words) == 3 and words[1] in keys:
            keys[words[1]].add(words[2])
    bypassed = any(name == BYPASS for name, _ in said)
    return _Said(frozenset(keys["pass"]), frozenset(keys["waived"]), waived.read(step.message), bypassed)


def _known(repo: Repo, check: Check, word: _Said) -> Proof:
    decisive = outcomes.verdict(outcomes.kept(repo, check.key, 0, outcomes.EVER))
    if decisive is not None and decisive.verdict is Verdict.PASS:
        return Proof.KEPT
    if check.key in word.excused:
        return Proof.WAIVED
    if decisive is not None:
        return Proof.RED
    if check.key in word.passed:
        return Proof.RECORDED
    return Proof.BYPASSED if word.bypassed else Proof.NONE


def _rerun(yard: Yard, town: Town, check: Check, step: Step, word: _Said) -> Proof:
    yard.say(f"{step.oid[:12]}: gate {check.gate.name} ...")
    by = outcomes.aside("verify", step.oid)
    made = run(yard, town, check, step.oid, base=step.oid, members=by, queue="verify")
    yard.say(f"{step.oid[:12]}: gate {check.gate.name}: {made.verdict} ({made.why})")
    if made.verdict is Verdict.PASS:
        return Proof.RUN
    if made.verdict is not Verdict.FAIL:
        return Proof.NONE
    return Proof.WAIVED if check.key in word.excused else Proof.RED
