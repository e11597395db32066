"""Where every stage is, and what comes next for it. Looked up anew each time, stored nowhere.

What a stage follows is told by the target's own landings and by the marks of the stage before: when a commit came
there is what they say, never what a file or a reflog does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from gt.core.bead import Bead
from gt.core.promotion import Arrival, Decision, Evidence, Place, Proof, Stage, decide, places, ripened
from gt.core.promotion import Step as Next
from gt.core.state import TownState
from gt.core.town import StageSpec, Town
from gt.core.values import dataclass
from gt.core.world import Target
from gt.errors import GtError
from gt.git.lineage import Step, behind, steps
from gt.git.merge import is_ancestor, trailers
from gt.git.repo import Repo
from gt.refinery import control, marks, refusals, upstream, waived
from gt.refinery.accepted import asked, is_accepted
from gt.refinery.landed import made_by_gt
from gt.refinery.marks import Post
from gt.refinery.message import BYPASS
from gt.refinery.pins import tips
from gt.refinery.trials import Judge, Trial, evidence
from gt.refinery.words import counts

FIRST = 500
"""From how many of the newest commits a stage that doesn't exist yet may begin."""

PARTED = frozenset({"moved", "diverged", "settings", "unreadable"})
"""The causes for which nothing that follows a stage moves either."""

UNPROVEN = frozenset({BYPASS, waived.TRAILER})
"""The trailers of what landed though the target's own gates weren't all green."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at everything."""

    repo: Repo
    targets: Mapping[str, Target]
    towns: Mapping[str, Town]
    """The settings of those that could be read."""
    state: TownState
    unlanded: tuple[Bead, ...]
    """The Beads whose attempts haven't landed."""
    now: int
    environ: Mapping[str, str] | None = None
    """The environment in which gates would run; None: nobody is about to run any."""


