"""`gt promote`: bring the stages behind the targets forward, each to the newest commit that may go there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from gt import lock
from gt.core.calls import MEND
from gt.core.promotion import Decision, Step
from gt.core.town import Town
from gt.core.values import dataclass
from gt.core.world import Target
from gt.drive.observe import look_at_targets
from gt.errors import Busy, NotFound, Refused
from gt.git.repo import Repo
from gt.lock import Held
from gt.refinery import checkout, outcomes, pins, promoting, refusals, slots, stages, tidying, upstream
from gt.refinery.moving import Mover
from gt.refinery.outcomes import Outcome
from gt.refinery.places import merge_lock
from gt.refinery.stages import Assessment, Found
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Promoted:
    """A stage that was moved forward."""

    branch: str
    old: str | None
    new: str


@dataclass(slots=True)
class PromoteReport:
    """What was promoted, and where every stage that was asked for is now."""

    promoted: list[Promoted] = field(default_factory=list)
    left: tuple[Found, ...] = ()
    unread: tuple[Target, ...] = ()
    """The targets whose stages aren't known, where all were asked for."""
    runs: list[Outcome] = field(default_factory=list)
    kept: tuple[str, ...] = ()
    """The user's files that a killed landing's repair left as they were."""

    @property
    def exit_code(self) -> int:
        """20 a person must act, 10 there is more to do, 11 waiting, 0 each has all that there is."""
        steps = {found.stage.decision.step for found in self.left}
        if Step.HELD in steps or self.unread:
            return 20
        if steps & {Step.PROMOTE, Step.PROVE}:
            return 10
        return 11 if Step.WAIT in steps else 0


def look(
    repo: Repo, ledger: Ledger, now: int, environ: Mapping[str, str] | None = None
) -> tuple[Assessment, Mapping[str, Town]]:
    """Where every stage is, and the settings of the targets; changes nothing. Raises NotFound without a town."""
    with ledger.read() as snapshot:
        state, unlanded = snapshot.state(), snapshot.live()
        targets, towns = look_at_targets(repo, snapshot)
    return stages.assess(stages.Look(repo, targets, towns, state, unlanded, now, environ)), towns


def named(seen: Assessment, wanted: str | None) -> tuple[Found, ...]:
    """The stage of this name (None: all). Raises NotFound, or Refused where it can't be said whether there is one."""
    if wanted is None:
        return seen.found
    chosen = tuple(found for found in seen.found if found.stage.branch == wanted)
    for target in seen.unread if not chosen else ():
        raise Refused(
            f"{target.name} {target.trouble}", hint=MEND if target.cause == "settings" else "gt status"
        )
    if not chosen:
        known = ", ".join(found.stage.branch for found in seen.found) or "none"
        raise NotFound("stage", f"{wanted} (there are {known})", hint="gt status")
    return chosen


def run(
    repo: Repo,
    ledger: Ledger,
    *,
    stage: str | None = None,
    actor: str,
    clock: Callable[[], int],
    environ: Mapping[str, str],
    say: Callable[[str], None],
    tell: Callable[[str], None] = lambda _: None,
    again: bool = False,
    dry: bool = False,
) -> PromoteReport:
    """Promote until nothing more can be done for this stage (None: for any), each before those that follow it.

    `say` hears of progress; `tell` of each promotion, once it is done. `again`: forget gates that were red or could
    not be run, and what the remote refused. `dry`: only look. Raises NotFound for what is no stage, Busy while a merge or
    another promotion is at work here, Unreachable and Denied by the remote that stages are pushed to, KeyboardInterrupt when interrupted.
    """
    named(look(repo, ledger, clock())[0], stage)
    if dry:
        seen, _ = look(repo, ledger, clock(), environ)
        return PromoteReport(left=named(seen, stage), unread=() if stage else seen.unread)
    held = lock.try_hold(merge_lock(repo))
    if held is None:
        raise Busy(f"a gt merge or another gt promote is at work here ({merge_lock(repo)} is held)")
    try:
        report = PromoteReport(kept=checkout.recover(repo, held))
        slots.clear(repo)
        tidying.tidy(repo, actor, clock())
        yard = Yard(repo, actor, clock, environ, say, report.runs.append)
        it = _Promoting(yard, ledger, held, stage, report, tell)
        it.arrive()
        if again:
            it.forgive()
        it.loop()
        return report
    finally:
        lock.release(held)


