"""`gt merge --bypass`: a person lands one submission without proof. Everything but the gates is looked at as ever."""

from __future__ import annotations

from gt.core.calls import MOVED, PARTED
from gt.core.values import dataclass
from gt.drive.merge_report import MergeReport
from gt.drive.merge_rulings import Rulings
from gt.drive.merge_view import View
from gt.errors import Conflict, Malformed, Refused
from gt.refinery import evidence
from gt.refinery.candidate import preview
from gt.refinery.landing import NotNow, land
from gt.refinery.train import Member, Yardmaster
from gt.store.settings import town_at

FOREIGN = frozenset({MOVED, "missing", "settings", *PARTED})
"""Troubles of a target that no emergency is a reason to land in spite of."""


@dataclass(frozen=True, slots=True)
class Bypass:
    """What a person wants to land without proof, and why."""

    bead: str
    reason: str


def wanted(seen: View, bypass: Bypass) -> Member:
    """The submission. Raises Refused where there is none, or its target can't be landed on."""
    bead = seen.beads.get(bypass.bead)
    queued = next((each for each in seen.queue.queued if each.bead == bypass.bead), None)
    sub = bead.status.submission if bead else None
    if bead is None or queued is None or sub is None:
        raise Refused(f"{bypass.bead} has nothing submitted", hint=f"gt why {bypass.bead}")
    target = seen.queue.targets.get(sub.base) or seen.targets.get(sub.base)
    if target is None:
        raise Refused(f"{bypass.bead} {queued.why}", hint=queued.hint)
    town = seen.towns.get(sub.base)
    if town is not None and town.refinery.land is not None:
        raise Refused(f"others land on {sub.base}: nothing of gt's own may", hint=f"gt show {bead.id}")
    if target.trouble and target.cause in FOREIGN:
        raise Refused(f"{sub.base} {target.trouble}", hint="gt status")
    return Member(bead.id, sub)


def bypass_gates(rulings: Rulings, seen: View, bypass: Bypass) -> MergeReport:
    """Land it now. Raises Refused for whatever else speaks against it, Conflict where it can't be merged."""
    yard, member = rulings.yard, wanted(seen, bypass)
    repo, town = yard.repo, seen.towns[member.sub.base]
    tip = seen.targets[member.sub.base].tip
    assert tip is not None
    made = preview(repo, tip, member.sub.commit, town)
    if made.clashes:
        raise Conflict(
            f"{member.bead} {evidence.of_conflict(repo, member.sub, made)}", hint=f"gt why {member.bead}"
        )
    if not made.changed:
        raise Refused(f"{member.bead} {evidence.of_nothing(member.sub, made)}", hint=f"gt why {member.bead}")
    train = Yardmaster(repo).train(tip, [member])
    try:
        town_at(repo, train.head)
    except Malformed as error:
        raise Refused(f"{member.bead} would leave the settings unreadable: {error.message}") from None
    word = f"{yard.actor}: {bypass.reason}"
    done = land(yard, rulings.ledger, rulings.held, rulings.target, train, {}, town, word)
    if isinstance(done, NotNow):
        raise Refused(f"not landed: {done.why}", hint=f"gt why {member.bead}")
    rulings.took(train.members, done)
    return rulings.report
