"""`gt undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.text import relative
from gt.core.when import format_time

if TYPE_CHECKING:
    from gt.verbs.undo import Undone

app = new_app()


@app.command()
def undo(
    ctx: typer.Context,
    commit: Annotated[
        str | None, typer.Argument(metavar="COMMIT", help="A commit of `gt log`, or beads~2.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be changed.")] = False,
) -> int:
    """Take back what one commit of the ledger did, by another commit.

    Without COMMIT it is the last thing that you did by hand and that isn't taken back; called again, the one
    before. An undo is taken back by undoing its own commit.

    Refused where something has come to depend on it since. A Bead is never deleted: one that was created
    by the commit is closed as obsolete. What agents, gates and landings did isn't taken back; the refusal names
    the command for that.

    Example:
      gt undo
      gt undo 3f2a9c01b7de --dry-run
    """
    from gt.cli.patches import changes_data, patch_lines
    from gt.verbs.undo import undo as verb

    gt = Context.of(ctx)
    now = gt.now
    found = verb(gt.repo, gt.ledger, commit, dry_run=dry_run, actor=gt.actor, now=now)
    if gt.json:
        gt.emit(single("Undo", {**_data(found), "dryRun": dry_run, "changes": changes_data(found.patches)}))
        return 0
    done = found.done
    gt.say(f"{done.commit[:12]}, {relative(done.at, now)}, by {done.actor}: {done.subject}")
    for patch in found.patches:
        for line in patch_lines(patch):
            gt.out(line)
    if found.by is not None:
        gt.say(f"it is taken back already, by {found.by.commit[:12]}: nothing changed")
    elif not found.patches:
        gt.say("nothing of it is left to take back: nothing changed")
    elif dry_run:
        gt.say("nothing changed: this is what would be")
    elif found.commit:
        gt.say(f"taken back; to have it again: {gt.spelt(f'gt undo {found.commit[:12]}')}")
    return 0


def _data(found: Undone) -> dict[str, Any]:
    done = found.done
    return {
        "undone": {
            "commit": done.commit,
            "at": format_time(done.at),
            "verb": done.verb,
            "actor": done.actor,
            "beads": done.beads,
            "subject": done.subject,
        },
        "commit": found.commit,
        "by": found.by.commit if found.by else None,
    }
