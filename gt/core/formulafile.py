"""What may stand in the file of a formula: every key, and what must hold of it whatever its variables are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from gt.core import checks as c
from gt.core.bead import API_VERSION
from gt.core.formula import NAME, PLACEHOLDER, Formula, Step, Type, Value, Variable, checked_word, filled
from gt.core.graph import deadlock
from gt.core.schema import spec_from
from gt.errors import Malformed

_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,40}")


def formula_from(data: Any, name: str, where: str) -> Formula:
    """The formula that this data describes, checked as far as that can be done without values. Raises Malformed."""
    try:
        formula = c.whole(data, lambda r: _formula(r, name, where))
        _check(formula)
    except c.Wrong as wrong:
        raise Malformed(where, str(wrong)) from None
    return formula


def _formula(r: c.Reader, name: str, where: str) -> Formula:
    if r.take("apiVersion", c.line, "") != API_VERSION:
        raise c.Wrong("apiVersion", f"must be {API_VERSION}")
    if r.take("kind", c.line, "") != "Formula":
        raise c.Wrong("kind", "must be Formula")
    return Formula(
        name=name,
        about=r.take("about", c.text, "").strip(),
        variables=_variables(r.take("variables", _mapping, {})),
        parent=r.take("parent", _mapping, None),
        steps=r.parts("steps", _step),
        where=where,
    )


def _mapping(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise c.Wrong(key, "must be a mapping")
    return dict(value)


def _variables(data: Mapping[str, Any]) -> tuple[Variable, ...]:
    made = []
    for name, value in data.items():
        if not _VARIABLE.fullmatch(str(name)) or name == "item":
            raise c.Wrong(f"variables.{name}", "is no name for a variable: lower-case letters, digits and _")
        try:
            made.append(c.whole({} if value is None else value, partial(_variable, name)))
        except c.Wrong as wrong:
            raise wrong.below(f"variables.{name}") from None
    return tuple(made)


def _variable(name: str, r: c.Reader) -> Variable:
    variable = Variable(
        name,
        type=r.take("type", _type, Type.TEXT),
        about=r.take("about", c.line, ""),
        choices=r.take("choices", _words, ()),
        pattern=r.take("pattern", _pattern, ""),
    )
    if variable.type in (Type.NUMBER, Type.FLAG) and (variable.choices or variable.pattern):
        raise c.Wrong("type", f"a {variable.type} has neither choices nor a pattern")
    default = r.left.pop("default", None)
    if default is None:
        return variable
    return replace(variable, default=_default(variable, default))


def _type(value: Any, key: str) -> Type:
    try:
        return Type(value)
    except ValueError:
        raise c.Wrong(key, f"must be one of {', '.join(Type)}") from None


def _default(variable: Variable, value: Any) -> Value:
    kinds: dict[Type, Callable[[Any, str], Any]] = {
        Type.TEXT: c.text,
        Type.NUMBER: c.number,
        Type.FLAG: c.flag,
        Type.LIST: _words,
    }
    checked: Value = kinds[variable.type](value, "default")
    for word in checked if isinstance(checked, tuple) else (checked,):
        if isinstance(word, str):
            checked_word(variable, word)
    return checked


def _words(value: Any, key: str) -> tuple[str, ...]:
    return tuple(c.line(each, f"{key}[{at}]") for at, each in enumerate(c.items(value, key)))


def _pattern(value: Any, key: str) -> str:
    said = c.line(value, key)
    try:
        re.compile(said)
    except re.error as error:
        raise c.Wrong(key, f"is no regular expression: {error}") from None
    return said


def _step(r: c.Reader) -> Step:
    step = Step(
        id=r.need("id", _step_id),
        needs=r.take("needs", _words, ()),
        each=r.take("each", c.line, None),
        when=r.take("when", c.line, None),
        spec=r.left,
    )
    r.left = {}
    return step


def _step_id(value: Any, key: str) -> str:
    said = c.line(value, key)
    if not NAME.fullmatch(said):
        raise c.Wrong(key, f"is no id for a step: {said!r} (lower-case letters, digits and hyphens)")
    return said


def _check(formula: Formula) -> None:
    """What a formula must be whatever its variables are. Raises Wrong."""
    if not formula.steps:
        raise c.Wrong("steps", "are missing")
    types = {variable.name: variable.type for variable in formula.variables}
    ids: dict[str, Step] = {}
    for at, step in enumerate(formula.steps):
        if step.id in ids:
            raise c.Wrong(f"steps[{at}].id", f"{step.id} is there twice")
        ids[step.id] = step
    for at, step in enumerate(formula.steps):
        place = f"steps[{at}]"
        for name, kind in ((step.each, Type.LIST), (step.when, Type.FLAG)):
            if name is not None and types.get(name) is not kind:
                raise c.Wrong(
                    f"{place}.{'each' if kind is Type.LIST else 'when'}", f"{name} is no {kind} variable"
                )
        for need in step.needs:
            if need not in ids:
                raise c.Wrong(f"{place}.needs", f"there is no step {need}")
        _check_spec(step.spec, {*types, *(["item"] if step.each else [])}, place)
    if formula.parent is not None:
        _check_spec(formula.parent, set(types), "parent")
    for step in formula.steps:
        cycle = deadlock(step.id, lambda name: ids[name].needs, lambda _: None, lambda _: ())
        if cycle:
            raise c.Wrong("steps", f"each waits for the next: {' -> '.join(cycle)}")


def _check_spec(spec: Mapping[str, Any], names: set[str], place: str) -> None:
    """Fields that a spec has, titles that are there, placeholders that some variable fills."""
    if "title" not in spec:
        raise c.Wrong(f"{place}.title", "is missing")
    for key, value in spec.items():
        if key in ("body", "acceptance"):
            continue  # there braces may be anything's
        for text in value if isinstance(value, list) else [value]:
            for found in PLACEHOLDER.finditer(text) if isinstance(text, str) else ():
                if found[1] not in names:
                    raise c.Wrong(f"{place}.{key}", f"there is no variable {found[1]}")
    some: dict[str, Value] = dict.fromkeys(names, "x")
    try:
        spec_from({key: filled(value, some) for key, value in spec.items()}, place)
    except Malformed as error:
        raise c.Wrong(place, error.why) from None
