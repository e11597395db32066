"""`gt dep`: what a Bead needs before it starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gt.core.bead import Spec
from gt.core.draft import Rules
from gt.core.ids import resolve
from gt.errors import NotFound
from gt.store.amend import Amended
from gt.store.ledger import Ledger, Message
from gt.store.respec import respec


def add(ledger: Ledger, bead: str, needs: Sequence[str], *, actor: str, now: int) -> Amended:
    """The Bead (whole id) needs these too. Raises NotFound, or Refused for a cycle, which it names."""

    def change(spec: Spec) -> Spec:
        return replace(spec, needs=spec.needs | frozenset(needs))

    message = Message(f"{bead} needs {', '.join(needs)}", "dep", actor, (bead,), now)
    return respec(ledger, bead, change, message, Rules())


def remove(ledger: Ledger, bead: str, needs: Sequence[str], prefix: str, *, actor: str, now: int) -> Amended:
    """The Bead (whole id) needs these no longer; they may be abbreviations, and needn't exist."""

    def change(spec: Spec) -> Spec:
        return replace(spec, needs=spec.needs - {_meant(need, prefix, spec.needs) for need in needs})

    message = Message(f"{bead} doesn't need {', '.join(needs)}", "dep", actor, (bead,), now)
    return respec(ledger, bead, change, message, Rules())


def _meant(need: str, prefix: str, needs: Iterable[str]) -> str:
    """The one among the needs that this abbreviates, or itself where there is none."""
    try:
        return resolve(need, prefix, lambda start: [name for name in needs if name.startswith(start)])
    except NotFound:
        return need
