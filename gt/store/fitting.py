"""A Bead made to fit its file: what gt must write down at the end of an attempt can't fail for being too long."""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Bead
from gt.core.wording import fit
from gt.errors import Refused
from gt.store import codec

STEPS = (4000, 400, 40)
"""Characters left of each attempt's reason, until it fits."""


def fits(bead: Bead) -> bool:
    """Whether the Bead can be written."""
    try:
        codec.encode(bead)
    except Refused:
        return False
    return True


def fitted(bead: Bead) -> Bead:
    """The Bead, with the reasons of its attempts cut as far as its file takes; what people wrote stays as it is."""
    for most in STEPS:
        if fits(bead):
            return bead
        attempts = tuple(replace(each, reason=fit(each.reason, most)) for each in bead.status.attempts)
        bead = replace(bead, status=replace(bead.status, attempts=attempts))
    return bead
