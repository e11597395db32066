"""Chronicles made of values, and their pages."""

from __future__ import annotations

from typing import Any

from gt.cli.context import Context
from gt.cli.jsonout import dumps, single
from gt.cli.reporting import networks, report_data
from gt.core.bead import Bead, Phase
from gt.core.calls import wait_of
from gt.core.convoy import TYPE, progress
from gt.core.plan import plan
from gt.core.why import why
from gt.core.world import Liveness, World
from gt.drive.chronicle import Arrived, Chronicle
from gt.drive.stats import numbers
from gt.drive.status import Status, UnderWay
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.verify import Proof, Verified
from gt.report.page import page
from gt.store.history import Event
from tests.core.small import NOW, OID
from tests.core.worlds import world
from tests.outputs import parsed

MONTH = 30 * 86400


def told(*beads: Bead, town: str = "a town", **fields: Any) -> Chronicle:
    """What a report would tell of these Beads; `fields` are of the World, of the Chronicle, or both."""
    own = {name: fields.pop(name) for name in ("runs", "commits", "events") if name in fields}
    seen: World = world(*beads, **fields)
    made = plan(seen)
    live = [bead for bead in beads if not bead.phase.over]
    held = tuple(
        UnderWay(bead.id, bead.spec.title, lease, Liveness.UNKNOWN, None) for bead, lease in seen.leases()
    )
    phases = {phase: sum(bead.phase is phase for bead in beads) for phase in Phase}
    convoys = (
        progress(each, lambda name: [bead for bead in beads if bead.spec.parent == name])
        for each in beads
        if each.spec.type == TYPE
    )
    return Chronicle(
        town=town,
        now=seen.now,
        since=seen.now - MONTH,
        status=Status(seen, made, phases, held, {}),
        beads={bead.id: bead for bead in beads},
        convoys=tuple(convoys),
        older=0,
        ready=frozenset(b.id for b in live if b.phase is Phase.OPEN and wait_of(seen, b) is None),
        reasons={bead.id: why(seen, made, bead.id) for bead in live},
        stats=numbers(beads, own.get("runs", ()), seen.now - MONTH, seen.now),
        **{"runs": (), "commits": (), "events": (), **own},
    )


def data_of(found: Chronicle) -> dict[str, Any]:
    """What the page holds, which is what is printed, held against its schema."""
    data = report_data(Context(), found, networks(found)[1])
    parsed(dumps(single("Report", data)))
    return data


def page_of(found: Chronicle) -> str:
    """The page."""
    return page(data_of(found), *networks(found))


def run(bead: Bead, verdict: Verdict = Verdict.PASS, gate: str = "test") -> Outcome:
    """A gate run on the submission of this Bead."""
    sub = bead.status.submission
    members = (f"{bead.id}/{sub.token}/{sub.commit}",) if sub else ()
    return Outcome("k", gate, verdict, OID, OID, members, NOW - 5, why="exit 1", seconds=30.0, rss=2048)


def landing(subject: str, **gates: Proof) -> Arrived:
    """A landing whose commit is that of small Beads that have landed."""
    return Arrived("main", NOW, Verified(OID, subject, True, tuple(gates.items())))


def event(subject: str, *beads: str) -> Event:
    """An event of the ledger."""
    return Event(OID, NOW, "edit", "alice", beads, subject)
