"""What a word of a command line may become: commands, options, their choices, and Beads with their titles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gt.cli.app import root, summary
from gt.cli.context import Context
from gt.cli.table import BY_NAME, ROWS
from gt.errors import GtError

if TYPE_CHECKING:
    from gt.core.bead import Bead

MOST = 100
"""Beads that are offered at once."""


class Candidate(NamedTuple):
    """One way to go on."""

    word: str
    about: str = ""


def candidates(gt: Context, words: Sequence[str]) -> tuple[Candidate, ...]:
    """What the last of these words, all that come after `gt`, may become; in order, and empty if gt has no say in it.

    Never raises because of the town: where there is none, there are no Beads to offer.
    """
    *before, last = words or ("",)
    found = (each for each in _candidates(gt, before, last) if each.word.startswith(last))
    return tuple(dict.fromkeys(found))


def _candidates(gt: Context, before: list[str], last: str) -> Iterator[Candidate]:
    command: Any = root()
    while before and before[0] == "-C":
        del before[:2]
    if not before:
        yield from _options(command, last)
        yield from (Candidate(row.name, row.summary) for row in ROWS if not last.startswith("-"))
        return
    name = before.pop(0)
    command = command.commands.get(name) if name in BY_NAME else None
    if command is not None and hasattr(command, "commands"):
        if not before:
            subs = sorted(command.commands.items())
            yield from (Candidate(sub, summary(each)) for sub, each in subs)
            return
        command = command.commands.get(before.pop(0))
    if command is None:
        return
    asked = _takes_a_value(command, before[-1]) if before else None
    if asked is not None:
        yield from _values(gt, asked, last)
    elif last.startswith("-"):
        yield from _options(command, last)
    else:
        for param in command.params:
            if param.param_type_name == "argument":
                yield from _values(gt, param, last)


def _options(command: Any, last: str) -> Iterator[Candidate]:
    if last.startswith("-"):
        for param in command.params:
            if param.param_type_name == "option":
                yield from (Candidate(name, param.help or "") for name in param.opts if name.startswith("--"))
        yield Candidate("--help", "Show this message and exit.")


def _takes_a_value(command: Any, word: str) -> Any | None:
    """The option of this name, if a value comes after it."""
    options = (param for param in command.params if param.param_type_name == "option")
    return next((each for each in options if word in each.opts and not each.is_flag), None)


def _values(gt: Context, param: Any, last: str) -> Iterator[Candidate]:
    choices = getattr(param.type, "choices", None)
    if choices:
        yield from (Candidate(str(getattr(choice, "value", choice))) for choice in choices)
    if "BEAD" in (param.metavar or ""):
        yield from (Candidate(bead.id, bead.spec.title) for bead in _beads(gt, last))


def _beads(gt: Context, start: str) -> Iterator[Bead]:
    """Those whose id begins so; without a start those that have not ended."""
    try:
        from gt.store.snapshot import LIVE

        with gt.ledger.read() as snapshot:
            if not start:
                yield from snapshot.listing(phases=LIVE, limit=MOST)
                return
            found = (snapshot.find(bead) for bead in snapshot.matching(start))
            yield from (bead for bead in found if bead)
    except GtError:
        return
