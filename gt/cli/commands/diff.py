"""`gt diff`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import meant_or_here
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import MaybeBead
from gt.cli.text import Styled

if TYPE_CHECKING:
    from gt.drive.attempt_diff import Ends

app = new_app()

_STYLES = (
    ("diff ", "bold"), ("index ", "bold"), ("--- ", "bold"), ("+++ ", "bold"),
    ("@@", "cyan"), ("+", "green"), ("-", "red"),
)  # fmt: skip
"""What a line of a patch is shown in, by how it begins."""


@app.command()
def diff(
    ctx: typer.Context,
    bead: MaybeBead = None,
    stat: Annotated[bool, typer.Option("--stat", help="Only which files, and how much.")] = False,
    attempt: Annotated[
        str | None, typer.Option("--attempt", metavar="TOKEN", help="Another attempt than the last.")
    ] = None,
) -> int:
    """Show what an attempt changed: of a live one what its worktree has now, else what it left.

    Example:
      gt diff 7k2m --stat
    """
    from gt.drive.attempt_diff import ends_of
    from gt.drive.attempt_logs import token_of

    gt = Context.of(ctx)
    with gt.ledger.read() as snapshot:
        found = snapshot.get(meant_or_here(gt, snapshot, bead))
    ends = ends_of(gt.repo, found, attempt)
    if ends.new is not None:
        return _show(gt, found.id, token_of(found, attempt), ends, stat=stat)
    from gt.git.show import with_new_files

    assert isinstance(ends.where, Path), "the second end is a worktree"
    with with_new_files(ends.where, ends.old) as env:
        return _show(gt, found.id, token_of(found, attempt), ends, stat=stat, env=env)


def _show(
    gt: Context, bead: str, token: str, ends: Ends, *, stat: bool, env: Mapping[str, str] | None = None
) -> int:
    from gt.git import show

    args = (*(("--stat",) if stat else ()), ends.old, *((ends.new,) if ends.new else ()), "--")
    said = show.diff(ends.where, *args, env=env)
    if gt.json:
        fields = {"bead": bead, "token": token, "from": ends.old, "to": ends.new}
        gt.emit(single("Diff", {**fields, "text": said.decode("utf-8", "replace")}))
    elif gt.columns is not None:
        # Not by git itself: what an agent wrote would reach the terminal as it is.
        for line in said.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n"):
            style = next((style for start, style in _STYLES if line.startswith(start)), None)
            gt.out(Styled(line, style) if style else line)
    else:
        # Not for a terminal: a patch must stay a patch.
        gt.stdout.write(said.decode("utf-8", "surrogateescape"))
    return 0
