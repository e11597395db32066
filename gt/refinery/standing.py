"""Where one submission stands: due, held for a person, or waiting for something."""

from __future__ import annotations

import shlex
from contextlib import suppress

from gt.core.bead import Bead, Phase, Submission
from gt.core.ready import satisfied
from gt.core.world import Standing, Target
from gt.errors import GtError
from gt.git.merge import is_ancestor
from gt.git.run import GitFailed
from gt.refinery import observed, offers, outcomes, refusals
from gt.refinery.approvals import approved, needs_approval
from gt.refinery.candidate import Preview, changes, named, preview, written
from gt.refinery.gates import Check, checks
from gt.refinery.look import Found, Look
from gt.refinery.outcomes import TRIES
from gt.refinery.pins import tips
from gt.refinery.stacked import below

Where = tuple[Standing, str, str, str | None]
"""The standing, its cause, why it is so as a clause after the Bead's name, and what to type."""


def standing(look: Look, bead: Bead, sub: Submission, found: Found | None) -> Where:
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


def _waits(look: Look, bead: Bead, sub: Submission) -> Where | None:
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


def _is_news(look: Look, name: str, made: Preview) -> bool:
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


def _judged(look: Look, bead: Bead, sub: Submission, target: Target, made: Preview) -> Where:
    """Where a submission stands that nothing but its own content can hold up."""
    due = (Standing.DUE, "", f"is due for {target.name}", None)
    placed = _offered(look, bead, sub, target, made)
    if placed is not None:
        return placed
    gone = _gone(look, bead, target)
    if gone is not None:
        why = f"needs {gone.id}, whose landing {target.name} doesn't have any more"
        return Standing.HELD, "gone", why, f"gt reopen {gone.id}"
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
    ancestor = _ancestor(look, bead, sub, target)
    if ancestor is not None and ancestor.phase is Phase.LANDED:
        why = f"contains {ancestor.id}, whose landing {target.name} doesn't have any more"
        return Standing.HELD, "gone", why, f"gt reopen {ancestor.id}"
    if ancestor:
        return Standing.WAITING, "ancestor", _brings(ancestor), f"gt why {ancestor.id}"
    stalled = _stalled(look, target, made)
    if stalled:
        return Standing.HELD, "could-not-run", stalled, "gt merge --again"
    refused = look.refused.get(refusals.name(bead.id, sub))
    if refused:
        return Standing.HELD, "refused", f"could not be landed: {refused.why}", "gt merge --again"
    obstacle = _obstacle(look, target, made)
    if obstacle:
        return Standing.HELD, "dirty", *obstacle
    return due


def _gone(look: Look, bead: Bead, target: Target) -> Bead | None:
    """What it needs that landed on its target, and was taken away from there."""
    for name in sorted(bead.spec.needs):
        need = look.beads.get(name)
        landed, sub = (need.status.landed, need.status.submission) if need else (None, None)
        if need is None or landed is None or sub is None or sub.base != target.name:
            continue
        with suppress(GitFailed):  # a commit that isn't here tells nothing
            if not is_ancestor(look.repo, landed.commit, target.tip or ""):
                return need
    return None


def _offered(look: Look, bead: Bead, sub: Submission, target: Target, made: Preview) -> Where | None:
    """Where a submission stands that others land, or are to be asked to; None: nothing about that holds it up."""
    town = look.towns[target.name]
    land = town.refinery.land
    if offers.is_open(sub):
        where = offers.where(bead.id, sub, town)
        said = observed.mentioned(look.repo, bead.id, sub, made.tip)
        if said is not None:
            why = f"was offered as {where}, and {said.oid[:12]} names it but hasn't all that was submitted"
            return Standing.HELD, "altered", why, f"gt withdraw {bead.id} --hold"
        if made.changed and not made.clashes:
            return Standing.WAITING, "offered", f"was offered as {where}: others land it", None
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


def _ancestor(look: Look, bead: Bead, sub: Submission, target: Target) -> Bead | None:
    """Another Bead whose work would land along with this one's; one that isn't submitted comes first."""
    work = {**target.let_go, **look.work}
    found = below(look.repo, work, bead.id, sub.commit, target.tip or "").values()
    return min(found, key=lambda other: (other.phase is Phase.SUBMITTED, other.id), default=None)


def _brings(other: Bead) -> str:
    if other.phase is Phase.SUBMITTED:
        return f"contains {other.id}, which is submitted too and comes first"
    return f"contains work of {other.id}, which is {other.phase}: that lands first, or is closed"


def _checks(look: Look, target: str, made: Preview) -> tuple[Check, ...]:
    """What must pass before this lands; the tree is looked into only for a gate that sees a part of it."""
    town = look.towns[target]
    tree = written(look.repo, made) if any(g.inputs for g in town.gates) else named(look.repo, made)
    return checks(look.repo, town, tree)


def _stalled(look: Look, target: Target, made: Preview) -> str | None:
    if not look.unrun:  # then its tree needn't even be named
        return None
    for check in _checks(look, target.name, made):
        if check.key not in look.unrun:
            continue
        seen = outcomes.kept(look.repo, check.key, look.now)
        if outcomes.stalled(seen) >= TRIES and outcomes.verdict(seen) is None:
            return f"can't be proven: gate {check.gate.name} could not be run {TRIES} times: {seen[-1].why}"
    return None


def _obstacle(look: Look, target: Target, made: Preview) -> tuple[str, str] | None:
    """What a landing would meet in the worktree that the target is checked out in, and what shows it.

    What another process lands meanwhile isn't in anybody's way: where one is under way, or has moved the target
    since this look at it, nothing is known.
    """
    found_in = look.checked_out(target.name)
    if not found_in:
        return None
    from gt.refinery.checkout import is_under_way, obstacles

    if len(found_in) > 1:
        # Only one can be brought forward with the branch: the others would seem to take the landing back.
        where = " and ".join(str(tree.path) for tree in found_in)
        return (
            f"can't land on {target.name}: it is checked out more than once, in {where}",
            "git worktree list",
        )
    there = found_in[0]
    assert target.tip is not None
    landing = is_under_way(look.repo)
    found = obstacles(look.repo, there, changes(look.repo, made), dirty=lambda: look.dirty(there)[1])
    landing = landing or look.checkouts.get(there.path, (False,))[0]
    if found and (landing or is_under_way(look.repo) or tips(look.repo, target.name).tip != target.tip):
        return None
    return (
        (f"can't land on {target.name}, checked out in {there.path}: {found}", "git status")
        if found
        else None
    )
