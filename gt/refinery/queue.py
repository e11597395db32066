"""Where every submission stands: due, held for a person, or waiting. Looked up anew each time, stored nowhere.

The order is stated once, in `order`: priority, then when it was submitted, then id.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gt.core.bead import Bead, Landed, Phase, Submission
from gt.core.ready import satisfied
from gt.core.state import TownState
from gt.core.town import Town
from gt.core.values import dataclass
from gt.core.world import Queued, Standing, Target
from gt.errors import GtError
from gt.git.lineage import look_between
from gt.git.objects import Objects
from gt.git.remembered import Remembered
from gt.git.repo import Repo
from gt.refinery import aftermath, control, observed, offers, outcomes, upstream
from gt.refinery.aftermath import RED, RED_AFTER, Aftermath
from gt.refinery.approvals import approved, needs_approval
from gt.refinery.candidate import Preview, changes, named, preview, written
from gt.refinery.gates import Check, checks
from gt.refinery.outcomes import TRIES
from gt.refinery.pins import tips
from gt.refinery.stacked import below, unlanded_work

if TYPE_CHECKING:
    from gt.git.worktree import Worktree

ORDER = "by priority, then the time of submission, then id"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The queue in landing order, and what that says of the targets."""

    queued: tuple[Queued, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
    """The targets that something is submitted for, or that are looked after."""
    gate_runs: Mapping[str, int] = field(default_factory=dict)
    """For each of them, how many gate runs its queue, and looking after it, may still have; and how often others may
    still be asked to land something of it."""
    towns: Mapping[str, Town] = field(default_factory=dict)
    """For each of them whose settings could be read: those under which candidates are judged now."""
    aftermaths: Mapping[str, Aftermath] = field(default_factory=dict)
    """For each of them that isn't in other trouble."""

    def on(self, target: str) -> tuple[Queued, ...]:
        """What is submitted for one target."""
        return tuple(queued for queued in self.queued if queued.base == target)


def order(bead: Bead) -> tuple[int, int, str]:
    """The landing order."""
    sub = bead.status.submission
    return bead.spec.priority, sub.at if sub else 0, bead.id


def assess(
    repo: Repo,
    beads: Mapping[str, Bead],
    targets: Mapping[str, Target],
    towns: Mapping[str, Town],
    state: TownState,
    landings: Mapping[str, Landed],
    now: int,
) -> Assessment:
    """Where every submitted Bead among these stands.

    `beads` holds all that haven't ended and what they need; `targets` and `towns` are those that could be read;
    `landings` are landings not yet recorded (`landed.derive`). With nothing submitted, and no target to look after, no
    process is run.
    """
    waiting = [bead for bead in beads.values() if bead.phase is Phase.SUBMITTED and bead.id not in landings]
    named = dict.fromkeys(sub.base for bead in waiting if (sub := bead.status.submission))
    after = [name for name, town in towns.items() if any(gate.when == "after" for gate in town.gates)]
    unlanded = (bead for bead in beads.values() if bead.id not in landings)
    work = unlanded_work(unlanded) if waiting else {}
    missing = _missing(repo, (s.commit for b in waiting if (s := b.status.submission)))
    look = _Look(repo, beads, towns, state, landings, now, work, missing, outcomes.unrun(repo))
    found: dict[str, _Found] = {}
    for name in dict.fromkeys((*named, *after)):
        if name in targets:
            subs = [s for b in waiting if (s := b.status.submission) and s.base == name]
            found[name] = _target(look, targets[name], subs)
            if subs:
                _look_ahead(repo, targets[name], subs)
    in_force = {name: each.town for name, each in found.items() if each.town is not None}
    look = replace(look, towns={**towns, **in_force})
    queued = tuple(_queued(look, bead, found) for bead in sorted(waiting, key=order))
    trying = {each.base for each in queued if each.standing is Standing.DUE}
    return Assessment(
        queued,
        {name: each.target for name, each in found.items()},
        {
            name: each.gate_runs(name in trying) + _asks_left(look, name, waiting)
            for name, each in found.items()
        },
        in_force,
        {name: each.after for name, each in found.items() if each.after is not None},
    )


def _asks_left(look: _Look, name: str, waiting: Sequence[Bead]) -> int:
    """How often others may still be asked to land something that is submitted for this target."""
    town = look.towns.get(name)
    if town is None or town.refinery.land is None:
        return 0
    subs = ((bead.id, sub) for bead in waiting if (sub := bead.status.submission) and sub.base == name)
    return sum(offers.tries(look.repo, bead, sub).left for bead, sub in subs if not offers.is_open(sub))


_there: Remembered[tuple[Repo, str], bool] = Remembered(4096)
"""Submitted commits that were seen in a repository. Each is pinned there; should one be taken away, reading it says so."""


def _missing(repo: Repo, commits: Iterable[str]) -> frozenset[str]:
    """Those of the submitted commits that aren't in this repository."""
    unseen = [commit for commit in commits if not _there.get((repo, commit))]
    if not unseen:
        return frozenset()
    with Objects(repo) as odb:
        found = {commit for commit in unseen if odb.has(commit)}
    for commit in found:
        _there.put((repo, commit), True)
    return frozenset(unseen) - found


def _look_ahead(repo: Repo, target: Target, subs: Sequence[Submission]) -> None:
    """Ask at once what will be asked of each submission."""
    if target.tip is not None:
        with suppress(GtError):  # a commit isn't here: of that one it is told by itself
            look_between(repo, target.tip, [sub.commit for sub in subs])


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at everything."""

    repo: Repo
    beads: Mapping[str, Bead]
    towns: Mapping[str, Town]
    state: TownState
    landings: Mapping[str, Landed]
    now: int
    work: Mapping[str, Bead]
    """The commits of attempts that haven't landed."""
    missing: frozenset[str]
    """The submitted commits that aren't in this repository."""
    unrun: frozenset[str]
    """The keys under which some gate could not be run."""
    places: dict[str, tuple[Worktree, ...]] = field(default_factory=dict)
    """For each target that was asked about: where it is checked out."""
    checkouts: dict[Path, tuple[bool, frozenset[str]]] = field(default_factory=dict)
    """For each worktree that was asked about: what `dirty` says of it."""

    def checked_out(self, target: str) -> tuple[Worktree, ...]:
        """Where a target is checked out, looked up once."""
        from gt.git.worktree import checked_out

        if target not in self.places:
            self.places[target] = checked_out(self.repo, target)
        return self.places[target]

    def dirty(self, there: Worktree) -> tuple[bool, frozenset[str]]:
        """What is dirty in a worktree, looked up once; and whether a landing was writing files by then."""
        from gt.git.bringing import dirty
        from gt.refinery.checkout import is_under_way

        if there.path not in self.checkouts:
            self.checkouts[there.path] = is_under_way(self.repo), dirty(self.repo, there)
        return self.checkouts[there.path]

    def unlanded(self) -> list[Bead]:
        return [b for b in self.beads.values() if not b.phase.over and b.id not in self.landings]


@dataclass(frozen=True, slots=True)
class _Found:
    """One target, what is known of its tip, and the settings that candidates are judged by."""

    target: Target
    town: Town | None = None
    after: Aftermath | None = None
    left: int = 0
    """Gate runs that its queue may still have."""

    @property
    def mendable(self) -> bool:
        """Whether what is submitted is tried though nothing lands: one of them may mend the target."""
        return self.target.cause in (RED, RED_AFTER) and self.left > 0

    def gate_runs(self, trying: bool) -> int:
        runs = self.left if trying or not self.target.trouble else 0
        return runs + (self.after.left if self.after is not None and self.target.due else 0)


def _target(look: _Look, target: Target, subs: Sequence[Submission]) -> _Found:
    """The target with its trouble, and the gate runs left."""
    town = look.towns.get(target.name)
    if target.tip is None or town is None or target.trouble:
        return _Found(target, town)
    after = None
    left = 0
    try:
        trouble = _parted(look, target.name, town)
        if trouble is None:
            at = replace(tips(look.repo, target.name), tip=target.tip)
            waivers = tuple(each for each in look.state.waived(look.now) if each.target == target.name)
            after = aftermath.look(
                look.repo, target.name, at, town, look.now, queue=bool(subs), waivers=waivers
            )
            town = after.in_force(town)
            spent = outcomes.spent(look.repo, target.tip, control.queue_name(subs)) if subs else 0
            left = max(0, control.allowance(town, len(subs)) - spent) if subs else 0
            trouble = _trouble(look, target.tip, town, after, left if subs else None)
    except GtError as error:
        trouble = control.Trouble("unreadable", f"can't be looked at: {error.message}")
    if after is not None:
        due = "" if look.state.is_paused(look.now) else after.due
        target = replace(target, reverts=after.reverts, due=due, aside=after.aside, waived=after.waived)
    if trouble is not None:
        target = replace(
            target, trouble=trouble.why, cause=trouble.cause, epoch=trouble.epoch, settled=trouble.settled
        )
    return _Found(target, town, after, left)


def _parted(look: _Look, name: str, town: Town) -> control.Trouble | None:
    """What is wrong with where a target is: nothing is found out about it before that is settled."""
    parting = upstream.parted(look.repo, name, town)
    if parting is not None:
        return control.Trouble(parting.cause, parting.why)
    at = tips(look.repo, name)
    word = look.state.acknowledged.get(name)
    assert at.tip is not None
    return control.moved(look.repo, at, word, town, look.unlanded())


def _trouble(look: _Look, tip: str, town: Town, after: Aftermath, left: int | None) -> control.Trouble | None:
    """What else is wrong with it; `left`: gate runs left for its queue, None if it has none."""
    if left is None:
        return after.trouble
    if not town.ungated and not any(gate.when == "before" for gate in town.gates):
        return control.Trouble(
            "ungated", "has no gates: name one in .gt/town.yaml, or say `ungated: true` there"
        )
    found = after.trouble or control.unprovable(look.repo, town, tip, look.now)
    if found is None and left <= 0:
        return control.Trouble(
            "budget", "has had all gate runs its queue may have: gt merge --again grants more"
        )
    return found


def _queued(look: _Look, bead: Bead, targets: Mapping[str, _Found]) -> Queued:
    sub = bead.status.submission
    assert sub is not None
    standing, cause, why, hint = _standing(look, bead, sub, targets.get(sub.base))
    return Queued(bead.id, sub.token, sub.base, sub.commit, standing, cause, why, hint)


_Where = tuple[Standing, str, str, str | None]


def _standing(look: _Look, bead: Bead, sub: Submission, found: _Found | None) -> _Where:
    if found is None:
        hint = f"git config --add gt.target {shlex.quote(sub.base)}"
        return (
            Standing.HELD,
            "no-target",
            f"is to land on {sub.base}, which is not a target of this clone",
            hint,
        )
    waits = _waits(look, bead, sub)
    if waits is not None:
        return waits
    target = found.target
    # The call for a person is the target's: one, not one for each submission.
    why = f"waits for {target.name}, which {target.trouble}"
    waits_for_it = Standing.WAITING, f"{target.cause}-target", why, None
    if target.trouble and not found.mendable:
        return waits_for_it
    assert target.tip is not None
    try:
        made = preview(look.repo, target.tip, sub.commit, look.towns[target.name])
        if target.trouble and not _is_news(look, target.name, made):
            return waits_for_it
        return _judged(look, bead, sub, target, made)
    except GtError as error:
        return Standing.WAITING, "unreadable", f"can't be looked at: {error.message}", None


def _is_news(look: _Look, name: str, made: Preview) -> bool:
    """Whether this may mend a target that is red: it merges, and isn't known to be red, too."""
    if made.clashes or not made.changed:
        return False
    known = (
        outcomes.kept(look.repo, check.key, look.now)
        for check in _checks(look, name, made)
        if not check.gate.excused
    )
    return all(
        (last := outcomes.verdict(seen)) is None or last.verdict is outcomes.Verdict.PASS for seen in known
    )


def _waits(look: _Look, bead: Bead, sub: Submission) -> _Where | None:
    if bead.spec.hold:
        return Standing.HELD, "hold", "is on hold", f"gt edit {bead.id} --no-hold"
    paused = look.state.paused
    if paused and look.state.is_paused(look.now):
        return (
            Standing.WAITING,
            "paused",
            f"waits: {paused.told}",
            "gt resume",
        )
    for need in sorted(bead.spec.needs):
        found = look.beads.get(need)
        if found is None:
            return (
                Standing.HELD,
                "need",
                f"needs {need}, which is not in this ledger",
                f"gt dep rm {bead.id} {need}",
            )
        closed = found.status.closed
        if closed is not None and not satisfied(found):
            # It can't come any more by itself.
            why = f"needs {need}, which was closed as {closed.reason}"
            return Standing.HELD, "need", why, f"gt dep rm {bead.id} {need}"
        if not satisfied(found) and need not in look.landings:
            return Standing.WAITING, "need", f"needs {need}, which is {found.phase}", f"gt why {need}"
    if sub.commit in look.missing:
        why = f"has {sub.commit[:12]} submitted, which is not in this repository yet"
        return Standing.WAITING, "missing", why, "git fetch"
    return None


def _judged(look: _Look, bead: Bead, sub: Submission, target: Target, made: Preview) -> _Where:
    """Where a submission stands that nothing but its own content can hold up."""
    due = (Standing.DUE, "", f"is due for {target.name}", None)
    placed = _offered(look, bead, sub, target, made)
    if placed is not None:
        return placed
    if made.clashes or not made.changed:
        return due
    if made.strays:
        why = f"would change {made.strays[0]} on {target.name}, which its commits don't change"
        return Standing.HELD, "footprint", why, f"gt reject {bead.id} -r REASON"
    if needs_approval(bead, look.towns[target.name], made) and not approved(
        look.repo, bead, sub, made, look.towns[target.name]
    ):
        what = f"changes {', '.join(made.protected[:3])}" if made.protected else "needs a person's review"
        return Standing.HELD, "approval", f"waits for approval: it {what}", f"gt approve {bead.id}"
    ancestor = _ancestor(look, bead, sub, target.tip or "")
    if ancestor:
        return Standing.WAITING, "ancestor", _brings(ancestor), f"gt why {ancestor.id}"
    stalled = _stalled(look, target, made)
    if stalled:
        return Standing.HELD, "could-not-run", stalled, "gt merge --again"
    obstacle = _obstacle(look, target, made)
    if obstacle:
        return Standing.HELD, "dirty", obstacle, "git status"
    return due


def _offered(look: _Look, bead: Bead, sub: Submission, target: Target, made: Preview) -> _Where | None:
    """Where a submission stands that others land, or are to be asked to; None: nothing about that holds it up."""
    town = look.towns[target.name]
    land = town.refinery.land
    if offers.is_open(sub):
        where = offers.where(bead.id, sub, town)
        if made.changed and not made.clashes:
            return Standing.WAITING, "offered", f"was offered as {where}: others land it", None
        said = observed.mentioned(look.repo, bead.id, sub, made.tip)
        if said is not None:
            why = f"was offered as {where}, and {said.oid[:12]} names it but hasn't all that was submitted"
            return Standing.HELD, "altered", why, f"gt withdraw {bead.id} --hold"
        return None
    if land is None:
        return None
    tries = offers.tries(look.repo, bead.id, sub)
    if not tries.left:
        why = f"could not be offered {tries.made} times: {tries.why}"
        return Standing.HELD, "not-offered", why, "gt merge --again"
    if offers.is_elsewhere(look.repo, bead.id, sub, land, look.now):
        return Standing.WAITING, "offered", "is being offered by another machine", None
    return None


def _ancestor(look: _Look, bead: Bead, sub: Submission, tip: str) -> Bead | None:
    """Another Bead whose work would land along with this one's; one that isn't submitted comes first."""
    found = below(look.repo, look.work, bead.id, sub.commit, tip).values()
    return min(found, key=lambda other: (other.phase is Phase.SUBMITTED, other.id), default=None)


def _brings(other: Bead) -> str:
    if other.phase is Phase.SUBMITTED:
        return f"contains {other.id}, which is submitted too and comes first"
    return f"contains work of {other.id}, which is {other.phase}: that lands first, or is closed"


def _checks(look: _Look, target: str, made: Preview) -> tuple[Check, ...]:
    """What must pass before this lands; the tree is looked into only for a gate that sees a part of it."""
    town = look.towns[target]
    tree = written(look.repo, made) if any(g.inputs for g in town.gates) else named(look.repo, made)
    return checks(look.repo, town, tree)


def _stalled(look: _Look, target: Target, made: Preview) -> str | None:
    if not look.unrun:  # then its tree needn't even be named
        return None
    for check in _checks(look, target.name, made):
        if check.key not in look.unrun:
            continue
        seen = outcomes.kept(look.repo, check.key, look.now)
        if outcomes.stalled(seen) >= TRIES and outcomes.verdict(seen) is None:
            return f"can't be proven: gate {check.gate.name} could not be run {TRIES} times: {seen[-1].why}"
    return None


def _obstacle(look: _Look, target: Target, made: Preview) -> str | None:
    """What a landing would meet in the worktree that the target is checked out in.

    What another process lands meanwhile isn't in anybody's way: where one is under way, or has moved the target
    since this look at it, nothing is known.
    """
    from gt.refinery.checkout import is_under_way, obstacles

    found_in = look.checked_out(target.name)
    if not found_in:
        return None
    if len(found_in) > 1:
        # Only one can be brought forward with the branch: the others would seem to take the landing back.
        where = " and ".join(str(tree.path) for tree in found_in)
        return f"can't land on {target.name}: it is checked out more than once, in {where}"
    there = found_in[0]
    assert target.tip is not None
    landing = is_under_way(look.repo)
    found = obstacles(look.repo, there, changes(look.repo, made), dirty=lambda: look.dirty(there)[1])
    landing = landing or look.checkouts.get(there.path, (False,))[0]
    if found and (landing or is_under_way(look.repo) or tips(look.repo, target.name).tip != target.tip):
        return None
    return f"can't land on {target.name}, checked out in {there.path}: {found}" if found else None