@dataclass(frozen=True, slots=True)
class Found:
    """A stage with all that a promotion needs to know."""

    stage: Stage
    spec: StageSpec
    town: Town
    post: Post
    trials: tuple[Trial, ...] = ()
    """What must pass on the commit that the decision is about."""
    ripe: tuple[str, ...] = ()
    """The commits ahead of it that have baked, the newest first."""
    ahead: tuple[str, ...] = ()
    """All commits ahead of it, the newest first."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """All stages, each after what it follows, and the targets for which they wait."""

    found: tuple[Found, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
    """Those whose trouble keeps their stages where they are."""
    unread: tuple[Target, ...] = ()
    """Those of which nobody can say which stages are behind them."""


def assess(look: Look) -> Assessment:
    """Where every stage is. Where all is as it was left no process is run."""
    placed = places(look.targets, look.towns)
    grounds = {name: _ground(look, name) for name in dict.fromkeys(place.target for place in placed)}
    found: dict[str, Found] = {}
    done = []
    for place in placed:
        one = _look_at(look, place, grounds[place.target], found.get(place.source))
        done.append(one)
        if not place.problem:
            found[place.spec.branch] = one
    troubled = {name: each.target for name, each in grounds.items() if each.target.trouble}
    unread = tuple(target for name, target in look.targets.items() if name not in look.towns)
    return Assessment(tuple(done), troubled, unread)


@dataclass(frozen=True, slots=True)
class _Ground:
    """A target with stages behind it."""

    target: Target
    town: Town
    tip: str


def _ground(look: Look, name: str) -> _Ground:
    target, town = look.targets[name], look.towns[name]
    assert target.tip is not None
    try:
        at = tips(look.repo, name)
        word = look.state.acknowledged.get(name)
        parting = upstream.parted(look.repo, name, town, word, target.lost)
        if parting is not None:
            target = replace(target, trouble=parting.why, cause=parting.cause)
        elif at.tip is not None:
            at = upstream.knowing(at, target.lost)
            trouble = control.moved(look.repo, at, word, town, look.unlanded)
            if trouble is not None:
                target = replace(target, trouble=trouble.why, cause=trouble.cause, epoch=trouble.epoch)
    except GtError as error:
        target = replace(target, trouble=f"can't be looked at: {error.message}", cause="unreadable")
    return _Ground(target, town, target.tip or "")


def _look_at(look: Look, place: Place, ground: _Ground, before: Found | None) -> Found:
    branch = place.spec.branch
    try:
        post = marks.post(look.repo, branch, ground.town.refinery.push)
        if place.problem:
            return _found(place, ground, post, _held("settings", place.problem))
        trails = 0 if post.tip == ground.tip else behind(look.repo, post.tip, ground.tip)
        return _Looking(look, place, ground, post, before, trails).found()
    except GtError as error:
        lost = Post(branch, None, None, None)
        return _found(place, ground, lost, _held("unreadable", f"can't be looked at: {error.message}"))


def _found(place: Place, ground: _Ground, post: Post, decision: Decision, trails: int = 0) -> Found:
    stage = Stage(place.spec.branch, place.target, place.source, post.tip, decision, trails)
    return Found(stage, place.spec, ground.town, post)


def _held(cause: str, why: str) -> Decision:
    return Decision(Next.HELD, None, cause, why)


@dataclass(frozen=True, slots=True)
class _Looking:
    """The look at one stage."""

    look: Look
    place: Place
    ground: _Ground
    post: Post
    before: Found | None
    trails: int

    def found(self) -> Found:
        decision = self._stopped()
        if decision is not None:
            return _found(self.place, self.ground, self.post, decision, self.trails)
        return self._decided()

    def _stopped(self) -> Decision | None:
        """Why nothing is promoted to it at all."""
        paused = self.look.state.paused
        if paused is not None and self.look.state.is_paused(self.look.now) and self.trails:
            why = f"waits: {paused.told}"
            return Decision(Next.WAIT, None, "paused", why, paused.until)
        target = self.ground.target
        if target.trouble:
            return Decision(
                Next.WAIT, None, f"{target.cause}-target", f"waits for {target.name}, which {target.trouble}"
            )
        return self._parted() or self._waits_for_the_one_before()

    def _parted(self) -> Decision | None:
        """What is wrong with where it is."""
        repo, post, branch = self.look.repo, self.post, self.place.spec.branch
        word = self.look.state.acknowledged.get(branch)
        if post.own is not None and post.tip != post.own.commit:
            own = post.own.commit
            if not is_accepted(repo, word, post.tip, own):
                return replace(_held("moved", _how_moved(repo, post)), epoch=asked(repo, post.tip, own))
        if post.tip not in (None, self.ground.tip) and not is_ancestor(repo, post.tip or "", self.ground.tip):
            why = (
                f"has commits that {self.place.target} hasn't: it can go on once {self.place.target} has them"
            )
            return _held("diverged", why)
        return None

    def _waits_for_the_one_before(self) -> Decision | None:
        if self.before is not None and self.before.stage.decision.cause in PARTED:
            source, why = self.place.source, self.before.stage.decision.why
            return Decision(Next.WAIT, None, "stage", f"waits for {source}, which {why}")
        return None

    def _decided(self) -> Found:
        spec, town, repo = self.place.spec, self.ground.town, self.look.repo
        line = {step.oid: step for step in self._line()}
        trail, unproven = self._trail(line)
        judge = Judge(repo, self.look.now, self.look.environ)
        tried: dict[str, tuple[Trial, ...]] = {}

        def look_up(commit: str) -> Evidence:
            if commit in unproven and not town.ungated and not _gates(town):
                return Evidence(Proof.STALLED, f"{self.place.target} has no gates that it could have passed")
            tried[commit] = judge.trials(town, spec, line[commit].tree, proven=commit not in unproven)
            return evidence(tried[commit])

        decision = self._unobstructed(decide(trail, spec, look_up, self.look.now))
        if decision.step is Next.DONE and self._taken_back():
            decision = replace(decision, why="was taken back, and is to have what is newer")
        found = _found(self.place, self.ground, self.post, decision, self.trails)
        ripe = tuple(each.commit for each in ripened(trail, spec, self.look.now))
        ahead = tuple(each.commit for each in trail)
        return replace(found, trials=tried.get(decision.commit or "", ()), ripe=ripe, ahead=ahead)

    def _line(self) -> tuple[Step, ...]:
        """The steps of what it follows that lie ahead of it and contain it, the newest first."""
        repo, tip, own = self.look.repo, self.post.tip, self.post.own
        since = own.commit if own is not None and self._taken_back() else tip
        top = self.ground.tip if self.before is None else self.before.stage.tip
        if top is None or top == tip:
            return ()
        line = steps(repo, since, top, limit=0 if since else FIRST)
        if tip is None or not line or line[-1].parents[:1] in ((tip,), (since,)):
            return line
        lacking = bisect_left(line, True, key=lambda step: not is_ancestor(repo, tip, step.oid))
        return line[:lacking]

    def _taken_back(self) -> bool:
        """Whether it is behind what it had. A person said so: what is taken back doesn't come again by itself."""
        tip, own = self.post.tip, self.post.own
        if own is None or own.commit == tip:
            return False
        return tip is None or is_ancestor(self.look.repo, tip, own.commit)

    def _trail(self, line: Mapping[str, Step]) -> tuple[tuple[Arrival, ...], frozenset[str]]:
        """What may be promoted, the newest first; and which of it hasn't been proven to pass the target's gates."""
        if self.before is not None:
            came: dict[str, int] = {}
            for mark in self._marks_before():
                if mark.commit in line:
                    came.setdefault(mark.commit, mark.at)
            return tuple(self._arrival(oid, came[oid]) for oid in line if oid in came), frozenset()
        if not line:
            return (), frozenset()
        at = tips(self.look.repo, self.place.target)
        below = made_by_gt(self.look.repo, at, self.post.tip)
        word = self.look.state.acknowledged.get(self.place.target)
        trail, unproven = [], set()
        since: int | None = None
        adopted = False
        for step in line.values():
            said = {key for key, _ in trailers(step.message)}
            # What others put there came no later than the landing that stands on it; where they land, their word counts.
            landing = (step.oid in below and "Gt-Bead" in said) or self.ground.town.refinery.land is not None
            since = step.time if landing else since
            adopted = adopted or step.oid in below or (word is not None and step.oid == word.commit)
            if not adopted or said & UNPROVEN:
                unproven.add(step.oid)
            trail.append(self._arrival(step.oid, since))
        return tuple(trail), frozenset(unproven)

    def _marks_before(self) -> Iterator[marks.Mark]:
        assert self.before is not None
        own = self.before.post.own
        for mark in marks.standing(self.look.repo, own.oid if own else None):
            if mark.commit == self.post.tip:
                return
            yield mark

    def _arrival(self, commit: str, at: int | None) -> Arrival:
        branch, ground = self.place.spec.branch, self.ground
        word = self.look.state.approved.get(branch)
        if word is None or word.commit != commit:
            return Arrival(commit, at)
        return Arrival(commit, at, counts(self.look.repo, ground.town, ground.tip, branch, word))

    def _unobstructed(self, decision: Decision) -> Decision:
        """The decision, unless the remote refused it, or files of the user's are in its way where it isn't pushed."""
        here, commit = self.post.here, decision.commit
        pushed = self.ground.town.refinery.push is not None
        if decision.step is not Next.PROMOTE or commit is None:
            return decision
        name = refusals.stage_name(self.place.spec.branch)
        refused = refusals.kept(self.look.repo, [name]).get(name)
        if refused is not None and refused.tip == commit:
            said = f"could not be brought to {commit[:12]}: {refused.why}"
            return replace(decision, step=Next.HELD, cause="refused", why=said)
        if here is None or pushed:
            return decision
        why = upstream.in_the_way(self.look.repo, self.place.spec.branch, here, commit)
        if why is None:
            return decision
        return replace(decision, step=Next.HELD, cause="dirty", why=f"can't have {commit[:12]}: {why}")


def _gates(town: Town) -> int:
    return sum(1 for gate in town.gates if gate.when == "before")


def _how_moved(repo: Repo, post: Post) -> str:
    assert post.own is not None
    was = post.own.commit[:12]
    if post.tip is None:
        return f"was removed by others; gt had it at {was}"
    how = "taken back" if is_ancestor(repo, post.tip, post.own.commit) else "moved"
    return f"was {how} by others, from {was} to {post.tip[:12]}"
