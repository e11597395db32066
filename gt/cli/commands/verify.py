"""`gt verify`."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import listing
from gt.refinery.verify import Verified

app = new_app()


@app.command()
def verify(
    ctx: typer.Context,
    commits: Annotated[
        str | None,
        typer.Argument(
            metavar="RANGE", help="`A..B`, or `A` for all after it; default: since there are settings."
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="BRANCH", help="Of this target; default: the first.")
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Run the gates again; believe nothing that is kept.")
    ] = False,
) -> int:
    """Check that every commit on a target was proven green before it landed.

    Each first-parent commit is held against the gates that held when it landed: those of its first
    parent. What proves it is a kept outcome, or what gt wrote into the landing commit. Exits with 3
    if something is red, with 20 if something can't be proven from what is kept here, or was red
    and waived: then it says until when, by whom and why.

    Example:
      gt verify
      gt verify v1.0..main --run --json
    """
    from gt.drive.verify import verify as look
    from gt.refinery.yard import Yard

    gt = Context.of(ctx)
    yard = Yard(gt.repo, gt.actor if run else "gt <gt>", gt.clock, gt.environ, gt.say if run else _quiet)
    seen: list[Verified] = []
    for each in look(yard, target, commits, rerun=run):
        seen.append(each)
        if not gt.json:
            gt.table([(each.commit[:12], _verdict(each), _proofs(each), each.subject)], elastic=3)
    if gt.json:
        gt.emit(listing("VerifiedList", map(_data, seen)))
    else:
        counts = Counter(map(_verdict, seen))
        gt.say(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "nothing to verify")
    if any(each.red for each in seen):
        return Code.CONFLICT
    if all(each.green for each in seen):
        return Code.OK
    if not gt.json and any(proof in ("bypassed", "none") for each in seen for _, proof in each.proofs):
        gt.hint(f"gt verify {f'{commits} ' if commits else ''}--run")
    return Code.HUMAN


def _quiet(_line: str) -> None:
    """Nothing runs."""


def _verdict(each: Verified) -> str:
    if each.red:
        return "red"
    if not each.green:
        proofs = {str(proof) for _, proof in each.proofs}
        lacks = next((proof for proof in ("bypassed", "none") if proof in proofs), "waived")
        return "unproven" if lacks == "none" else lacks
    return "green" if each.proofs else "ungated"


def _proofs(each: Verified) -> str:
    said = " ".join(
        f"{gate}:{proof}" + (f" ({each.waivers[gate]})" if proof == "waived" and gate in each.waivers else "")
        for gate, proof in each.proofs
    )
    return said if each.own else f"{said} (not by gt)".strip()


def _data(each: Verified) -> dict[str, Any]:
    return {
        "commit": each.commit,
        "subject": each.subject,
        "byGt": each.own,
        "verdict": _verdict(each),
        "gates": [
            {"gate": gate, "proof": proof, "waiver": each.waivers.get(gate)} for gate, proof in each.proofs
        ],
    }
