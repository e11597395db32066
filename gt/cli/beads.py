"""Beads on the command line: which one is meant, how one looks in a list, what unreadable ones do to a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gt.cli.context import Context
from gt.cli.jsonout import listing
from gt.cli.text import Cell, Styled, relative
from gt.core.bead import Bead, Phase
from gt.core.data import Data, bead_data
from gt.errors import Refused

if TYPE_CHECKING:
    from gt.store.amend import Amended
    from gt.store.snapshot import Snapshot

HEADER = ("ID", "PRI", "TYPE", "PHASE", "AGE", "TITLE")

_STYLES = {
    Phase.PROPOSED: "dim",
    Phase.LEASED: "cyan",
    Phase.SUBMITTED: "blue",
    Phase.LANDED: "green",
    Phase.CLOSED: "dim",
    Phase.STUCK: "red",
}


def bead_json(bead: Bead) -> Data:
    """A Bead as `--json` prints it: as in the ledger, with empty keys too, and durations in seconds."""
    return bead_data(bead, full=True, seconds=True)


def meant(snapshot: Snapshot, abbreviations: Iterable[str]) -> tuple[str, ...]:
    """The whole ids that these abbreviate, each once. Raises NotFound or Ambiguous."""
    return tuple(dict.fromkeys(snapshot.resolve(each) for each in abbreviations))


def meant_or_here(gt: Context, snapshot: Snapshot, abbreviation: str | None) -> str:
    """The id that is abbreviated, or else the Bead of the worktree one stands in. Raises Refused outside of one."""
    if abbreviation is not None:
        return snapshot.resolve(abbreviation)
    if gt.attempt:
        return gt.attempt.bead
    from gt.core.ids import is_id
    from gt.git.refs import head_branch

    parts = (head_branch(gt.repo) or "").split("/")
    if len(parts) == 3 and parts[0] == "gt" and is_id(parts[1]):
        return parts[1]
    raise Refused("which Bead? This is not the worktree of one", hint="gt list")


def phase_cell(bead: Bead) -> Cell:
    """The phase, in its colour."""
    style = _STYLES.get(bead.phase)
    return Styled(bead.phase.value, style) if style else bead.phase.value


def row(bead: Bead, now: int) -> tuple[Cell, ...]:
    """A Bead as a line under HEADER."""
    spec = bead.spec
    return (
        bead.id,
        f"P{spec.priority}",
        spec.type,
        phase_cell(bead),
        relative(bead.created.at, now),
        spec.title,
    )


def print_beads(gt: Context, beads: Iterable[Bead], now: int) -> None:
    """Prints Beads as a table, or as a BeadList."""
    if gt.json:
        gt.emit(listing("BeadList", map(bead_json, beads)))
    else:
        gt.table([row(bead, now) for bead in beads], header=HEADER)


def complain(gt: Context, snapshot: Snapshot) -> int:
    """Tells of every file that can't be read; returns the exit code: 0 if there is none."""
    problems = snapshot.problems()
    if not problems:
        return 0
    from gt.cli.failure import tell

    for problem in problems:
        tell(gt, problem.kind, problem.message, problem.hint)
    return 1


def print_outcomes(gt: Context, outcomes: Iterable[Amended], did: str, was: str) -> None:
    """Prints what became of each Bead: `gt-... closed`, or on stderr `gt-... is closed already`; or the Beads."""
    done = tuple(outcomes)
    if gt.json:
        if len(done) == 1:
            gt.emit(bead_json(done[0].bead))
        else:
            gt.emit(listing("BeadList", (bead_json(each.bead) for each in done)))
        return
    for each in done:
        if each.changed:
            gt.out(f"{each.bead.id} {did}")
        else:
            gt.say(f"{each.bead.id} {was}")
