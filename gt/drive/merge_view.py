"""What the Refinery sees of the town: everything that is submitted, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping

from gt.core.bead import Bead, Landed, Phase
from gt.core.state import TownState
from gt.core.town import Town
from gt.core.values import dataclass
from gt.core.world import Target
from gt.drive.observe import look_at_targets
from gt.git.repo import Repo
from gt.refinery import landed, queue
from gt.refinery.letgo import bereft
from gt.refinery.queue import Assessment
from gt.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class View:
    """What the Refinery sees of the town."""

    beads: Mapping[str, Bead]
    targets: Mapping[str, Target]
    towns: Mapping[str, Town]
    """Those under which candidates are judged now."""
    state: TownState
    landings: Mapping[str, Landed]
    queue: Assessment


def look(repo: Repo, ledger: Ledger, now: int) -> View:
    """Look at everything that is submitted; changes nothing. Raises NotFound without a town."""
    with ledger.read() as snapshot:
        beads = {bead.id: bead for bead in snapshot.live()}
        submitted = [bead for bead in beads.values() if bead.phase is Phase.SUBMITTED]
        for need in {need for bead in submitted for need in bead.spec.needs} - beads.keys():
            found = snapshot.find(need)
            if found is not None:
                beads[need] = found
        state = snapshot.state()
        targets, towns = look_at_targets(repo, snapshot)
        if submitted:
            targets = bereft(repo, targets, snapshot)
    landings = landed.derive(repo, submitted, targets, state.acknowledged)
    assessed = queue.assess(repo, beads, targets, towns, state, landings, now)
    return View(beads, targets, {**towns, **assessed.towns}, state, landings, assessed)
