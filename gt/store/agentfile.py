"""What may stand under `agents` in `.gt/town.yaml`: what is run, inside of what, and what its failures are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gt.core.bead import Result
from gt.core.town import RECIPES, AgentSpec, Wrap
from gt.store import values as v

if TYPE_CHECKING:
    from gt.core.blame import Rule, Value

PRESETS = ("claude", "codex", "gemini", "copilot", "opencode", "aider", "cursor", "amp")
"""Agents that need no entry of their own: naming one as the default is enough."""


def agents_from(data: Any) -> dict[str, AgentSpec]:
    return {
        v.entry(name): v.at(name, partial(_agent, name), {} if value is None else value)
        for name, value in v.mapping(data).items()
    }


def _agent(name: str, data: Any) -> AgentSpec:
    k = v.Keys(data)
    preset, command = k.take("preset", v.name, None), k.take("command", v.command, None)
    if preset is None and command is None:
        if name not in PRESETS:
            raise v.Wrong("needs a preset or a command")
        preset = name
    spec = AgentSpec(
        name=name,
        preset=preset,
        command=command,
        prompt=k.take("prompt", v.one_of("stdin", "file", "arg", "none"), "stdin"),
        deadline=k.take("deadline", v.duration, None),
        stall=k.take("stall", v.duration, None),
        grace=k.take("grace", v.duration, AgentSpec("").grace),
        limit=k.take("limit", v.count, None),
        env=k.take("env", v.list_of(v.variable), ()),
        args=k.take("args", v.list_of(v.text), ()),
        wrap=k.take("wrap", _wrap, None),
        commit=k.take("commit", v.one_of("gt", "agent"), "gt"),
        failures=k.take("failures", _rules, ()),
    )
    k.done()
    return spec


def _wrap(data: Any) -> Wrap | None:
    if data is None:
        return None
    if isinstance(data, str):
        data = {"recipe": data}
    elif isinstance(data, list):
        data = {"command": data}
    k = v.Keys(data)
    wrap = Wrap(
        recipe=k.take("recipe", v.one_of(*RECIPES), None),
        command=k.take("command", v.words, ()),
        kill=k.take("kill", v.command, None),
        image=k.take("image", v.text, None),
        network=k.take("network", v.flag, default=True),
        read=k.take("read", v.list_of(v.outer_path), ()),
        write=k.take("write", v.list_of(v.outer_path), ()),
        hide=k.take("hide", v.list_of(v.outer_path), ()),
    )
    k.done()
    if (wrap.recipe is None) == (not wrap.command):
        raise v.Wrong("needs a recipe or a command, and not both")
    contained = wrap.recipe in ("docker", "podman")
    if contained != (wrap.image is not None):
        raise v.Wrong(f"{wrap.recipe} needs it" if contained else "is for containers", "image")
    if wrap.command and wrap != Wrap(command=wrap.command, kill=wrap.kill):
        raise v.Wrong("network, read, write and hide are for recipes: a command says such things itself")
    if wrap.recipe is not None and wrap.kill is not None:
        raise v.Wrong("is for a command: a recipe knows its own", "kill")
    if contained and wrap.hide:
        raise v.Wrong("is for bwrap: a container sees only what it is given", "hide")
    return wrap


def _rules(data: Any) -> tuple[Rule, ...]:
    return tuple(v.at(f"[{i}]", partial(_rule, i), item) for i, item in enumerate(v.list_of(v.mapping)(data)))


def _rule(number: int, data: Any) -> Rule:
    from gt.core.blame import ENDS, EXIT, VERDICTS, Rule

    k = v.Keys(data)
    by_itself: tuple[str, ...] = (EXIT,)
    none: tuple[int, ...] = ()
    rule = Rule(
        result=Result(k.need("result", v.one_of(*map(str, VERDICTS)))),
        reason=k.take("reason", v.text, f"rule {number + 1} of its `failures`"),
        codes=frozenset(k.take("codes", v.list_of(v.status), none)),
        output=k.take("output", v.regex, ""),
        signals=frozenset(k.take("signals", v.list_of(v.signal_number), none)),
        fields=k.take("json", _fields, {}),
        within=k.take("within", v.duration, None),
        changed=k.take("changed", v.flag, None),
        ended=frozenset(k.take("ended", v.list_of(v.one_of(*ENDS)), by_itself)),
    )
    k.done()
    if rule == Rule(rule.result, rule.reason):
        raise v.Wrong("needs a condition: codes, output, signals, json, within, changed or ended")
    return rule


def _fields(data: Any) -> dict[str, tuple[Value, ...]]:
    return {path: v.at(path, _values, value) for path, value in v.mapping(data).items()}


def _values(data: Any) -> tuple[Value, ...]:
    values = data if isinstance(data, list) else [data]
    if not values or not all(isinstance(value, str | int | float) for value in values):
        raise v.Wrong("must be a text, a number, true or false, or a list of such")
    return tuple(values)
