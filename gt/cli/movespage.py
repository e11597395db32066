"""The table of legal moves, as Markdown, made from the moves themselves."""

from __future__ import annotations

from collections.abc import Iterable

from gt.core.bead import Phase
from gt.core.moves import MOVES

_HEAD = """\
# The legal moves

Made by `make docs` from `gt/core/moves.py`. A Bead's status changes by these moves and by nothing else; each is
written by one verb. A move from any other phase is refused and changes nothing. A person's word can be taken back by
`gt undo`, as long as nothing followed: [the ledger](ledger.md#taking-back) has its rules.

| move | from | to | who | guard |
| --- | --- | --- | --- | --- |
"""

_FOOT = """
The phases:

| phase | what it means | left by |
| --- | --- | --- |
"""

_MEANING = {
    Phase.PROPOSED: "inert, until a person accepts it",
    Phase.OPEN: "work; whether it is [ready](ready.md) is worked out, never stored",
    Phase.LEASED: "somebody is at it",
    Phase.SUBMITTED: "offered for landing",
    Phase.LANDED: "on the target",
    Phase.CLOSED: "ended without landing: done, wontfix, duplicate or obsolete",
    Phase.STUCK: "only a person can move it on",
}


def markdown() -> str:
    """docs/moves.md; the same text on every machine."""
    moves = "".join(
        f"| `{edge.name}` | {_names(edge.leaves)} | {_names(edge.enters)} | {edge.actor} | {edge.guard} |\n"
        for edge in MOVES.values()
    )
    phases = "".join(
        f"| {phase} | {_MEANING[phase]} | "
        + ", ".join(f"`{edge.name}`" for edge in MOVES.values() if phase in edge.leaves)
        + " |\n"
        for phase in Phase
    )
    return _HEAD + moves + _FOOT + phases


def _names(phases: Iterable[Phase]) -> str:
    return ", ".join(phases)
