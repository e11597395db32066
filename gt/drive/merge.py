"""`gt merge`: prove what is submitted for a target, and land it, until nothing is due."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from gt import lock
from gt.drive.bypassing import Bypass, bypass_gates, wanted
from gt.drive.merge_loop import Merging, closed
from gt.drive.merge_remote import abroad
from gt.drive.merge_report import MergeReport
from gt.drive.merge_view import View, look
from gt.errors import Busy, NotFound, Refused
from gt.git.repo import Repo
from gt.lock import Held
from gt.refinery import checkout, offers, outcomes, pins, refusals, slots, tidying
from gt.refinery.candidate import preview, written
from gt.refinery.gates import checks
from gt.refinery.moving import Mover
from gt.refinery.places import merge_lock
from gt.refinery.train import Member
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger

__all__ = ["MergeReport", "View", "look", "run"]


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
    push: bool = False,
    bypass: Bypass | None = None,
    held: Held | None = None,
    ticks: Callable[[], float] = time.monotonic,
) -> MergeReport:
    """Merge until nothing more can be done for a target (default: the first).

    `say` hears of progress; `tell` of each landing and rejection, once it is recorded.
    `again`: forget counted gate runs, what was red or could not be run, and what git refused. `dry`: only look. `push`: raise
    Refused where the target isn't pushed. `bypass`: land that one without proof, and do nothing else; raises Refused and
    Conflict where more than gates is against it. `held`: the merge
    lock, where the caller has it already, and keeps it. `ticks`: seconds
    since any moment, by which it is judged how far gate runs are. Raises Busy while another merge is at work here, KeyboardInterrupt when interrupted.
    """
    if dry:
        seen = look(repo, ledger, clock())
        name = target_named(seen, _base(seen, bypass) or target)
        if push:
            _pushed(seen, name)
        report = MergeReport(name, seen.targets[name].tip)
        return closed(report, seen)
    own = held is None
    held = held or lock.try_hold(merge_lock(repo))
    if held is None:
        raise Busy(f"another gt merge is at work here ({merge_lock(repo)} is held)")
    try:
        kept = checkout.recover(repo, held)
        slots.clear(repo)
        tidying.tidy(repo, actor, clock())
        seen = look(repo, ledger, clock())
        name = target_named(seen, _base(seen, bypass) or target)
        if name in seen.towns:
            slots.unlock(repo, seen.towns[name])
        pins.catch_up(repo, name, actor=actor, now=clock())
        mover = Mover(repo, held, actor, "gt merge: as on the remote", clock())
        there = abroad(mover, ledger, name, seen.towns.get(name))
        start = seen.targets[name].tip
        if there is not None:
            there.arrive()
            seen = look(repo, ledger, clock())
        if push:
            _pushed(seen, name)
        report = MergeReport(name, start, kept=kept)
        yard = Yard(repo, actor, clock, environ, say)
        if again:
            seen = _forgiven(yard, ledger, seen, name)
        merging = Merging(yard, ledger, held, name, report, tell, ticks)
        if bypass is None:
            merging.loop(seen)
        else:
            closed(bypass_gates(merging.rulings, seen, bypass), look(repo, ledger, clock()))
        if there is not None:
            there.depart(say)
        return report
    finally:
        if own:
            lock.release(held)


def _base(seen: View, bypass: Bypass | None) -> str | None:
    return wanted(seen, bypass).sub.base if bypass is not None else None


def target_named(seen: View, wanted: str | None) -> str:
    """The target of this name (default: the first). Raises NotFound, and Refused where it has no commit."""
    if not seen.targets:
        raise NotFound("target", "git config gt.target is not set", hint="gt init")
    name = wanted or next(iter(seen.targets))
    if name not in seen.targets:
        raise NotFound("target", name, hint=f"git config --add gt.target {name}")
    if seen.targets[name].tip is None:
        raise Refused(f"{name} {seen.targets[name].trouble or 'has no commit'}")
    return name


def _pushed(seen: View, name: str) -> None:
    town = seen.towns.get(name)
    if town is not None and town.refinery.push is None:
        raise Refused(
            f"{name} isn't pushed: its settings name no remote (refinery.push), so what lands stays in this clone",
            hint="gt merge --dry-run",
        )


def _forgiven(yard: Yard, ledger: Ledger, seen: View, name: str) -> View:
    tip, town = seen.targets[name].tip, seen.towns.get(name)
    if tip is not None and town is not None:
        trees = [tip]
        for each in seen.queue.on(name):
            made = preview(yard.repo, tip, each.commit, town)
            trees += [] if made.clashes else [written(yard.repo, made)]
        keys = [check.key for tree in trees for check in checks(yard.repo, town, _tree(yard.repo, tree))]
        after = seen.queue.aftermaths.get(name)
        keys += [each.check.key for each in after.inquiries] if after else []
        queued = [(each.bead, seen.beads[each.bead].status.submission) for each in seen.queue.on(name)]
        submitted = [(bead, sub) for bead, sub in queued if sub is not None]
        # What they came to in company, and on earlier tips, speaks of them as well.
        names = {Member(bead, sub).name for bead, sub in submitted}
        keys += [each.key for each in outcomes.everything(yard.repo) if not names.isdisjoint(each.members)]
        outcomes.forgive(yard.repo, tip, keys)
        offers.forgive(yard.repo, submitted)
        refusals.forgive(yard.repo, (refusals.name(bead, sub) for bead, sub in submitted))
    return look(yard.repo, ledger, yard.clock())


def _tree(repo: Repo, name: str) -> str:
    from gt.git.run import git

    return git(repo, "rev-parse", "--verify", f"{name}^{{tree}}").text
