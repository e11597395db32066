"""Telling whether what was done here counts on the other machines, too."""

from __future__ import annotations

from gt.cli.context import Context
from gt.cli.exits import Code
from gt.drive.delivery import Delivery
from gt.errors import Conflict


def tell(gt: Context, bead: str, delivery: Delivery | None) -> Code:
    """Says where it is; returns OK, or PROGRESS if it is to be sent yet. Raises Conflict for what doesn't count."""
    if delivery is None:
        return Code.OK
    if delivery.refused:
        kept = f"; the work is kept in {delivery.pin}" if delivery.pin else ""
        raise Conflict(
            f"{delivery.remote} has it otherwise: {bead} {delivery.refused}{kept}", hint=f"gt show {bead}"
        )
    if delivery.kept:
        gt.warn(f"not yet on {delivery.remote}, where the other machines look: {delivery.kept}")
        gt.hint("gt sync")
        return Code.PROGRESS
    return Code.OK


def tentative(gt: Context, bead: str) -> None:
    """Says that nobody was asked for a claim, in a town of several machines."""
    from gt.store.targets import shared_through

    remote = shared_through(gt.repo)
    if remote is not None:
        gt.warn(
            f"{bead} is claimed in this clone only: whether that stands, {remote} says at the next gt sync"
        )