@dataclass(slots=True)
class _Promoting:
    """One call; `held` is the merge lock."""

    yard: Yard
    ledger: Ledger
    held: Held
    wanted: str | None
    report: PromoteReport
    tell: Callable[[str], None]
    failed: set[tuple[str, str]] = field(default_factory=set)
    """Stages and commits that were tried, and didn't come together."""

    def arrive(self) -> None:
        """Take over where the remote has targets and stages, and note down what a promotion that died left out."""
        repo = self.yard.repo
        seen, towns = self._look()
        mover = self._mover("as it was found")
        for target in dict.fromkeys(found.stage.target for found in seen.found):
            remote = towns[target].refinery.push
            names = [f.stage.branch for f in seen.found if f.stage.target == target and _is_sound(f)]
            pins.catch_up(repo, target, actor=mover.actor, now=mover.now)
            if remote is not None:
                there = upstream.look(repo, remote, [target, *names])
                upstream.follow(mover, target)
                for name in names:
                    promoting.forget(mover, name, there)
            for name in names:
                promoting.catch_up(mover, name, remote)
                if remote is not None:
                    promoting.tell(mover, name, remote)

    def forgive(self) -> None:
        """Forget what was red, could not be run or was refused: a person says so."""
        seen, _ = self._look()
        for found in named(seen, self.wanted):
            commit = found.stage.decision.commit
            if commit is not None:
                outcomes.forgive(self.yard.repo, commit, [trial.check.key for trial in found.trials])
            refusals.forgive(self.yard.repo, [refusals.stage_name(found.stage.branch)])

    def loop(self) -> None:
        """Until nothing of it is due, or what is due can't be done now."""
        while True:
            seen, _ = self._look()
            self.report.left = named(seen, self.wanted)
            self.report.unread = () if self.wanted else seen.unread
            due = next((found for found in self.report.left if self._can(found)), None)
            if due is None:
                return
            if due.stage.decision.step is Step.PROVE:
                promoting.prove(self.yard, due)
            else:
                self._promote(due)

    def _can(self, found: Found) -> bool:
        decision = found.stage.decision
        return decision.due and (found.stage.branch, decision.commit or "") not in self.failed

    def _promote(self, found: Found) -> None:
        stage, commit = found.stage, found.stage.decision.commit
        assert commit is not None
        mover = self._mover(f"{stage.branch} to {commit[:12]}")

        def still() -> bool:
            now = next((each for each in self._look()[0].found if each.stage.branch == stage.branch), None)
            return now is not None and now.post == found.post and _same(now.stage.decision, stage.decision)

        why = promoting.promote(self.yard, mover, found, still)
        if why is not None:
            self.failed.add((stage.branch, commit))
            self.yard.say(f"{stage.branch}: not promoted: {why}")
            return
        self.report.promoted.append(Promoted(stage.branch, stage.tip, commit))
        self.tell(f"{stage.branch}: promoted to {commit[:12]}, from {stage.source}")

    def _mover(self, what: str) -> Mover:
        return Mover(self.yard.repo, self.held, self.yard.actor, f"gt promote: {what}", self.yard.clock())

    def _look(self) -> tuple[Assessment, Mapping[str, Town]]:
        return look(self.yard.repo, self.ledger, self.yard.clock(), self.yard.environ)


def _same(one: Decision, other: Decision) -> bool:
    return (one.step, one.commit) == (other.step, other.commit)


def _is_sound(found: Found) -> bool:
    return found.stage.decision.cause != "settings"
