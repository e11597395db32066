"""`gt merge`: prove what is submitted for a target, and land it, until nothing is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gt import lock
from gt.core.bead import Bead, Landed, Phase, Result
from gt.core.state import TownState
from gt.core.town import Town
from gt.core.world import Queued, Standing, Target
from gt.drive.observe import look_at_targets
from gt.errors import Busy, NotFound, Refused
from gt.git.repo import Repo
from gt.lock import Held
from gt.refinery import checkout, control, landed, outcomes, pins, queue, slots, tidying
from gt.refinery.candidate import preview
from gt.refinery.gates import checks
from gt.refinery.landing import NotNow, land
from gt.refinery.outcomes import Outcome
from gt.refinery.places import merge_lock
from gt.refinery.queue import Assessment
from gt.refinery.trial import Green, Rejected, Trial
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger
from gt.verbs.landed import landed as record_landing
from gt.verbs.reject import reject


@dataclass(frozen=True, slots=True)
class Rejection:
    """A submission that wasn't taken."""

    bead: str
    token: str
    result: Result
    reason: str


@dataclass(slots=True)
class MergeReport:
    """What a merge did, and what it left."""

    target: str
    start: str | None
    end: str | None = None
    landed: list[tuple[str, str, Landed]] = field(default_factory=list)
    """Bead, token, where."""
    rejected: list[Rejection] = field(default_factory=list)
    left: tuple[Queued, ...] = ()
    """What is still submitted for the target, in landing order."""
    trouble: str | None = None
    """What stops all landing on the target; a clause after its name."""
    runs: list[Outcome] = field(default_factory=list)
    kept: tuple[str, ...] = ()
    """The user's files that a killed landing's repair left as they were."""

    def standing(self, standing: Standing) -> tuple[Queued, ...]:
        """What is left in one standing."""
        return tuple(queued for queued in self.left if queued.standing is standing)

    @property
    def exit_code(self) -> int:
        """3 something was rejected, 20 a person must act, 10 there is more to do, 11 waiting, 0 all done."""
        if self.rejected:
            return 3
        if self.trouble or self.standing(Standing.HELD):
            return 20
        if self.standing(Standing.DUE):
            return 10
        return 11 if self.left else 0


@dataclass(frozen=True, slots=True)
class View:
    """What the Refinery sees of the town."""

    beads: Mapping[str, Bead]
    targets: Mapping[str, Target]
    towns: Mapping[str, Town]
    state: TownState
    landings: Mapping[str, Landed]
    queue: Assessment


def look(repo: Repo, ledger: Ledger, now: int) -> View:
    """Look at everything that is submitted; changes nothing. Raises NotFound without a town."""
    with ledger.read() as snapshot:
        beads = {bead.id: bead for bead in snapshot.live()}
        submitted = [bead for bead in beads.values() if bead.phase is Phase.SUBMITTED]
        for need in {need for bead in submitted for need in bead.spec.needs} - beads.keys():
            found = snapshot.find(need)
            if found is not None:
                beads[need] = found
        state = snapshot.state()
    targets, towns = look_at_targets(repo)
    landings = landed.derive(repo, submitted, targets, state.acknowledged)
    assessed = queue.assess(repo, beads, targets, towns, state, landings, now)
    return View(beads, targets, towns, state, landings, assessed)


def run(
    repo: Repo,
    ledger: Ledger,
    *,
    target: str | None = None,
    actor: str,
    clock: Callable[[], int],
    environ: Mapping[str, str],
    say: Callable[[str], None],
    tell: Callable[[str], None] = lambda _: None,
    again: bool = False,
    dry: bool = False,
) -> MergeReport:
    """Merge until nothing more can be done for a target (default: the first), one submission at a time.

    `say` hears of progress; `tell` of each landing and rejection, once it is recorded.
    `again`: forget counted gate runs, red controls and runs that could not be made. `dry`: only look. Raises
    Busy while another merge is at work here, KeyboardInterrupt when interrupted.
    """
    if dry:
        seen = look(repo, ledger, clock())
        name = _target(seen, target)
        report = MergeReport(name, seen.targets[name].tip)
        return _closed(report, seen)
    held = lock.try_hold(merge_lock(repo))
    if held is None:
        raise Busy(f"another gt merge is at work here ({merge_lock(repo)} is held)")
    try:
        kept = checkout.recover(repo, held)
        slots.clear(repo)
        tidying.tidy(repo, actor, clock())
        seen = look(repo, ledger, clock())
        name = _target(seen, target)
        pins.catch_up(repo, name, actor=actor, now=clock())
        report = MergeReport(name, seen.targets[name].tip, kept=kept)
        yard = Yard(repo, actor, clock, environ, say, report.runs.append)
        _Merging(yard, ledger, held, name, report, tell).loop(
            _forgiven(yard, ledger, seen, name) if again else seen
        )
        return report
    finally:
        lock.release(held)


def _target(seen: View, wanted: str | None) -> str:
    if not seen.targets:
        raise NotFound("target", "git config gt.target is not set", hint="gt init")
    name = wanted or next(iter(seen.targets))
    if name not in seen.targets:
        raise NotFound("target", name, hint=f"git config --add gt.target {name}")
    if seen.targets[name].tip is None:
        raise Refused(f"{name} {seen.targets[name].trouble or 'has no commit'}")
    return name


