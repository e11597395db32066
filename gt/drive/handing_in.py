"""`gt submit`: work is offered here, then brought to the town's remote, where it has one."""

from __future__ import annotations

from gt.core.bead import Bead
from gt.core.draft import Origin
from gt.core.values import dataclass
from gt.drive.delivery import Delivery, deliver
from gt.drive.hands import Hands
from gt.verbs.offer import offer, offered_by
from gt.verbs.revert import propose_revert, revert
from gt.verbs.submit import submit


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A Bead with a submission, as this clone had it before the remote was asked."""

    bead: Bead
    delivery: Delivery | None


def hand_in(hands: Hands, bead: str, token: str | None, strategy: str | None) -> HandedIn:
    """Offer the worktree of a claim. Raises what `submit` raises."""
    after = submit(
        hands.repo, hands.ledger, bead, token, strategy=strategy, actor=hands.actor, now=hands.clock()
    )
    return _delivered(hands, after)


def hand_in_branch(
    hands: Hands,
    branch: str,
    bead: str | None,
    title: str | None,
    origin: Origin,
    *,
    base: str | None,
    strategy: str | None,
) -> HandedIn:
    """Offer a branch, for the open Bead or a new one. Raises what `offered_by` and `offer` raise."""
    what = offered_by(hands.repo, branch, base, strategy)
    return _delivered(hands, offer(hands.repo, hands.ledger, what, bead, title, origin))


def hand_in_revert(
    hands: Hands, bead: str, *, reason: str, title: str | None, propose: bool, origin: Origin
) -> HandedIn:
    """Offer, or only propose, what takes back the landing of a Bead. Raises what `revert` raises."""
    make = propose_revert if propose else revert
    made = make(hands.repo, hands.ledger, bead, reason=reason, title=title, origin=origin)
    return HandedIn(made, None) if propose else _delivered(hands, made)


def _delivered(hands: Hands, after: Bead) -> HandedIn:
    submission = after.status.submission
    assert submission is not None
    return HandedIn(after, deliver(hands, after.id, submission.token))
