"""Changing what people want of a Bead that exists, with all that must still be true of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from gt import lock
from gt.core.bead import Bead, Phase, Spec
from gt.core.draft import Rules, check_graph, check_spec, resolved
from gt.core.edit import edited
from gt.errors import IllegalMove
from gt.store.amend import Amended, amend
from gt.store.ledger import Ledger, Message, Snapshot


class _Submitted(Exception):
    """The Bead was submitted meanwhile: the change needs the landing lock."""


def respec(
    ledger: Ledger, bead: str, change: Callable[[Spec], Spec], message: Message, rules: Rules
) -> Amended:
    """Apply `change` to the spec of the Bead with this whole id; ids that it adds may be abbreviations.

    `change` is pure and may be run again on a newer spec. What it leaves alone isn't judged: a need that
    dangles already doesn't stop an edit of the title. Raises Refused for an unknown type, base, need or parent,
    for a cycle, and for another base while an attempt or a submission is on its way to the old one. A submitted
    Bead isn't landing while this runs.
    """
    return reshape(ledger, bead, lambda before: replace(before, spec=change(before.spec)), message, rules)


def reshape(
    ledger: Ledger, bead: str, change: Callable[[Bead], Bead], message: Message, rules: Rules
) -> Amended:
    """As `respec`, where more than the spec changes with it: all but the spec and its clock as `change` returns it."""

    def amended(*, alone: bool) -> Amended:
        def changed(snapshot: Snapshot, before: Bead) -> Bead:
            if before.phase is Phase.SUBMITTED and not alone:
                raise _Submitted
            wanted = change(before)
            spec = _checked(before, wanted.spec, snapshot, rules)
            return edited(replace(wanted, spec=before.spec), spec, message.now)

        landing = lock.hold(ledger.repo.gt_dir / "landing.lock") if alone else nullcontext()
        with landing:
            return amend(ledger, bead, changed, message)

    try:
        return amended(alone=False)
    except _Submitted:
        return amended(alone=True)


def _checked(before: Bead, wanted: Spec, snapshot: Snapshot, rules: Rules) -> Spec:
    old = before.spec
    if wanted.base != old.base and before.phase in (Phase.LEASED, Phase.SUBMITTED):
        # What is being made of it was begun on the old one, and would land there.
        why = f"is {before.phase}: where it lands can't be changed now"
        raise IllegalMove(before.id, why, hint=f"gt why {before.id}")
    check_spec(
        replace(
            wanted,
            type=wanted.type if wanted.type != old.type else rules.types[0],
            base=wanted.base if wanted.base != old.base else None,
        ),
        rules,
    )
    added = replace(
        wanted,
        needs=wanted.needs - old.needs,
        parent=wanted.parent if wanted.parent != old.parent else None,
        links={kind: to - old.links.get(kind, frozenset()) for kind, to in wanted.links.items()},
    )
    found = resolved(added, snapshot)
    spec = replace(
        wanted,
        needs=(wanted.needs & old.needs) | found.needs,
        parent=found.parent if added.parent else wanted.parent,
        links={
            kind: (to & old.links.get(kind, frozenset())) | found.links[kind]
            for kind, to in wanted.links.items()
            if to
        },
    )
    if spec.needs - old.needs or (spec.parent and spec.parent != old.parent):
        check_graph([replace(before, spec=spec)], snapshot)
    return spec
