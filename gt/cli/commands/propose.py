"""`gt propose`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from gt.cli import specs
from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.core.bead import Spec
from gt.core.draft import Draft, Origin, check_spec, resolved

app = new_app()


@app.command()
def propose(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What should be done, in one line.")],
    kind: specs.Type = None,
    priority: specs.Priority = None,
    body: specs.Body = None,
    body_file: specs.BodyFile = None,
    acceptance: specs.Acceptance = None,
    label: specs.Labels = None,
    needs: specs.Needs = None,
    parent: specs.Parent = None,
    link: specs.Links = None,
) -> int:
    """Propose a Bead: nothing happens to it until a person accepts it.

    Inside an attempt the proposal is queued, and made when the attempt ends.

    Example:
      gt propose "The parser drops the last line" --type bug --body-file -
    """
    gt = Context.of(ctx)
    spec = specs.checked(
        {
            "title": title,
            "type": kind,
            "priority": priority,
            "body": specs.body_from(gt, body, body_file),
            "acceptance": acceptance,
            "labels": label,
            "needs": specs.split(needs) if needs else None,
            "parent": parent or None,
            "links": specs.linked(link) if link else None,
        }
    )
    if gt.attempt:
        return _queue(gt, spec)
    from gt.verbs.propose import propose as verb

    (made,) = verb(
        gt.ledger, [Draft(spec)], Origin(gt.actor, gt.now, gt.digits, gt.uid), specs.rules_for(gt, [spec])
    )
    if gt.json:
        gt.emit(bead_json(made))
    else:
        gt.out(made.id)
    return 0


def _queue(gt: Context, spec: Spec) -> int:
    """What can be judged is judged now, while the agent can still correct it."""
    from gt.cli.outbox import queue
    from gt.core.data import spec_data

    assert gt.attempt is not None
    origin = spec.links.get("discovered-from", frozenset()) | {gt.attempt.bead}
    with gt.ledger.read() as snapshot:
        found = resolved(replace(spec, links={**spec.links, "discovered-from": origin}), snapshot)
    check_spec(found, specs.rules_for(gt, [found]))
    return queue(gt, "propose", spec_data(found))
