"""One pass over the town: observe, plan, carry out what is reconcile's own, until nothing of it is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gt.core.plan import Action, By, Plan, calls_last, plan
from gt.core.world import World
from gt.drive.hands import Hands, carry_out
from gt.drive.meeting import meet
from gt.drive.observe import observe
from gt.errors import GtError, Refused

PASSES = 20
"""How often what was done is looked at again: one thing leads to the next, but not for ever."""


@dataclass(slots=True)
class Reconciled:
    """What a call came to."""

    world: World
    plan: Plan
    """What is left to do."""
    done: list[Action] = field(default_factory=list)
    """What changed something, in order."""
    failed: list[tuple[Action, GtError]] = field(default_factory=list)
    """What was tried and could not be done, one entry for each Action."""


def reconcile(
    hands: Hands, tell: Callable[[Action], None] = lambda _: None, *, ask: bool = True
) -> Reconciled:
    """Carry out every Action that is reconcile's, each at most once; `tell` hears of those that changed something.

    One that fails doesn't keep the others from being done. A second call changes nothing more. A town of several
    machines is brought together with its remote first, if `ask` says so; without an answer the pass goes on with what
    is known here. Raises what `observe` raises, and at the end the first error that is a bug.
    """
    met = meet(hands) if ask else None
    world = observe(hands.repo, hands.ledger, hands.clock())
    outcome = Reconciled(world, plan(world))
    tried: set[Action] = set()
    if met is not None:
        who = "the other machines look" if met.shared else "others land"
        asked = Action(By.RECONCILE, "sync" if met.shared else "merge", (), f"{met.remote} is where {who}")
        if met.changed and met.shared:
            outcome.done.append(asked)
            tell(asked)
        if met.error is not None:
            hands = replace(hands, alone=met.shared)
            tried.add(_key(asked))
            outcome.failed.append((asked, met.error))
    bugs: list[Exception] = []
    for _ in range(PASSES):
        due = [action for action in outcome.plan.by(By.RECONCILE) if _key(action) not in tried]
        if not due:
            break
        for action in calls_last(due):
            tried.add(_key(action))
            _try(hands, action, outcome, bugs, tell)
        outcome.world = observe(hands.repo, hands.ledger, hands.clock())
        outcome.plan = plan(outcome.world)
    if bugs:
        raise bugs[0]
    return outcome


def _key(action: Action) -> Action:
    """Two Actions of one verb on the same things are the same, whatever the reason."""
    return Action(action.by, action.verb, action.args, "")


def _try(
    hands: Hands, action: Action, outcome: Reconciled, bugs: list[Exception], tell: Callable[[Action], None]
) -> None:
    try:
        changed = carry_out(hands, outcome.world, action)
    except GtError as error:
        outcome.failed.append((action, error))
    except OSError as error:
        outcome.failed.append((action, Refused(f"{action.command}: {error}")))
    except Exception as error:  # noqa: BLE001  # the others come first; it is raised after them
        bugs.append(error)
    else:
        if changed:
            outcome.done.append(action)
            tell(action)
