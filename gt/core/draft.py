"""Drafts: Beads that don't exist yet, which may need and hold one another; and what makes Beads of them.

Pure: which ids exist is asked of a ledger that is passed in, random digits are passed in too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gt.core.bead import TYPES, Bead, Created, Phase, Spec, Status
from gt.core.graph import deadlock
from gt.core.ids import Digits, mint_id
from gt.core.values import dataclass
from gt.errors import Refused


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants, before it has an id."""

    spec: Spec
    """Its needs, its links and its parent may be abbreviations."""
    above: int | None = None
    """The draft that is its parent, by place."""
    after: frozenset[int] = frozenset()
    """The drafts that it needs, by place."""
    where: str = ""
    """Where it stands, for errors: `PLAN.md:12`."""


class Known(Protocol):
    """What is asked of the Beads that exist: a Snapshot answers it."""

    def find(self, bead: str) -> Bead | None: ...
    def resolve(self, abbreviation: str) -> str: ...
    def children(self, bead: str) -> tuple[Bead, ...]: ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Who makes Beads, when, and with what chance."""

    actor: str
    now: int
    digits: Digits
    uid: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What this clone and its town allow."""

    types: tuple[str, ...] = TYPES
    targets: tuple[str, ...] = ()
    """The branches that work lands on; empty: not known here, so any."""


def check_spec(spec: Spec, rules: Rules) -> None:
    """Raise Refused for a type that the town doesn't know, or a base that is no target here."""
    if spec.type not in rules.types:
        from difflib import get_close_matches

        near = next(iter(get_close_matches(spec.type, rules.types, 1)), None)
        asked = f"; did you mean {near}?" if near else ""
        raise Refused(f"no such type: {spec.type} (there are {', '.join(rules.types)}){asked}")
    if spec.base is not None and rules.targets and spec.base not in rules.targets:
        import shlex

        raise Refused(
            f"{spec.base} is not a target of this clone (there are {', '.join(rules.targets)})",
            hint=f"git config --add gt.target {shlex.quote(spec.base)}",
        )


def check_graph(changed: Iterable[Bead], known: Known) -> None:
    """Raise Refused if one of these Beads, as they would be, could never start; it names the cycle."""
    new: Mapping[str, Bead] = {bead.id: bead for bead in changed}

    def look(bead: str) -> Bead | None:
        return new.get(bead) or known.find(bead)

    def needs(bead: str) -> Iterable[str]:
        found = look(bead)
        return found.spec.needs if found else ()

    def parent(bead: str) -> str | None:
        found = look(bead)
        return found.spec.parent if found else None

    mine: dict[str, list[str]] = {}
    for bead in new.values():
        if bead.spec.parent:
            mine.setdefault(bead.spec.parent, []).append(bead.id)

    def children(bead: str) -> Iterable[str]:
        kept = [child.id for child in known.children(bead) if child.id not in new]
        return [*kept, *mine.get(bead, ())]

    for name in new:
        cycle = deadlock(name, needs, parent, children)
        if cycle:
            raise Refused(
                f"this could never start, each waits for the next: {' -> '.join(cycle)}",
                hint=f"gt dep tree {cycle[0]}",
            )


def resolved(spec: Spec, known: Known) -> Spec:
    """The spec with its abbreviations written out. Raises NotFound or Ambiguous for what names no Bead."""
    return replace(
        spec,
        needs=frozenset(known.resolve(need) for need in spec.needs),
        parent=known.resolve(spec.parent) if spec.parent else None,
        links={kind: frozenset(known.resolve(to) for to in ids) for kind, ids in spec.links.items()},
    )


def minted(count: int, prefix: str, digits: Digits, known: Known) -> tuple[str, ...]:
    """So many new ids, sorted: of equal priority and age, what a plan says first is worked first."""
    names: list[str] = []
    for _ in range(count):
        names.append(mint_id(prefix, digits, lambda name: name in names or known.find(name) is not None))
    return tuple(sorted(names))


def made(
    drafts: Sequence[Draft], names: Sequence[str], known: Known, origin: Origin, rules: Rules, phase: Phase
) -> tuple[Bead, ...]:
    """The Beads of these drafts under the given new ids, in their order; all or none.

    Raises Refused (or its kin, where an id is unknown), naming the draft's place if it has one.
    """
    beads = tuple(
        Bead(
            name,
            origin.uid(),
            Created(origin.now, origin.actor),
            _spec(draft, names, known, rules),
            Status(phase),
        )
        for name, draft in zip(names, drafts, strict=True)
    )
    _check_cycles(drafts, beads, known)
    return beads


def _spec(draft: Draft, names: Sequence[str], known: Known, rules: Rules) -> Spec:
    try:
        check_spec(draft.spec, rules)
        spec = resolved(draft.spec, known)
    except Refused as error:
        raise _at(draft.where, error) from None
    above = spec.parent if draft.above is None else names[draft.above]
    return replace(spec, needs=spec.needs | {names[i] for i in draft.after}, parent=above)


def _check_cycles(drafts: Sequence[Draft], beads: Sequence[Bead], known: Known) -> None:
    try:
        check_graph(beads, known)
    except Refused as error:
        # The new ids mean nothing to anybody yet, and never will: say the titles.
        for bead in beads:
            error.message = error.message.replace(bead.id, repr(bead.spec.title))
        error.hint = None
        raise _at(drafts[0].where.partition(":")[0], error) from None


def _at(where: str, error: Refused) -> Refused:
    """The same refusal, with the place before it."""
    if where:
        error.message = f"{where}: {error.message}"
    return error
