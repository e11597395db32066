"""Where what is claimed will land, and through whom a claim counts: asked of the town's remote, where it has one."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from gt.core.ids import there_ref
from gt.core.values import dataclass
from gt.drive.hands import Hands
from gt.drive.observe import look_at_targets
from gt.errors import Busy
from gt.git import refs
from gt.store.claimable import Homes
from gt.store.settings import town_at

if TYPE_CHECKING:
    from gt.store.hub import Hub


@dataclass(frozen=True, slots=True)
class Ground:
    """What a claim stands on."""

    homes: Homes
    hub: Hub | None = None
    """None: in a town of one machine, and where nobody is to be asked."""


def ground(hands: Hands, *, offline: bool) -> Ground:
    """The targets as they are; in a town of several machines as its remote has them, unless `offline`.

    The targets here stay where they are: attempts begin from the remote's, without what only this clone has. Raises
    Unreachable and Denied, and Busy where the remote's has other settings: people agree to those of the target here.
    """
    homes = Homes(*look_at_targets(hands.repo))
    town = homes.towns.get(next(iter(homes.targets), ""))
    if offline or town is None or town.coordination != "remote":
        return Ground(homes)
    from gt.refinery import upstream
    from gt.store.hub import hub_of

    hub = hub_of(hands.ledger, hands.actor, hands.clock())
    assert hub is not None
    upstream.look(hands.repo, hub.name, homes.targets)
    targets = dict(homes.targets)
    for name, target in homes.targets.items():
        if target.tip is None or name not in homes.towns:
            continue
        tip = refs.read(hands.repo, there_ref(name)) or target.tip
        if tip != target.tip and town_at(hands.repo, tip) != homes.towns[name]:
            behind = upstream.ahead(hands.repo, name, target.tip) == tip
            both = f"git log --oneline --left-right {shlex.quote(f'{name}...{there_ref(name)}')}"
            why = f"{name} has other settings on {hub.name} than here"
            raise Busy(why, hint="gt reconcile" if behind else both)
        targets[name] = replace(target, tip=tip)
    return Ground(Homes(targets, homes.towns), hub)
