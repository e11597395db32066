"""`gt edit`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from gt.cli import specs
from gt.cli.app import new_app
from gt.cli.beads import meant_or_here, print_outcomes
from gt.cli.context import Context
from gt.cli.options import MaybeBead
from gt.core.bead import Spec
from gt.core.draft import Rules
from gt.store.amend import Amended

app = new_app()


@app.command()
def edit(
    ctx: typer.Context,
    bead: MaybeBead = None,
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="What is to be done, in one line.")
    ] = None,
    kind: specs.Type = None,
    priority: specs.Priority = None,
    body: specs.Body = None,
    body_file: specs.BodyFile = None,
    acceptance: specs.Acceptance = None,
    label: specs.Labels = None,
    unlabel: Annotated[
        list[str] | None,
        typer.Option("--unlabel", metavar="LABEL", help="Take a label away; may be repeated."),
    ] = None,
    parent: Annotated[
        str | None, typer.Option("--parent", metavar="BEAD", help="The Bead it belongs to; '' is none.")
    ] = None,
    link: specs.Links = None,
    unlink: Annotated[
        list[str] | None,
        typer.Option("--unlink", metavar="KIND:BEAD", help="Take a link away; may be repeated."),
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="Which agent; '' is the town's.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", metavar="BRANCH", help="Which target; '' is the first.")
    ] = None,
    attempts: specs.Attempts = None,
    usd: specs.Usd = None,
    deadline: specs.Deadline = None,
    defer: specs.Defer = None,
    undefer: Annotated[bool, typer.Option("--undefer", help="No longer deferred.")] = False,
    hold: specs.Hold = None,
    review: specs.Review = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--file", "-f", metavar="FILE", help="Take the whole spec from a YAML file; `-` is stdin."
        ),
    ] = None,
) -> int:
    """Change what is wanted of a Bead: by flags, or without any in an editor.

    What it needs is changed by `gt dep`.

    Example:
      gt edit gt-7k2m9qxa --priority 0 --label urgent
      gt edit 7k2m --hold
      gt edit 7k2m
    """
    from gt.verbs.edit import edit as verb

    gt = Context.of(ctx)
    scalars = {
        "title": title,
        "type": kind,
        "priority": priority,
        "body": specs.body_from(gt, body, body_file),
        "acceptance": acceptance,
        "parent": parent,
        "agent": agent,
        "base": base,
        "attempts": attempts,
        "usd": usd,
        "deadline": deadline,
        "defer": "" if undefer else defer,
        "hold": hold,
        "review": None if review is None else specs.review_value(review) or "",
    }
    wanted = {key: value for key, value in scalars.items() if value is not None}
    sets = bool(label or unlabel or link or unlink)
    if source is not None and (wanted or sets):
        raise typer.BadParameter("--file takes all fields from the file")
    with gt.ledger.read() as snapshot:
        name = meant_or_here(gt, snapshot, bead)
        before = snapshot.get(name)
    if not wanted and not sets:
        from gt.cli.editing import edit_whole

        outcome = edit_whole(gt, before, source, verb)
    else:
        specs.checked({"title": "-", "labels": label or None})
        added, removed = specs.linked(link or ()), _whole(gt, specs.linked(unlink or ()))

        def change(spec: Spec) -> Spec:
            labels = (spec.labels | frozenset(label or ())) - frozenset(unlabel or ())
            return replace(_set(spec, wanted), labels=labels, links=_links(spec, added, removed))

        outcome = verb(
            gt.ledger, name, change, _rules(gt, before.spec, change(before.spec)), actor=gt.actor, now=gt.now
        )
    _told(gt, outcome)
    return 0


def _told(gt: Context, outcome: Amended) -> None:
    print_outcomes(gt, [outcome], "changed", "is as you want it already: nothing changed")


def _set(spec: Spec, wanted: dict[str, Any]) -> Spec:
    """The spec with these fields; '' empties one. Raises Refused for values that no spec may have."""
    cleared = {"parent": None, "agent": None, "base": None, "defer": None, "review": None}
    values: dict[str, Any] = {
        key: cleared[key] if value == "" and key in cleared else value for key, value in wanted.items()
    }
    specs.checked({"title": "-", **{k: v for k, v in values.items() if v is not None}})
    return replace(spec, **values)


def _links(
    spec: Spec, added: dict[str, frozenset[str]], removed: dict[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    none: frozenset[str] = frozenset()
    kinds = spec.links.keys() | added.keys()
    left = {
        kind: (spec.links.get(kind, none) | added.get(kind, none)) - removed.get(kind, none) for kind in kinds
    }
    return {kind: to for kind, to in left.items() if to}


def _whole(gt: Context, links: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Links with their abbreviations written out, so that they can be taken away."""
    if not links:
        return {}
    from gt.core.ids import is_id

    with gt.ledger.read() as snapshot:
        return {
            kind: frozenset(to if is_id(to) else snapshot.resolve(to) for to in ids)
            for kind, ids in links.items()
        }


def _rules(gt: Context, old: Spec, new: Spec) -> Rules:
    """What is allowed, as far as the changed fields need it to be known."""
    asked = replace(
        new,
        base=new.base if new.base != old.base else None,
        agent=new.agent if new.agent != old.agent else None,
        type=new.type if new.type != old.type else "task",
    )
    return specs.rules_for(gt, [asked])
