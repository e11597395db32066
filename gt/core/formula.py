"""Formulas: templates that expand into Beads, once, when a person asks for it.

A formula is data: variables with types, and steps, each a Bead's spec in which `{name}` stands for a variable. What
others wrote into a variable stays text: it is put in last, and nothing in it is looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from gt.core import checks as c
from gt.core.draft import Draft
from gt.core.schema import spec_from
from gt.core.values import dataclass
from gt.errors import Malformed, Refused

NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
"""What a formula, a step and a variable may be called; in a variable `_` stands for `-`."""

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""What stands for a variable."""

MAX_BEADS = 1000
"""Of one formula: more are a mistake in a list."""

Value = str | int | bool | tuple[str, ...]


class Type(StrEnum):
    """What a variable holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Variable:
    """What a person says when they run a formula."""

    name: str
    type: Type = Type.TEXT
    about: str = ""
    default: Value | None = None
    """None: it must be given."""
    choices: tuple[str, ...] = ()
    """Of a text, or each item of a list; empty: any."""
    pattern: str = ""
    """What a text, or each item of a list, must match as a whole."""


@dataclass(frozen=True, slots=True)
class Step:
    """One Bead, or, with a loop, one for each item of a list."""

    id: str
    spec: Mapping[str, Any]
    """As in a Bead's spec, but for what is below; placeholders not filled in."""
    needs: tuple[str, ...] = ()
    """Ids of other steps: of one with a loop all its Beads, or, where both loop over one list, that of the same item."""
    each: str | None = None
    """The list that it loops over; `{item}` is the item."""
    when: str | None = None
    """A flag: unless it is on, the step is left out, and what needs it needs what it needs."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A template."""

    name: str
    about: str = ""
    variables: tuple[Variable, ...] = ()
    steps: tuple[Step, ...] = ()
    parent: Mapping[str, Any] | None = None
    """The spec of a Bead that holds all others, such as a Convoy."""
    where: str = ""
    """The file it is from."""


def given(formula: Formula, words: Mapping[str, str]) -> dict[str, Value]:
    """The values of all variables: what a person typed for each, in its type, and else the default.

    Raises Refused for a variable that is unknown, missing, or of another kind than it must be; all of it at once.
    """
    known = {each.name: each for each in formula.variables}
    wrong = [f"{formula.name} has no variable {name}" for name in words if name not in known]
    values: dict[str, Value] = {}
    for name, variable in known.items():
        try:
            if name in words:
                values[name] = _typed(variable, words[name])
            elif variable.default is None:
                wrong.append(f"{name}: must be given{f' ({variable.about})' if variable.about else ''}")
            else:
                values[name] = variable.default
        except c.Wrong as error:
            wrong.append(str(error))
    if wrong:
        raise Refused("; ".join(wrong), hint=f"gt formula show {formula.name}")
    return values


def expand(formula: Formula, values: Mapping[str, Value]) -> tuple[Draft, ...]:
    """The drafts of a formula with these values: its parent first, then the steps in their order.

    Raises Refused where they make no legal Bead, or too many.
    """
    drafts: list[Draft] = []
    above = None
    if formula.parent is not None:
        drafts.append(
            Draft(_spec(formula, "parent", formula.parent, values), where=f"{formula.name}: parent")
        )
        above = 0
    steps = {step.id: step for step in formula.steps}
    places: dict[str, dict[str, int]] = {}
    """For each step, by item ("" without a loop), where its draft is."""
    plan = [(step, item) for step in formula.steps if _wanted(step, values) for item in _items(step, values)]
    if len(plan) > MAX_BEADS:
        raise Refused(f"{formula.name} would make {len(plan)} Beads; at most {MAX_BEADS} are possible")
    for number, (step, item) in enumerate(plan, len(drafts)):
        places.setdefault(step.id, {})[item] = number
    for step, item in plan:
        after = frozenset(_needed(step, item, steps, places, values))
        filled = {**values, "item": item} if step.each else values
        where = f"{formula.name}: {step.id}{f' {item}' if step.each else ''}"
        drafts.append(Draft(_spec(formula, step.id, step.spec, filled), above, after, where))
    if len(drafts) == (above is not None):
        raise Refused(
            f"{formula.name} makes no Beads of these values", hint=f"gt formula show {formula.name}"
        )
    return tuple(drafts)


def _wanted(step: Step, values: Mapping[str, Value]) -> bool:
    return step.when is None or bool(values[step.when])


def _items(step: Step, values: Mapping[str, Value]) -> tuple[str, ...]:
    if step.each is None:
        return ("",)
    found = values[step.each]
    assert isinstance(found, tuple), "checked when the formula was read"
    return tuple(dict.fromkeys(found))


def _needed(
    step: Step,
    item: str,
    steps: Mapping[str, Step],
    places: Mapping[str, Mapping[str, int]],
    values: Mapping[str, Value],
) -> Iterator[int]:
    for name in step.needs:
        other = steps[name]
        if not _wanted(other, values):
            yield from _needed(other, item, steps, places, values)
        elif step.each is not None and other.each == step.each:
            yield places[name][item]
        else:
            yield from places.get(name, {}).values()


def _spec(formula: Formula, step: str, spec: Mapping[str, Any], values: Mapping[str, Value]) -> Any:
    try:
        return spec_from(
            {key: filled(value, values) for key, value in spec.items()}, f"{formula.name}: {step}"
        )
    except Malformed as error:
        raise Refused(error.message, hint=f"gt formula show {formula.name}") from None


def filled(value: Any, values: Mapping[str, Value]) -> Any:
    """The value with every placeholder of a variable filled in, one by one: what is put in isn't looked at again."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(
            lambda found: _said(values[found[1]]) if found[1] in values else found[0], value
        )
    if isinstance(value, list):
        return [filled(each, values) for each in value]
    return value


def _said(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _typed(variable: Variable, word: str) -> Value:
    """What a person typed for a variable. Raises Wrong."""
    if variable.type is Type.NUMBER:
        if not re.fullmatch(r"-?[0-9]{1,15}", word):
            raise c.Wrong(variable.name, f"must be a whole number, not {word!r}")
        return int(word)
    if variable.type is Type.FLAG:
        if word not in ("yes", "no", "true", "false"):
            raise c.Wrong(variable.name, f"must be yes or no, not {word!r}")
        return word in ("yes", "true")
    if variable.type is Type.LIST:
        items = tuple(item.strip() for item in re.split(r"[,\n]", word) if item.strip())
        return tuple(checked_word(variable, item) for item in items)
    return checked_word(variable, word)


def checked_word(variable: Variable, word: str) -> str:
    """A text, or an item of a list, that this variable may hold. Raises Wrong."""
    if variable.choices and word not in variable.choices:
        raise c.Wrong(variable.name, f"must be one of {', '.join(variable.choices)}, not {word!r}")
    if variable.pattern and not re.fullmatch(variable.pattern, word):
        raise c.Wrong(variable.name, f"{word!r} doesn't match {variable.pattern}")
    return word
