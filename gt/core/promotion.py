"""Promotion: which commit may go to a stage now, or why not, or when.

A stage is a branch that follows another one forward: the target, or the stage before. What a commit has behind it is
looked up elsewhere; from that these functions decide, and remember nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from gt.core.town import StageSpec, Town
from gt.core.values import dataclass
from gt.core.when import format_time

STAGE = "stage:"
"""Begins the subject of a page that is about a stage."""


class Proof(StrEnum):
    """What is known of a stage's gates on a commit."""

    GREEN = "green"
    """All passed, or there are none."""
    RED = "red"
    """One failed, and again."""
    STALLED = "could-not-run"
    """One could not be run, again and again."""
    OPEN = "open"
    """More runs will tell."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gates of a stage say of a commit so far."""

    proof: Proof
    why: str = ""
    """What failed or could not be run, as a clause."""
    runs: int = 0
    """How many runs it may still take, at most, until that is decided."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A commit that the branch before has, and the stage hasn't."""

    commit: str
    at: int | None
    """When it came there, in seconds since the epoch; None: nobody can say."""
    approved: bool = False
    """Whether a person has vouched for it, for this stage."""


class Step(StrEnum):
    """What comes next for a stage."""

    DONE = "done"
    """It has all that there is."""
    PROMOTE = "promote"
    PROVE = "prove"
    """Its gates are to be run."""
    WAIT = "wait"
    """It follows by itself from something else, such as the clock."""
    HELD = "held"
    """A person must act."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes next for a stage, and why."""

    step: Step
    commit: str | None = None
    """Which commit it is about."""
    cause: str = ""
    """A word for why it is held or waits."""
    why: str = ""
    """A clause that goes after the stage's name."""
    until: int | None = None
    """When the clock alone will make another decision of it."""
    runs: int = 0
    """How many gate runs the commit may still take."""
    baking: int = 0
    """How many commits are yet to bake."""
    epoch: str = ""
    """What makes it another cause than the last of its name, if not where the stage is."""

    @property
    def due(self) -> bool:
        """Whether there is something to do now, by itself."""
        return self.step in (Step.PROMOTE, Step.PROVE)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, as found."""

    branch: str
    target: str
    source: str
    """The branch that it follows."""
    tip: str | None
    """Where it is; None: it will be made by the first promotion."""
    decision: Decision
    trails: int = 0
    """How many first-parent commits of its target it hasn't."""

    @property
    def subject(self) -> str:
        """What pages about it are about."""
        return f"{STAGE}{self.branch}"


def decide(
    trail: Sequence[Arrival], spec: StageSpec, evidence: Callable[[str], Evidence], now: int
) -> Decision:
    """What comes next for a stage that these commits, the newest first, are ahead of.

    The newest that has baked is the one it is about; where a person must vouch, the newest of these that one has
    vouched for, if there is any. `evidence` is asked for that one only.
    """
    if not trail:
        return Decision(Step.DONE)
    ripe = ripened(trail, spec, now)
    baking = [each for each in trail if each not in ripe]
    until = min((due for each in baking if (due := _due(each, spec)) is not None), default=None)
    wanted = next((each for each in ripe if each.approved or not spec.approve), None)
    coming = next((each for each in baking if each.approved and each.at is not None), None)
    if wanted is None and (coming or not ripe):
        # Who has vouched for a later one isn't asked about those before it.
        return _unripe(coming or trail[0], baking, spec, until)
    wanted = wanted or ripe[0]
    found = evidence(wanted.commit)
    short = wanted.commit[:12]

    def held(cause: str, why: str) -> Decision:
        return Decision(Step.HELD, wanted.commit, cause, why, until, baking=len(baking))

    match found.proof:
        case Proof.RED:
            return held("red", f"can't have {short}: {found.why}")
        case Proof.STALLED:
            return held("could-not-run", f"can't have {short} proven: {found.why}")
        case Proof.OPEN:
            why = f"is to have {short}, once its gates pass"
            return Decision(Step.PROVE, wanted.commit, "", why, until, found.runs, len(baking))
        case Proof.GREEN if spec.approve and not wanted.approved:
            return held("approval", f"waits for a person's word on {short}")
        case Proof.GREEN:
            return Decision(Step.PROMOTE, wanted.commit, "", f"is to have {short}", until, baking=len(baking))


def ripened(trail: Sequence[Arrival], spec: StageSpec, now: int) -> tuple[Arrival, ...]:
    """Those of these commits that have baked, in the same order."""
    return tuple(each for each in trail if (due := _due(each, spec)) is not None and due <= now)


def _due(arrival: Arrival, spec: StageSpec) -> int | None:
    """When it has baked; None: nobody can say."""
    if not spec.bake:
        return 0
    return None if arrival.at is None else arrival.at + spec.bake


def _unripe(about: Arrival, baking: Sequence[Arrival], spec: StageSpec, until: int | None) -> Decision:
    """What a stage waits for that nothing which has baked may go to."""
    first = about if about.approved or until is None else next(a for a in baking if _due(a, spec) == until)
    due, short = _due(first, spec), first.commit[:12]
    if due is None:
        why = f"waits for a landing: when {short} came can't be told otherwise"
        return Decision(Step.WAIT, first.commit, "landing", why, until, baking=len(baking))
    why = f"is to have {short} when it has baked, at {format_time(due)}"
    return Decision(Step.WAIT, first.commit, "bake", why, until, baking=len(baking))


@dataclass(frozen=True, slots=True)
class Place:
    """A stage as it is set, in its place behind a target."""

    spec: StageSpec
    target: str
    source: str
    problem: str = ""
    """Why it can't be there; a clause after its name."""


def places(targets: Collection[str], towns: Mapping[str, Town]) -> tuple[Place, ...]:
    """The stages behind each target in turn, each after what it follows. `towns` are the settings that can be read."""
    known = _Known(targets)
    return tuple(
        known.place(target, spec, town.stages[n - 1].branch if n else target)
        for target, town in towns.items()
        for n, spec in enumerate(town.stages)
    )


@dataclass(slots=True)
class _Known:
    """What is placed so far: the target behind which each stage stands."""

    targets: Collection[str]
    behind: dict[str, str] = field(default_factory=dict)

    def place(self, target: str, spec: StageSpec, before: str) -> Place:
        source = spec.source or before
        problem = self._problem(target, spec.branch, source)
        if not problem:
            self.behind[spec.branch] = target
        return Place(spec, target, source, problem)

    def _problem(self, target: str, branch: str, source: str) -> str:
        if branch in self.targets:
            return "is a target, so it can't be a stage"
        if branch in self.behind:
            return f"is a stage of {self.behind[branch]}, so it can't be one of {target}"
        if source != target and self.behind.get(source) != target:
            return f"is to follow {source}, which is neither {target} nor one of its stages before it"
        return ""
