"""`gt formula`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.beads import bead_json
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import listing, refusal, single
from gt.core.draft import Draft, Origin

if TYPE_CHECKING:
    from gt.core.formula import Formula, Variable
    from gt.store.formulas import Found

app = new_app("Make Beads of a formula: a template with variables, steps and loops")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Which formula: see `gt formula list`.")]


@app.command("list")
def list_formulas(ctx: typer.Context) -> int:
    """List the formulas: the town's own, files of .gt/formulas on the target, and those that gt brings along.

    Example:
      gt formula list
    """
    from gt.store.formulas import formulas

    gt = Context.of(ctx)
    found = formulas(gt.repo)
    if gt.json:
        gt.emit(listing("FormulaList", map(_listed, found)))
    else:
        gt.table(
            [(each.name, _variables(each.formula), _about(each)) for each in found],
            header=("FORMULA", "VARIABLES", "ABOUT"),
        )
    return Code.REFUSED if any(each.error for each in found) else Code.OK


@app.command()
def show(ctx: typer.Context, name: Name) -> int:
    """Show a formula: its variables, and the Beads that it makes.

    Example:
      gt formula show release
    """
    from gt.store.formulas import formula

    gt = Context.of(ctx)
    found = formula(gt.repo, name)
    if gt.json:
        gt.emit(single("Formula", _shown(found)))
        return Code.OK
    gt.out(f"{found.name}  {found.about}")
    gt.table([(f"  {each.name}", each.type, _asked(each)) for each in found.variables])
    if found.parent is not None:
        gt.out(f"{found.parent.get('type', 'task')}: {found.parent['title']}")
    for step in found.steps:
        loop = f", one for each of {step.each}" if step.each else ""
        only = f", if {step.when}" if step.when else ""
        after = f", after {', '.join(step.needs)}" if step.needs else ""
        gt.out(f"  {step.id}: {step.spec['title']}{loop}{only}{after}")
    return Code.OK


@app.command()
def run(
    ctx: typer.Context,
    name: Name,
    values: Annotated[
        list[str] | None,
        typer.Option("--var", "-v", metavar="NAME=VALUE", help="A variable; a list has commas. Repeatable."),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would be made.")] = False,
) -> int:
    """Make the Beads of a formula, all in one commit, and print their ids.

    They are ordinary Beads from then on: the formula has no more part in them, and nothing ever runs it
    but a person.

    Example:
      gt formula run release --var version=1.4.0 --dry-run
      gt formula run dependency-bump -v dependencies=numpy,pandas
    """
    from gt.core.formula import expand, given
    from gt.store.formulas import formula

    gt = Context.of(ctx)
    found = formula(gt.repo, name)
    drafts = expand(found, given(found, _words(values or [])))
    if dry:
        return _preview(gt, drafts)
    from gt.cli import specs
    from gt.verbs.create import create

    rules = specs.rules_for(gt, [draft.spec for draft in drafts])
    made = create(gt.ledger, drafts, Origin(gt.actor, gt.now, gt.digits, gt.uid), rules)
    if gt.json:
        gt.emit(listing("BeadList", map(bead_json, made)))
    else:
        for bead in made:
            gt.out(bead.id)
    return Code.OK


@app.command()
def lint(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Formulas, wherever they are.")],
) -> int:
    """Say what is wrong with formulas: fields, variables, steps that wait for one another.

    Example:
      gt formula lint .gt/formulas/upgrade.yaml
    """
    from gt.errors import GtError
    from gt.store.formulas import from_file

    gt = Context.of(ctx)
    wrong = []
    for file in files:
        try:
            from_file(gt.cwd / file, file)
        except GtError as error:
            wrong.append((file, error))
    if gt.json:
        gt.emit(listing("FormulaProblemList", ({"file": file, **refusal(error)} for file, error in wrong)))
    else:
        for file, told in wrong:
            gt.say(f"error: {told.message if file in told.message else f'{file}: {told.message}'}")
    return Code.REFUSED if wrong else Code.OK


def _words(values: list[str]) -> dict[str, str]:
    words: dict[str, str] = {}
    for value in values:
        name, equals, word = value.partition("=")
        if not equals:
            raise typer.BadParameter(f"{value!r} is not NAME=VALUE", param_hint="--var")
        if name in words:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--var")
        words[name] = word
    return words


def _preview(gt: Context, drafts: tuple[Draft, ...]) -> int:
    if gt.json:
        gt.emit(listing("DraftList", (_draft(draft) for draft in drafts)))
        return Code.OK
    for number, draft in enumerate(drafts):
        after = f"  after {', '.join(str(place + 1) for place in sorted(draft.after))}" if draft.after else ""
        within = "  " if draft.above is not None else ""
        gt.out(f"{number + 1:>3} {within}{draft.spec.type}  {draft.spec.title}{after}")
    gt.say(f"{len(drafts)} Beads would be made")
    return Code.OK


def _draft(draft: Draft) -> dict[str, Any]:
    from gt.core.data import spec_data

    return {"spec": spec_data(draft.spec), "above": draft.above, "after": sorted(draft.after)}


def _listed(found: Found) -> dict[str, Any]:
    if found.formula is None:
        assert found.error is not None
        return {"name": found.name, "where": found.where, **refusal(found.error)}
    return _shown(found.formula)


def _shown(formula: Formula) -> dict[str, Any]:
    return {
        "name": formula.name,
        "about": formula.about,
        "where": formula.where,
        "variables": [
            {
                "name": each.name,
                "type": each.type.value,
                "about": each.about,
                "default": list(each.default) if isinstance(each.default, tuple) else each.default,
                "choices": list(each.choices),
                "pattern": each.pattern or None,
            }
            for each in formula.variables
        ],
        "parent": formula.parent and dict(formula.parent),
        "steps": [
            {
                "id": each.id,
                "needs": list(each.needs),
                "each": each.each,
                "when": each.when,
                "spec": dict(each.spec),
            }
            for each in formula.steps
        ],
    }


def _variables(formula: Formula | None) -> str:
    if formula is None:
        return ""
    return " ".join(each.name if each.default is None else f"[{each.name}]" for each in formula.variables)


def _about(found: Found) -> str:
    return found.formula.about if found.formula else f"can't be read: {found.error and found.error.message}"


def _asked(variable: Variable) -> str:
    parts = [variable.about]
    if variable.choices:
        parts.append(f"one of {', '.join(variable.choices)}")
    if variable.pattern:
        parts.append(f"as {variable.pattern}")
    if variable.default is not None:
        said = variable.default
        shown = ", ".join(said) if isinstance(said, tuple) else said
        parts.append(f"default: {shown if shown != '' else 'nothing'}")
    return "; ".join(part for part in parts if part)