def _closed(report: MergeReport, seen: View) -> MergeReport:
    target = seen.queue.targets.get(report.target) or seen.targets[report.target]
    report.end, report.left = target.tip, seen.queue.on(report.target)
    report.trouble = target.trouble
    return report


def _forgiven(yard: Yard, ledger: Ledger, seen: View, name: str) -> View:
    tip, town = seen.targets[name].tip, seen.towns.get(name)
    if tip is not None and town is not None:
        trees = [tip]
        for each in seen.queue.on(name):
            made = preview(yard.repo, tip, each.commit, town)
            trees += [made.tree] if made.tree else []
        keys = [check.key for tree in trees for check in checks(yard.repo, town, _tree(yard.repo, tree))]
        outcomes.forgive(yard.repo, tip, keys)
    return look(yard.repo, ledger, yard.clock())


def _tree(repo: Repo, name: str) -> str:
    from gt.git.run import git

    return git(repo, "rev-parse", "--verify", f"{name}^{{tree}}").text


@dataclass(frozen=True, slots=True)
class _Merging:
    """One merge, under its lock."""

    yard: Yard
    ledger: Ledger
    held: Held
    target: str
    report: MergeReport
    tell: Callable[[str], None]

    def loop(self, seen: View) -> None:
        """Try what is due, one after another, looking again after each."""
        skipped: set[str] = set()
        while True:
            if self._recorded(seen):
                seen = self._look()
                continue
            target = seen.queue.targets.get(self.target)
            chosen = queue.choose(seen.queue.on(self.target), frozenset(skipped))
            if chosen is None or target is None or target.trouble:
                _closed(self.report, seen)
                return
            before = (target.tip, len(self.report.runs), len(self.report.landed), len(self.report.rejected))
            self._try(seen, chosen)
            seen = self._look()
            tip = seen.targets[self.target].tip
            after = (tip, len(self.report.runs), len(self.report.landed), len(self.report.rejected))
            if before == after:
                skipped.add(chosen.bead)  # nothing came of it: trying again in the same world wouldn't help
            elif before[0] != after[0]:
                skipped.clear()

    def _look(self) -> View:
        return look(self.yard.repo, self.ledger, self.yard.clock())

    def _recorded(self, seen: View) -> bool:
        """Tell the ledger what its targets have already; whether there was anything."""
        for name in sorted(seen.landings):
            sub = seen.beads[name].status.submission
            assert sub is not None
            self._record(name, sub.token)
        return bool(seen.landings)

    def _record(self, bead: str, token: str) -> None:
        yard = self.yard
        record_landing(yard.repo, self.ledger, bead, token, actor=yard.actor, now=yard.clock())

    def _try(self, seen: View, chosen: Queued) -> None:
        trial = self._trial(seen, chosen)
        verdict = trial.verdict()
        if isinstance(verdict, Green):
            self._land(trial, verdict)
        elif isinstance(verdict, Rejected):
            self._reject(chosen, verdict)
        else:
            self.yard.say(f"{chosen.bead}: {verdict.why}")

    def _trial(self, seen: View, chosen: Queued) -> Trial:
        bead, town = seen.beads[chosen.bead], seen.towns[self.target]
        sub = bead.status.submission
        at = pins.tips(self.yard.repo, self.target)
        tip = seen.targets[self.target].tip
        assert sub is not None
        assert tip is not None
        subs = [
            s
            for b in seen.beads.values()
            if b.phase is Phase.SUBMITTED and b.id not in seen.landings and (s := b.status.submission)
        ]
        name = control.queue_name(s for s in subs if s.base == self.target)
        word = seen.state.acknowledged.get(self.target)
        foreign = control.is_foreign(self.yard.repo, replace(at, tip=tip), word)
        return Trial(self.yard, bead, sub, tip, town, name, foreign)

    def _land(self, trial: Trial, green: Green) -> None:
        done = land(self.yard, self.ledger, self.held, trial.bead, green, trial.town)
        if isinstance(done, NotNow):
            self.yard.say(f"{trial.bead.id}: not landed: {done.why}")
            return
        self.report.landed.append((trial.bead.id, trial.sub.token, done))
        self._record(trial.bead.id, trial.sub.token)
        self.tell(f"{trial.bead.id} landed on {self.target} as {done.commit[:12]}")

    def _reject(self, chosen: Queued, verdict: Rejected) -> None:
        yard = self.yard
        try:
            reject(
                yard.repo, self.ledger, chosen.bead, verdict.reason,
                token=chosen.token, result=verdict.result, actor=yard.actor, now=yard.clock(),
            )  # fmt: skip
        except Refused as error:  # withdrawn, rejected or replaced meanwhile
            yard.say(f"{chosen.bead}: not rejected: {error.message}")
            return
        rejection = Rejection(chosen.bead, chosen.token, verdict.result, verdict.reason)
        self.report.rejected.append(rejection)
        self.tell(f"{chosen.bead} rejected ({verdict.result}): {verdict.reason.partition(chr(10))[0]}")
