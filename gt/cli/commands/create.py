"""`gt create`."""

from __future__ import annotations

from typing import Annotated

import typer

from gt.cli import specs
from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.core.bead import Bead, Spec
from gt.core.draft import Draft, Origin

app = new_app()


@app.command()
def create(
    ctx: typer.Context,
    title: Annotated[
        str | None, typer.Argument(metavar="TITLE", help="What is to be done, in one line.")
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--file", "-f", metavar="PLAN.md", help="Make all Beads of a plan; `-` reads it from stdin."
        ),
    ] = None,
    kind: specs.Type = None,
    priority: specs.Priority = None,
    body: specs.Body = None,
    body_file: specs.BodyFile = None,
    acceptance: specs.Acceptance = None,
    label: specs.Labels = None,
    needs: specs.Needs = None,
    parent: specs.Parent = None,
    link: specs.Links = None,
    agent: specs.Agent = None,
    base: specs.Base = None,
    attempts: specs.Attempts = None,
    usd: specs.Usd = None,
    deadline: specs.Deadline = None,
    defer: specs.Defer = None,
    hold: specs.Hold = None,
    review: specs.Review = None,
) -> int:
    """Create a Bead, or all Beads of a plan, and print their ids.

    In a plan (Markdown), each heading becomes a Bead, headings below it are its children, and
    lines such as `needs: Other heading` or `priority: 1` are fields; the rest is the body. All of
    a plan is made, in one commit, or nothing.

    Example:
      gt create "Fix the login timeout" -p 1 -l auth
      gt create "Test it" --needs gt-7k2m9qxa --body-file -
      gt create --file PLAN.md
    """
    gt = Context.of(ctx)
    fields = {
        "type": kind,
        "priority": priority,
        "body": specs.body_from(gt, body, body_file),
        "acceptance": acceptance,
        "labels": label,
        "needs": specs.split(needs) if needs else None,
        "parent": parent or None,
        "links": specs.linked(link) if link else None,
        "agent": agent,
        "base": base,
        "attempts": attempts,
        "usd": usd,
        "deadline": deadline,
        "defer": defer,
        "hold": hold,
        "review": specs.review_value(review) if review else None,
    }
    if plan is None:
        if title is None:
            raise typer.BadParameter("a title is missing, or --file")
        drafts: tuple[Draft, ...] = (Draft(specs.checked({"title": title, **fields})),)
    else:
        if title is not None or any(value is not None for value in fields.values()):
            raise typer.BadParameter("--file takes title and fields from the plan")
        from gt.core.planfile import parse

        drafts = parse(specs.text_from(gt, plan), "stdin" if plan == "-" else plan)
    made = _create(gt, drafts)
    if not gt.json:
        for bead in made:
            gt.out(bead.id)
    elif plan is None:
        gt.emit(bead_json(made[0]))
    else:
        from gt.cli.jsonout import listing

        gt.emit(listing("BeadList", map(bead_json, made)))
    return 0


def _create(gt: Context, drafts: tuple[Draft, ...]) -> tuple[Bead, ...]:
    from gt.verbs.create import create as verb

    wanted: list[Spec] = [draft.spec for draft in drafts]
    rules = specs.rules_for(gt, wanted)
    return verb(gt.ledger, drafts, Origin(gt.actor, gt.now, gt.digits, gt.uid), rules)
