"""`gt submit`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from gt.cli import specs
from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.options import MaybeBead
from gt.errors import Refused

if TYPE_CHECKING:
    from gt.drive.handing_in import HandedIn

app = new_app()


class Strategy(StrEnum):
    """How a change lands."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@app.command(exit_zero=True)
def submit(
    ctx: typer.Context,
    bead: MaybeBead = None,
    branch: Annotated[
        str | None,
        typer.Option("--branch", metavar="BRANCH", help="A branch of yours, with a Bead made for it."),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option("--title", metavar="TITLE", help="Of the new Bead; default: the branch's last subject."),
    ] = None,
    base: specs.Base = None,
    strategy: Annotated[
        Strategy | None,
        typer.Option("--strategy", help="How it shall land; default: as the town says."),
    ] = None,
) -> int:
    """Offer committed work for landing: that of a claimed worktree, which ends its lease, or a branch.

    Without an id it is the Bead of the worktree one stands in. With --branch a Bead is made, or
    the open one that is named is used, and no worktree is needed. Inside an attempt the wish is
    queued: what the agent made is submitted when it exits. Exits with 10 where the town's remote
    can't be told yet.

    Example:
      gt submit
      gt submit --strategy squash
      gt submit --branch fix-login --title "Fix the login timeout"
    """
    gt = Context.of(ctx)
    if branch is None and (title is not None or base is not None):
        raise typer.BadParameter("--title and --base go with --branch")
    if gt.attempt:
        if branch is not None or strategy is not None:
            raise Refused("an attempt submits what its worktree has, as the town says", hint="gt submit")
        from gt.cli.outbox import queue

        return queue(gt, "submit", {})
    from gt.cli.delivered import tell as told

    how = None if strategy is None else strategy.value  # a plain word: the ledger is written without enums
    done = _held(gt, bead, how) if branch is None else _branch(gt, bead, branch, title, base, how)
    after = done.bead
    code = told(gt, after.id, done.delivery)
    if gt.json:
        gt.emit(bead_json(after))
    else:
        submission = after.status.submission
        gt.out(f"{after.id} submitted{f' as {submission.commit[:12]}' if submission else ''}")
    return code


def _held(gt: Context, abbreviation: str | None, strategy: str | None) -> HandedIn:
    from gt.cli.holding import hands, held
    from gt.drive.handing_in import hand_in

    name, token = held(gt, abbreviation)
    return hand_in(hands(gt), name, token, strategy)


def _branch(
    gt: Context,
    abbreviation: str | None,
    branch: str,
    title: str | None,
    base: str | None,
    strategy: str | None,
) -> HandedIn:
    from gt.cli.holding import hands, one_of
    from gt.core.draft import Origin
    from gt.drive.handing_in import hand_in_branch

    name = one_of(gt, abbreviation) if abbreviation is not None else None
    if name is not None and title is not None:
        raise typer.BadParameter("--title is for a new Bead; this one has a title")
    if title is not None:
        specs.checked({"title": title})
    origin = Origin(gt.actor, gt.now, gt.digits, gt.uid)
    return hand_in_branch(hands(gt), branch, name, title, origin, base=base, strategy=strategy)
