"""What an Action needs to be carried out, and the one table from the names of verbs to the functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from gt.core.bead import CloseReason
from gt.core.ids import Digits
from gt.core.values import dataclass
from gt.errors import Refused
from gt.git.repo import Repo
from gt.store.ledger import Ledger

if TYPE_CHECKING:
    from gt.core.plan import Action
    from gt.core.world import World

    Deed = Callable[["Hands", World, tuple[str, ...]], bool]
    """Carries out one Action; whether it changed anything. Each verb looks again before it does."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Who acts where, with what is given from above."""

    repo: Repo
    ledger: Ledger
    who: Callable[[], str]
    """Says who acts; asked only when something is to be done, for finding out may take a process."""
    digits: Digits
    environ: Mapping[str, str]
    """What the town's own commands may be given something of."""
    clock: Callable[[], int]
    alone: bool = False
    """Whether the remote that other machines look at gave no answer just now."""

    @property
    def actor(self) -> str:
        """Who acts."""
        return self.who()


def carry_out(hands: Hands, world: World, action: Action) -> bool:
    """Carry out an Action that is reconcile's own; whether it changed anything. Raises what the verb raises."""
    deed = _DEEDS.get(action.verb)
    if deed is None:
        raise Refused(f"reconcile has no verb {action.verb}")
    return deed(hands, world, action.args)


def _heal(hands: Hands, _world: World, args: tuple[str, ...]) -> bool:
    from gt.verbs.heal import heal

    return heal(hands.repo, args[0])


def _kill(hands: Hands, _world: World, args: tuple[str, ...]) -> bool:
    from gt.verbs.kill import kill

    return kill(hands.repo, hands.ledger, args[0], args[1], now=hands.clock()).changed


def _expire(hands: Hands, _world: World, args: tuple[str, ...]) -> bool:
    from gt.verbs.expire import expire

    return expire(hands.repo, hands.ledger, args[0], args[1], actor=hands.actor, now=hands.clock()).changed


def _landed(hands: Hands, _world: World, args: tuple[str, ...]) -> bool:
    from gt.verbs.landed import landed

    return landed(hands.repo, hands.ledger, args[0], args[1], actor=hands.actor, now=hands.clock()).changed


def _prune(hands: Hands, _world: World, args: tuple[str, ...]) -> bool:
    from gt.verbs.prune import Stays, prune

    with suppress(Stays):
        return prune(hands.repo, hands.ledger, args[0], args[1], now=hands.clock())
    return False


def _close(hands: Hands, _world: World, args: tuple[str, ...]) -> bool:
    from gt.verbs.close import close

    note = "all that it holds is over"
    closed = close(hands.ledger, args[:1], CloseReason(args[2]), note, actor=hands.actor, now=hands.clock())
    return any(bead.changed for bead in closed)


def _page(hands: Hands, world: World, args: tuple[str, ...]) -> bool:
    from gt.verbs.page import call_for, page

    subject, reason, *options = args
    given = dict(zip(options[::2], options[1::2], strict=True))
    now = hands.clock()
    call = call_for(subject, reason, given.get("--epoch", ""), given.get("--message", ""), now)
    command = world.pager_of(subject)
    paged = page(
        hands.ledger, call, command, environ=hands.environ, actor=hands.actor, now=now, alone=hands.alone
    )
    return paged.changed


def _sync(hands: Hands, _world: World, _args: tuple[str, ...]) -> bool:
    from gt.verbs.sync import sync

    done = sync(hands.ledger, None, send=True, restore=False, actor=hands.actor, now=hands.clock())
    return bool(done.report.sent or done.report.received or done.brought)


def _revert(hands: Hands, _world: World, args: tuple[str, ...]) -> bool:
    from gt.core.draft import Origin
    from gt.drive.taking_back import propose_to_take_back

    origin = Origin(hands.actor, hands.clock(), hands.digits, lambda: hands.digits(26))
    return propose_to_take_back(hands.repo, hands.ledger, args[0], origin)


_DEEDS: dict[str, Deed] = {
    "heal": _heal,
    "kill": _kill,
    "expire": _expire,
    "landed": _landed,
    "close": _close,
    "page": _page,
    "prune": _prune,
    "sync": _sync,
    "revert": _revert,
}
