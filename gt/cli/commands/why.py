"""`gt why`."""

from __future__ import annotations

import typer

from gt.cli.app import new_app
from gt.cli.beads import meant_or_here
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import MaybeBead
from gt.cli.plans import when
from gt.core.plan import plan
from gt.core.reverts import LINK
from gt.core.why import command
from gt.core.why import why as reasons
from gt.drive.closer import Closer
from gt.drive.observe import observe
from gt.refinery.waived import landed_under

app = new_app()


@app.command()
def why(ctx: typer.Context, bead: MaybeBead = None) -> int:
    """Say why a Bead isn't moving: the one reason, what is behind it, and the command that moves it.

    Without an id it is the Bead of the worktree one stands in.

    Example:
      gt why 7k2m
    """
    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        wanted = snapshot.get(meant_or_here(gt, snapshot, bead)).id
        also = snapshot.with_linked(wanted, f"link:{LINK}")
    world = observe(gt.repo, gt.ledger, gt.now, also=also)
    found = plan(world)
    chain = reasons(world, found, wanted, Closer(gt.repo, world, found.calls, gt.environ))
    typed = command(chain)
    seen = world.look(wanted)
    waivers = landed_under(gt.repo, seen.status.landed.commit) if seen and seen.status.landed else {}
    if gt.json:
        links = [
            {"bead": link.bead, "reason": link.text, "until": when(link.until), "hint": link.command}
            for link in chain
        ]
        fields = {
            "bead": wanted,
            "phase": str(seen.phase) if seen else None,
            "reason": chain[0].text if chain else None,
            "chain": links,
            "hint": typed,
            "waivers": waivers,
        }
        gt.emit(single("Why", fields))
        return 0
    for depth, link in enumerate(chain):
        gt.out(f"{'  ' * depth}{link.bead} {link.text}")
    for gate, told in waivers.items():
        gt.out(f"  gate {gate} was red, and waived {told}")
    if typed:
        gt.hint(typed)
    return 0
