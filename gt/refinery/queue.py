"""Where every submission stands: due, held for a person, or waiting. Looked up anew each time, stored nowhere.

The order is stated once, in `order`: priority, then when it was submitted, then id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace

from gt.core.bead import Bead, Landed, Phase, Submission
from gt.core.state import TownState
from gt.core.town import Town
from gt.core.values import dataclass
from gt.core.world import Queued, Standing, Target
from gt.errors import GtError
from gt.git.lineage import look_between
from gt.git.repo import Repo
from gt.refinery import aftermath, control, offers, outcomes, refusals, upstream
from gt.refinery.aftermath import Aftermath
from gt.refinery.look import Found, Look, missing
from gt.refinery.pins import seen, tips
from gt.refinery.stacked import unlanded_work
from gt.refinery.standing import standing

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
    lacking = missing(repo, (s.commit for b in waiting if (s := b.status.submission)))
    names = (refusals.name(b.id, s) for b in waiting if (s := b.status.submission))
    refused = refusals.kept(repo, names)
    look = Look(repo, beads, towns, state, landings, now, work, lacking, outcomes.unrun(repo), refused)
    found: dict[str, Found] = {}
    for name in dict.fromkeys((*named, *after)):
        if name in targets:
            subs = [s for b in waiting if (s := b.status.submission) and s.base == name]
            found[name] = _target(look, targets[name], subs)
            if subs:
                _look_ahead(repo, targets[name], subs)
    for name, target in targets.items():
        trouble = _lost(look, target, towns.get(name)) if name not in found else None
        if trouble is not None:
            found[name] = Found(_troubled(target, trouble), towns[name])
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


def _asks_left(look: Look, name: str, waiting: Sequence[Bead]) -> int:
    """How often others may still be asked to land something that is submitted for this target."""
    town = look.towns.get(name)
    if town is None or town.refinery.land is None:
        return 0
    subs = ((bead.id, sub) for bead in waiting if (sub := bead.status.submission) and sub.base == name)
    return sum(offers.tries(look.repo, bead, sub).left for bead, sub in subs if not offers.is_open(sub))


def _look_ahead(repo: Repo, target: Target, subs: Sequence[Submission]) -> None:
    """Ask at once what will be asked of each submission."""
    if target.tip is not None:
        with suppress(GtError):  # a commit isn't here: of that one it is told by itself
            look_between(repo, target.tip, [sub.commit for sub in subs])


def _target(look: Look, target: Target, subs: Sequence[Submission]) -> Found:
    """The target with its trouble, and the gate runs left."""
    town = look.towns.get(target.name)
    if target.tip is None or town is None or target.trouble:
        return Found(target, town)
    after = None
    left = 0
    try:
        trouble = _parted(look, target, town)
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
        target = _troubled(target, trouble)
    return Found(target, town, after, left)


def _troubled(target: Target, trouble: control.Trouble) -> Target:
    return replace(
        target, trouble=trouble.why, cause=trouble.cause, epoch=trouble.epoch, settled=trouble.settled
    )


def _lost(look: Look, target: Target, town: Town | None) -> control.Trouble | None:
    """What is wrong with a target that nothing is submitted for: only whether others took a landing away counts then."""
    if town is None or target.tip is None or target.trouble:
        return None
    try:
        word = look.state.acknowledged.get(target.name)
        parting = upstream.parted(look.repo, target.name, town, word, target.lost)
        if parting is not None:
            return control.Trouble(parting.cause, parting.why) if parting.lost else None
        at = upstream.knowing(seen(look.repo, target.name), target.lost)
        return control.lost(look.repo, at, word) if at.tip is not None else None
    except GtError as error:
        return control.Trouble("unreadable", f"can't be looked at: {error.message}")


def _parted(look: Look, target: Target, town: Town) -> control.Trouble | None:
    """What is wrong with where a target is: nothing is found out about it before that is settled."""
    name = target.name
    word = look.state.acknowledged.get(name)
    parting = upstream.parted(look.repo, name, town, word, target.lost)
    if parting is not None:
        return control.Trouble(parting.cause, parting.why)
    at = upstream.knowing(seen(look.repo, name), target.lost)
    assert at.tip is not None
    return control.moved(look.repo, at, word, town, look.unlanded())


def _trouble(look: Look, tip: str, town: Town, after: Aftermath, left: int | None) -> control.Trouble | None:
    """What else is wrong with it; `left`: gate runs left for its queue, None if it has none."""
    if left is None:
        return after.trouble
    if not town.ungated and not any(gate.when == "before" for gate in town.gates):
        return control.Trouble(
            "ungated", "has no gates: name one in .gt/town.yaml, or say `ungated: true` there"
        )
    found = after.trouble or control.unprovable(look.repo, town, tip, look.now) or _refusing(look, tip)
    if found is None and left <= 0:
        return control.Trouble(
            "budget", "has had all gate runs its queue may have: gt merge --again grants more"
        )
    return found


def _refusing(look: Look, tip: str) -> control.Trouble | None:
    """Whether git refuses whatever is landed there."""
    whys = [refusal.why for refusal in look.refused.values() if refusal.tip == tip]
    if len(whys) < refusals.MANY:
        return None
    return control.Trouble("refused", f"can't be landed on: {whys[-1]}")


def _queued(look: Look, bead: Bead, targets: Mapping[str, Found]) -> Queued:
    sub = bead.status.submission
    assert sub is not None
    where, cause, why, hint = standing(look, bead, sub, targets.get(sub.base))
    return Queued(bead.id, sub.token, sub.base, sub.commit, where, cause, why, hint)
