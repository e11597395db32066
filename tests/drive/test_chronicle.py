"""What a report tells, gathered from a town."""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Phase
from gt.core.network import network
from gt.drive.chronicle import chronicle
from gt.refinery.verify import Proof
from gt.refinery.yard import Yard
from tests.conftest import NOW
from tests.refinery.merging import Scene
from tests.store.scenes import bead, write

LATER = NOW + 5000


def test_what_landed_is_told_with_what_proves_it(yard: Scene) -> None:
    good = yard.submit({"good": ""})
    yard.submit({"bad": ""})
    yard.merge()
    found = chronicle(Yard(yard.repo, "", lambda: LATER), yard.ledger, NOW)
    last = found.commits[0]
    assert (last.target, last.verified.own, last.verified.proofs) == ("main", True, (("test", Proof.KEPT),))
    assert found.beads[good.id].status.landed
    assert last.verified.commit == yard.tip()
    assert {run.verdict for run in found.runs} == {"pass", "fail"}
    assert [run.at for run in found.runs] == sorted(run.at for run in found.runs)
    assert found.stats.landed == 1
    assert found.stats.gates["test"].failed >= 1
    assert {"landed", "reject"} <= {each.verb for each in found.events}
    assert found.status.phases[Phase.OPEN] == 1


def test_what_ended_long_ago_is_left_out_unless_something_refers_to_it(yard: Scene) -> None:
    old, needed, part = (yard.submit({name: ""}) for name in ("old", "needed", "part"))
    yard.merge()
    epic = bead(9, None, type="epic")
    write(yard.ledger, epic).close()
    yard.change(part, lambda each: replace(each, spec=replace(each.spec, parent=epic.id)))
    waits = replace(bead(8), spec=replace(bead(8).spec, needs=frozenset({needed.id})))
    write(yard.ledger, waits).close()
    found = chronicle(Yard(yard.repo, "", lambda: LATER + 9), yard.ledger, LATER)
    assert found.beads.keys() == {needed.id, part.id, epic.id, waits.id}
    assert old.id not in found.beads
    assert (found.older, found.runs, found.commits, found.stats.landed) == (1, (), (), 0)
    assert found.ready == {waits.id}
    assert set(network(found.beads.values(), found.ready).beads) == found.beads.keys()
    assert found.reasons[waits.id][0].bead == waits.id
