"""Landings and what takes them back, for the tests of `gt revert`."""

from __future__ import annotations

import itertools
from typing import Any

from gt.core.bead import Bead
from gt.core.draft import Origin
from gt.verbs.revert import revert
from tests.conftest import NOW
from tests.refinery.merging import Scene
from tests.store.scenes import ALICE

LATER = NOW + 5000


_drawn = itertools.count(1000)
"""No id that `Scene.submit` gives."""


def origin(now: int = LATER) -> Origin:
    return Origin(ALICE, now, lambda count: f"{next(_drawn):0{count}}", lambda: f"{next(_drawn):032x}")


def landed(yard: Scene, *beads: Bead, now: int = NOW + 1000) -> None:
    """All of these landed by one merge, or were found to have."""
    report = yard.merge(now=now)
    assert {name for name, _, _ in report.landed} >= {bead.id for bead in beads}


def reverted(yard: Scene, bead: Bead, *, now: int = LATER) -> Bead:
    """The revert of this Bead, landed."""
    made = revert(yard.repo, yard.ledger, bead.id, origin=origin(now))
    landed(yard, made, now=now + 10)
    return yard.bead(made)


def submit(yard: Scene, strategy: str, name: str, **more: Any) -> Bead:
    """A change of two commits, each adding a file and one line of a file of its own."""
    since = yard.tip()
    first = yard.commit({f"{name}/1": "1\n"}, since, message=f"first of {name}")
    last = yard.commit({f"{name}/2": "2\n"}, first, message=f"last of {name}")
    return yard.submit({}, commit=last, base=since, strategy=strategy, title=f"Add {name}", **more)
